import { MergeView } from '@codemirror/merge';
import { Text, type Extension } from '@codemirror/state';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { useEffect, useRef, useState, type ReactElement } from 'react';

import { asProblem, type Problem } from '../api/problem';
import { codeView, MIME_TYPES } from '../editor/codeEditor';
import { readingLook } from '../editor/look';
import type { Language } from '../insert/declaration';
import { ProblemNotice } from '../ui/problemNotice';
import { trans } from '../ui/translation';
import { COLLAPSED, DIFF } from './comparing';

/** Two texts beside each other, the older one left, with what differs marked. */
export function SideBySide(props: {
  readonly language: Language;
  readonly before: string;
  readonly now: string;
  readonly labels: readonly [before: string, now: string];
  /** More of CodeMirror for the newer text. */
  readonly extensions: readonly Extension[];
}): ReactElement {
  const { language, before, now, labels, extensions } = props;
  const [beforeLabel, nowLabel] = labels;
  const host = useRef<HTMLDivElement>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  useEffect(() => {
    const parent = host.current;
    if (parent === null) {
      return undefined;
    }
    const model = new CodeEditor.Model({ mimeType: MIME_TYPES[language] });
    let view: MergeView | null = null;
    let wanted = true;
    readingLook(model)
      .then(look => {
        if (wanted) {
          view = new MergeView({
            a: {
              doc: Text.of(before.split('\n')),
              extensions: [look, codeView(beforeLabel, true)]
            },
            b: {
              doc: Text.of(now.split('\n')),
              extensions: [look, codeView(nowLabel, true), extensions]
            },
            parent,
            collapseUnchanged: COLLAPSED,
            diffConfig: DIFF,
            gutter: true
          });
        }
      })
      .catch((reason: unknown) => {
        setProblem(asProblem(reason));
      });
    return () => {
      wanted = false;
      view?.destroy();
      model.dispose();
    };
  }, [language, before, now, beforeLabel, nowLabel, extensions]);
  return (
    <div className="jp-SecureJobs-sides">
      {problem !== null && <ProblemNotice problem={problem} />}
      <div className="jp-SecureJobs-sidenames" aria-hidden="true">
        <span>{beforeLabel}</span>
        <span>{nowLabel}</span>
      </div>
      <div ref={host} role="group" aria-label={trans.__('Both versions beside each other')} />
    </div>
  );
}
