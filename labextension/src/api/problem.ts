/**
 * What went wrong, in the server's words: RFC 9457 problem+json with the two members that this
 * project adds. `nextStep` says what the reader can do about it.
 */
export class Problem extends Error {
  readonly code: string;
  readonly nextStep: string;

  constructor(code: string, detail: string, nextStep: string) {
    super(detail);
    this.name = 'Problem';
    this.code = code;
    this.nextStep = nextStep;
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

/** Reads the problem out of an answer that is not a success; never throws. */
export async function problemOf(response: Response): Promise<Problem> {
  const unreadable = new Problem(
    'UNREADABLE_ANSWER',
    `The Jupyter server answered ${response.status} without an explanation.`,
    'Look at the Jupyter server’s log, then try again.'
  );
  if (!(response.headers.get('Content-Type') ?? '').includes('json')) {
    return unreadable;
  }
  const body: unknown = await response.json().catch(() => null);
  if (typeof body !== 'object' || body === null) {
    return unreadable;
  }
  const fields = body as Readonly<Record<string, unknown>>;
  return new Problem(
    textOf(fields['code'], unreadable.code),
    textOf(fields['detail'], textOf(fields['title'], unreadable.message)),
    textOf(fields['next_step'], unreadable.nextStep)
  );
}

/** Wraps anything thrown so that a form can show it in place. */
export function asProblem(reason: unknown): Problem {
  if (reason instanceof Problem) {
    return reason;
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return new Problem(
    'CLIENT_ERROR',
    message,
    'Reload the page; if it stays, report it with the code.'
  );
}
