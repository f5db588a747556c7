// The browser's tab: its title and its icon say how the terminal is, also to whom it is out of sight.

import type { State } from '../session/state.ts';
import { pageTitle } from '../terminal/title.ts';
import { type TabIcon, type TabLook, tabIcon, tabTitle } from './tab-look.ts';

export type Tab = {
  /** The state of the session. */
  state: (state: State) => void;
  /** What the shell calls itself. */
  title: (text: string) => void;
  /** The bell rang: it is shown until somebody looks. */
  rang: () => void;
  /** What the terminal is called, without what the tab adds to that. */
  name: () => string;
};

export function createTab(): Tab {
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const icons: Record<TabIcon, string> = {
    usual: link?.dataset.usual ?? '',
    wait: link?.getAttribute('href') ?? '',
    warning: link?.dataset.warning ?? '',
    bell: link?.dataset.bell ?? '',
    off: link?.dataset.off ?? '',
  };
  let look: TabLook = { is: 'connecting', title: '', rang: false, ending: false };

  function show(change: Partial<TabLook>): void {
    look = { ...look, ...change };
    document.title = tabTitle(look);
    const href = icons[tabIcon(look)];
    // Browsers load it anew, even where it is the same.
    if (link && link.getAttribute('href') !== href) link.setAttribute('href', href);
  }

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') show({ rang: false });
  });
  return {
    state: (state) =>
      show({
        is: state.is,
        ending: state.is === 'connected' && state.ending !== undefined,
        place: state.is === 'queued' ? state.queue.place : undefined,
      }),
    title: (title) => show({ title }),
    rang() {
      if (document.visibilityState === 'hidden') show({ rang: true });
    },
    name: () => pageTitle(look.title),
  };
}
