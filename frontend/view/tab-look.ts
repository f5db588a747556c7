// What a tab is to look like. Pure.

import type { State } from '../session/state.ts';
import { pageTitle, queueTitle } from '../terminal/title.ts';
import { texts } from '../texts.ts';

export type TabLook = {
  is: State['is'];
  title: string;
  rang: boolean;
  /** In line. */
  place?: number | undefined;
};

const isWell = (is: State['is']) => is === 'connected' || is === 'connecting' || is === 'queued';

/** The state goes first where it is not as it should be: only the beginning can be read of many tabs. */
export function tabTitle({ is, title, rang, place }: TabLook): string {
  if (place !== undefined) return queueTitle({ place });
  const name = pageTitle(is === 'ended' ? '' : title);
  if (!isWell(is)) return `${texts.bar.states[is]} · ${name}`;
  return rang ? `🔔 ${name}` : name;
}

export function tabIcon({ is, rang }: TabLook): 'usual' | 'off' | 'bell' {
  if (!isWell(is)) return 'off';
  return rang ? 'bell' : 'usual';
}
