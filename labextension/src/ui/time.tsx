import { useEffect, useState, type ReactElement } from 'react';

const MINUTE = 60_000;
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 525_600],
  ['month', 43_800],
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1]
];
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'narrow' });
const LOCAL = new Intl.DateTimeFormat('en-US', {
  day: '2-digit',
  hour: 'numeric',
  minute: '2-digit',
  month: '2-digit',
  timeZoneName: 'short',
  year: 'numeric'
});

const SHORT = new Intl.DateTimeFormat('en-US', {
  day: '2-digit',
  hour: 'numeric',
  minute: '2-digit',
  month: '2-digit',
  year: 'numeric'
});

/** Local time as people read it, with its zone: 11/22/2026, 4:10 PM UTC. */
export function localTime(when: Date): string {
  return LOCAL.format(when);
}

function age(when: Date, now: number): string {
  const minutes = (when.getTime() - now) / MINUTE;
  const step = STEPS.find(([, size]) => Math.abs(minutes) >= size);
  return step === undefined ? 'now' : RELATIVE.format(Math.round(minutes / step[1]), step[0]);
}

/** How long ago something happened, kept true while it is shown. */
export function Age(props: { readonly at: string }): ReactElement {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, MINUTE);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const when = new Date(props.at);
  return (
    <time dateTime={props.at} title={localTime(when)}>
      {age(when, now)}
    </time>
  );
}

/** A moment in local time, with its zone on demand: 03/07/2026, 2:05 PM. */
export function LocalTime(props: { readonly at: string }): ReactElement {
  const when = new Date(props.at);
  return (
    <time dateTime={props.at} title={localTime(when)}>
      {SHORT.format(when)}
    </time>
  );
}
