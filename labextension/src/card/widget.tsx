import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { ReactElement } from 'react';

import type { Desk } from '../desk';
import { JobCard } from './card';
import type { SharedJobs } from './jobs';
import { CARD_TYPE, referenceOf, type Reference } from './reference';

/** Before the widget view of ipywidgets and before HTML: where a job can be drawn alive, it is. */
const RANK = -20;

/** One output that refers to a job, drawn as a card. */
class CardWidget extends ReactWidget implements IRenderMime.IRenderer {
  private readonly desk: Desk;
  private readonly jobs: SharedJobs;
  private reference: Reference | null = null;

  constructor(desk: Desk, jobs: SharedJobs) {
    super();
    this.addClass('jp-SecureJobs-cardwidget');
    this.desk = desk;
    this.jobs = jobs;
  }

  renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.reference = referenceOf(model.data[CARD_TYPE]);
    this.update();
    return Promise.resolve();
  }

  protected override render(): ReactElement {
    return (
      <div
        className="jp-SecureJobs-cardframe"
        onKeyDown={event => {
          // A letter typed in a card is not meant for the notebook, where some delete cells.
          if (!event.ctrlKey && !event.metaKey) {
            event.stopPropagation();
          }
        }}
      >
        <JobCard desk={this.desk} jobs={this.jobs} reference={this.reference} />
      </div>
    );
  }
}

/**
 * Makes cards of outputs. It counts as safe, which untrusted notebooks need, because a card holds nothing of the
 * notebook but ids: it asks the member's own server for the job they name, as this browser's member, and draws the answer.
 */
export function cardFactory(desk: Desk, jobs: SharedJobs): IRenderMime.IRendererFactory {
  return {
    safe: true,
    mimeTypes: [CARD_TYPE],
    defaultRank: RANK,
    createRenderer: () => new CardWidget(desk, jobs)
  };
}
