// A visitor's first sight: what this is, how long it lasts, and that its files are deleted. It is said once in a browser.

import { stored } from '../session/storage.ts';
import { texts } from '../texts.ts';
import { button, element } from './element.ts';
import { createLogo } from './logo.ts';
import { timeOf } from './time-of.ts';

/** So long it stays once somebody types: they have begun, and may still be reading. */
const readingMs = 12_000;

export type Welcome = {
  /** Greets a new visitor of a terminal. */
  greet: (terminal: { expiresAt: string; idleTimeoutMs: number }) => void;
  /** Somebody types. */
  typed: () => void;
  hide: () => void;
};

/** Adds the greeting to `root`, hidden. */
export function createWelcome(root: HTMLElement, does: { help: () => void; back: () => void }): Welcome {
  const greeted = stored('warmterm-greeted', 'browser');
  let box: HTMLElement | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hide = () => {
    clearTimeout(timer);
    timer = undefined;
    box?.remove();
    box = undefined;
  };
  return {
    hide,
    typed() {
      if (box) timer ??= setTimeout(hide, readingMs);
    },
    greet({ expiresAt, idleTimeoutMs }) {
      if (greeted.get() !== undefined) return;
      greeted.set('yes');
      const { title, lasts, files, help } = texts.welcome;
      const leave = (then: () => void) => () => {
        hide();
        then();
      };
      box = element(
        'section',
        { class: 'welcome', 'aria-labelledby': 'welcome-title' },
        element('h2', { id: 'welcome-title' }, ...createLogo(''), title),
        element('p', {}, `${lasts(timeOf(expiresAt), Math.round(idleTimeoutMs / 60_000))} ${files}`),
        element('div', { class: 'actions' }, button(help, leave(does.help)), button(texts.dismiss, leave(does.back))),
      );
      root.append(box);
    },
  };
}
