import { useId, useState, type ReactElement, type ReactNode } from 'react';

import type { JobDetail } from '../api/shapes';
import type { Desk } from '../desk';
import type { DraftModel } from '../draft/model';
import { InputVariables } from '../inputs/variables';
import { Datasets } from '../sidebar/datasets';
import { Pinned } from '../sidebar/pinned';
import { trans } from '../ui/translation';
import type { JobPlace } from './places';
import { useWish } from './useWish';

function Folding(props: {
  readonly desk: Desk;
  readonly name: string;
  readonly title: string;
  readonly children: ReactNode;
  readonly forced?: boolean;
}): ReactElement {
  const { desk, name, title, children, forced } = props;
  const id = useId();
  const key = `panel-${name}`;
  const [open, setOpen] = useState(desk.memory.getItem(key) !== 'folded');
  const shown = open || forced === true;
  return (
    <section>
      <h3>
        <button
          type="button"
          className="jp-SecureJobs-fold"
          aria-expanded={shown}
          aria-controls={id}
          onClick={() => {
            setOpen(!shown);
            desk.memory.setItem(key, shown ? 'folded' : 'open');
          }}
        >
          {shown ? '▾' : '▸'} {title}
        </button>
      </h3>
      <div id={id} hidden={!shown}>
        {children}
      </div>
    </section>
  );
}

/** What an author reaches for while writing: datasets, the job's input variables, pinned queries. */
export function QueryPanels(props: {
  readonly desk: Desk;
  readonly detail: JobDetail;
  readonly draft: DraftModel;
  readonly place: JobPlace;
}): ReactElement {
  const { desk, detail, draft, place } = props;
  const [adding, setAdding] = useState(0);
  useWish(place, 'input', () => {
    setAdding(adding + 1);
  });
  return (
    <div className="jp-SecureJobs-panels">
      <Folding desk={desk} name="datasets" title={trans.__('Datasets')}>
        <Datasets desk={desk} />
      </Folding>
      <Folding desk={desk} name="inputs" title={trans.__('Input Variables')} forced={adding > 0}>
        <InputVariables detail={detail} draft={draft} adding={adding} />
      </Folding>
      <Folding desk={desk} name="pinned" title={trans.__('Pinned Queries')}>
        <Pinned desk={desk} current={detail.version} />
      </Folding>
    </div>
  );
}
