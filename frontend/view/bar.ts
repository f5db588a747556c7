// The thin bar over the terminal: how things are on the left, what there is to do on the right.

import { product } from '../brand.ts';
import type { State } from '../session/state.ts';
import type { Action } from '../terminal/shortcuts.ts';
import { texts } from '../texts.ts';
import { button, element, iconButton } from './element.ts';
import { icon } from './icons.ts';
import { createLogo } from './logo.ts';

export type Bar = {
  /** The state of the session, and what else there is to say of it. */
  state: (is: State['is'], note?: string) => void;
  /** What the shell calls itself; for as long as the pointer is on a link, that. */
  title: (text: string) => void;
  link: (uri: string | undefined) => void;
  fullScreen: (on: boolean) => void;
  /** Adds elements before the buttons. */
  add: (...elements: HTMLElement[]) => void;
  /** A word about what was just done. */
  say: (text: string) => void;
};

const sayingMs = 1_500;

/** Adds the bar at the top of `root`, with `tabs` in it. */
export function createBar(root: HTMLElement, act: (action: Action) => void, tabs: HTMLElement): Bar {
  const state = button('', () => act('terminals'), { class: 'bar-state', title: texts.bar.terminals });
  const title = element('span', { class: 'bar-title' });
  const word = element('span', { class: 'bar-word', role: 'status' });
  const share = iconButton('share', texts.sharing.title, () => act('share'));
  share.classList.add('for-owners');
  const fullScreen = iconButton('fullScreen', texts.bar.fullScreen, () => act('fullScreen'));
  fullScreen.hidden = !document.fullscreenEnabled;
  const bar = element(
    'header',
    { class: 'bar', 'aria-label': texts.bar.label },
    ...createLogo(product),
    element('span', { class: 'dot', 'aria-hidden': 'true' }),
    state,
    tabs,
    title,
    word,
    share,
    iconButton('find', texts.bar.find, () => act('find')),
    iconButton('help', texts.bar.help, () => act('help')),
    iconButton('settings', texts.bar.settings, () => act('settings')),
    fullScreen,
    iconButton('hide', texts.bar.hide, () => act('bar')),
  );
  const handle = button(icon('show'), () => act('bar'), {
    class: 'bar-handle',
    'aria-label': texts.bar.show,
    title: texts.bar.show,
  });
  root.prepend(bar, handle);

  let name = '';
  let saying: ReturnType<typeof setTimeout> | undefined;
  return {
    state(is, note) {
      state.textContent = [texts.bar.states[is], note].filter(Boolean).join(' · ');
    },
    title(text) {
      name = text;
      title.textContent = text;
    },
    link(uri) {
      title.textContent = uri ?? name;
    },
    add: (...elements) => share.before(...elements),
    fullScreen(on) {
      const label = on ? texts.bar.leaveFullScreen : texts.bar.fullScreen;
      fullScreen.replaceChildren(icon(on ? 'leaveFullScreen' : 'fullScreen'));
      fullScreen.title = label;
      fullScreen.setAttribute('aria-label', label);
    },
    say(text) {
      clearTimeout(saying);
      word.textContent = text;
      saying = setTimeout(() => word.replaceChildren(), sayingMs);
    },
  };
}
