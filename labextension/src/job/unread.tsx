import { useEffect, useState, type ReactElement } from 'react';

import type { CheckResult, JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import type { DraftModel } from '../draft/model';
import { trans } from '../ui/translation';

const PAUSE = 700;

/** Datasets that the query names and the draft does not read yet, each to be added with one press. */
export function UnreadDatasets(props: {
  readonly desk: Desk;
  readonly detail: JobDetail;
  readonly draft: DraftModel;
}): ReactElement | null {
  const { desk, detail, draft } = props;
  const { connection } = desk.model;
  const { code, language, datasets } = detail.version;
  const [named, setNamed] = useState<readonly string[]>([]);
  useEffect(() => {
    let shown = true;
    const timer = setTimeout(() => {
      connection
        .json<CheckResult>(`member/workspaces/${encodeURIComponent(detail.workspace)}/check`, {
          method: 'POST',
          body: { language, code, tables: null }
        })
        .then(
          ({ tables }) => {
            if (shown) {
              setNamed(tables);
            }
          },
          // The check comes again with the next letter, and at the latest before the draft is submitted.
          () => undefined
        );
    }, PAUSE);
    return () => {
      shown = false;
      clearTimeout(timer);
    };
  }, [connection, detail.workspace, language, code]);
  const read = new Set(datasets.map(each => each.table.toLowerCase()));
  const lower = new Set(named.map(name => name.toLowerCase()));
  const unread = desk.model
    .datasetsOf(detail.workspace)
    .filter(({ name, withdrawn }) => withdrawn === null && lower.has(name.toLowerCase()))
    .filter(({ name }) => !read.has(name.toLowerCase()));
  if (unread.length === 0) {
    return null;
  }
  return (
    <p className="jp-SecureJobs-banner" role="status">
      {trans.__('The query names datasets that this draft does not read yet:')}{' '}
      {unread.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          className="jp-SecureJobs-link"
          onClick={() => {
            draft.change({ datasets: [...datasets, { table: name, dataset: id }] });
          }}
        >
          {trans.__('Read %1', name)}
        </button>
      ))}
    </p>
  );
}
