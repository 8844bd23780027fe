import { useEffect, useState, type ReactElement } from 'react';

import { trans } from '../ui/translation';
import { duration } from './measures';

const SECOND = 1000;

/** How long something goes on already, counted on by the browser. */
export function Elapsed(props: { readonly since: string }): ReactElement {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, SECOND);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const passed = Math.max(0, now - new Date(props.since).getTime());
  return <span>{trans.__('%1 so far', duration(passed))}</span>;
}
