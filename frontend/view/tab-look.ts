// What a tab is to look like. Pure.

import type { State } from '../session/state.ts';
import { pageTitle, queueTitle } from '../terminal/title.ts';
import { texts } from '../texts.ts';

export type TabLook = {
  is: State['is'];
  title: string;
  rang: boolean;
  /** The session is about to end. */
  ending: boolean;
  /** In line. */
  place?: number | undefined;
};

/** `wait`: it comes by itself. `off`: nothing comes until somebody asks for it. */
export type TabIcon = 'usual' | 'wait' | 'warning' | 'bell' | 'off';

/** The state goes first where it is not as it should be: only the beginning can be read of many tabs. */
export function tabTitle({ is, title, rang, ending, place }: TabLook): string {
  if (place !== undefined) return queueTitle({ place });
  const name = pageTitle(is === 'ended' ? '' : title);
  if (is !== 'connected') return `${texts.bar.states[is]} · ${name}`;
  if (ending) return `${texts.endsSoon} · ${name}`;
  return rang ? `🔔 ${name}` : name;
}

export function tabIcon({ is, rang, ending }: TabLook): TabIcon {
  if (is === 'ended' || is === 'error') return 'off';
  if (is !== 'connected') return 'wait';
  if (ending) return 'warning';
  return rang ? 'bell' : 'usual';
}
