import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { Problem, problemOf } from './problem';
import { trans } from '../ui/translation';
import { staysBelow } from './ids';
import type { Page } from './shapes';

const BASE = 'secure-jobs/api/v1';
const MEMBER_HEADER = 'X-Secure-Jobs-Member';

/** What a request may carry beside its path. */
export interface RequestOptions {
  readonly method?: string;
  readonly body?: unknown;
  /** The revision that a change starts from; the server refuses if somebody was quicker. */
  readonly revision?: number;
  readonly signal?: AbortSignal;
  /** Sent as nobody in particular: for what is the same for every member of this side. */
  readonly unnamed?: boolean;
}

/**
 * The one way out of this extension: requests to the Jupyter server that served the page, as the
 * member chosen in this browser session. Nothing else is ever contacted.
 */
export class Connection {
  private readonly settings: ServerConnection.ISettings;
  private readonly member: () => string | null;

  constructor(settings: ServerConnection.ISettings, member: () => string | null) {
    this.settings = settings;
    this.member = member;
  }

  /** The parsed JSON answer; throws `Problem` for anything that is not a success. */
  async json<T>(path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.send(path, options);
    return (response.status === 204 ? null : await response.json()) as T;
  }

  /** Every item of a list, page after page. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    const joint = path.includes('?') ? '&' : '?';
    let cursor: string | null = null;
    do {
      const after: string = cursor === null ? '' : `&after=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await this.json<Page<T>>(`${path}${joint}limit=100${after}`);
      items.push(...page.items);
      cursor = page.next ?? null;
    } while (cursor !== null);
    return items;
  }

  /** The bytes of an answer, for exports. */
  async blob(path: string): Promise<Blob> {
    return (await this.send(path, {})).blob();
  }

  private async send(path: string, options: RequestOptions): Promise<Response> {
    if (!staysBelow(path)) {
      throw new Problem(
        'BAD_ADDRESS',
        trans.__('This address leads out of the extension’s own API; nothing was sent.'),
        trans.__('Tell the others if it came from the workspace server or a link.')
      );
    }
    const url = `${URLExt.join(this.settings.baseUrl, BASE)}/${path}`;
    const headers: Record<string, string> = {};
    const member = options.unnamed === true ? null : this.member();
    if (member !== null) {
      headers[MEMBER_HEADER] = member;
    }
    const method = options.method ?? 'GET';
    const init: RequestInit = { method, headers };
    if (method !== 'GET') {
      // A retry on the way must not act twice.
      headers['Idempotency-Key'] = crypto.randomUUID();
    }
    if (options.body !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(options.body);
    }
    if (options.revision !== undefined) {
      headers['If-Match'] = `"${options.revision}"`;
    }
    if (options.signal !== undefined) {
      init.signal = options.signal;
    }
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this.settings);
    } catch (reason) {
      if (reason instanceof ServerConnection.NetworkError) {
        throw new Problem(
          'NOT_CONNECTED',
          'The Jupyter server does not answer.',
          'Check that it is running, then retry.'
        );
      }
      throw reason;
    }
    if (!response.ok) {
      throw await problemOf(response);
    }
    return response;
  }
}
