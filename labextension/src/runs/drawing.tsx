import { MimeModel, type IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import { useEffect, useId, useRef, useState, type ReactElement } from 'react';

import type { Preview } from '../api/shapes';
import { trans } from '../ui/translation';
import {
  firstChoice,
  specOf,
  VEGA_LITE,
  type Chartable,
  type Choice,
  type Colours,
  type Mark
} from './chart';
import { rowCount } from './measures';

/** In pixels: what a chart needs at least, and what is left free beside it. */
const NARROWEST = 240;
const MARGIN = 20;

/** Tells whether this JupyterLab can draw charts. */
export function canDraw(renderers: IRenderMimeRegistry): boolean {
  return renderers.mimeTypes.includes(VEGA_LITE);
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: colour('--jp-ui-font-color1'),
    grid: colour('--jp-border-color2'),
    mark: colour('--jp-brand-color1')
  };
}

/** Grows whenever JupyterLab's theme changes. */
function useTheme(): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const watch = new MutationObserver(() => {
      setCount(before => before + 1);
    });
    watch.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
    return () => {
      watch.disconnect();
    };
  }, []);
  return count;
}

function Drawn(props: {
  readonly renderers: IRenderMimeRegistry;
  readonly result: Preview;
  readonly choice: Choice;
}): ReactElement {
  const { renderers, result, choice } = props;
  const host = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  const theme = useTheme();
  useEffect(() => {
    const element = host.current;
    if (element === null) {
      return undefined;
    }
    const renderer = renderers.createRenderer(VEGA_LITE);
    Widget.attach(renderer, element);
    const spec = specOf(
      result,
      choice,
      coloursOf(element),
      Math.max(NARROWEST, element.clientWidth - MARGIN)
    );
    const model = new MimeModel({
      // What the renderer offers beside the drawing would send the rows to an editor elsewhere.
      data: { [VEGA_LITE]: spec as never },
      metadata: { [VEGA_LITE]: { embed_options: { actions: false, tooltip: false } } },
      trusted: false
    });
    let shown = true;
    renderer.renderModel(model).then(
      () => {
        if (shown) {
          setFailed(false);
        }
      },
      () => {
        if (shown) {
          setFailed(true);
        }
      }
    );
    return () => {
      shown = false;
      renderer.dispose();
    };
  }, [renderers, result, choice, theme]);
  const { columns } = result;
  return (
    <>
      {failed && (
        <p role="alert">{trans.__('The chart could not be drawn. The table has it all.')}</p>
      )}
      <div
        ref={host}
        className="jp-SecureJobs-drawing"
        role="img"
        aria-label={trans.__(
          'Chart of %1 by %2. The table has the same values.',
          columns[choice.up] ?? '',
          columns[choice.across] ?? ''
        )}
      />
    </>
  );
}

function ColumnChoice(props: {
  readonly label: string;
  readonly columns: readonly string[];
  readonly places: readonly number[];
  readonly chosen: number;
  readonly choose: (at: number) => void;
}): ReactElement {
  const { label, columns, places, chosen, choose } = props;
  const id = useId();
  return (
    <span className="jp-SecureJobs-inline">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={chosen}
        onChange={event => {
          choose(Number(event.target.value));
        }}
      >
        {places.map(at => (
          <option key={at} value={at}>
            {columns[at]}
          </option>
        ))}
      </select>
    </span>
  );
}

/** The result as bars or a line, drawn by JupyterLab's own renderer from the rows that are shown. */
export function ResultChart(props: {
  readonly renderers: IRenderMimeRegistry;
  readonly result: Preview;
  readonly found: Chartable;
}): ReactElement {
  const { renderers, result, found } = props;
  const [choice, setChoice] = useState<Choice>(() => firstChoice(result, found));
  const marks: readonly (readonly [Mark, string])[] = [
    ['bar', trans.__('Bars')],
    ['line', trans.__('Line')]
  ];
  const id = useId();
  return (
    <div className="jp-SecureJobs-chart">
      <div className="jp-SecureJobs-toolbar">
        <span className="jp-SecureJobs-inline">
          <label htmlFor={id}>{trans.__('Chart as')}</label>
          <select
            id={id}
            value={choice.mark}
            onChange={event => {
              const mark = marks.find(([name]) => name === event.target.value)?.[0] ?? choice.mark;
              setChoice({ ...choice, mark });
            }}
          >
            {marks.map(([mark, label]) => (
              <option key={mark} value={mark}>
                {label}
              </option>
            ))}
          </select>
        </span>
        <ColumnChoice
          label={trans.__('Across')}
          columns={result.columns}
          places={found.across}
          chosen={choice.across}
          choose={across => {
            setChoice({ ...choice, across });
          }}
        />
        <ColumnChoice
          label={trans.__('Up')}
          columns={result.columns}
          places={found.up}
          chosen={choice.up}
          choose={up => {
            setChoice({ ...choice, up });
          }}
        />
        {result.rows.length < result.total && (
          <span>{trans.__('Of the first %1', rowCount(result.rows.length, result.total))}</span>
        )}
      </div>
      <Drawn renderers={renderers} result={result} choice={choice} />
    </div>
  );
}
