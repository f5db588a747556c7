// A line at the bottom while the terminal goes on: the end is near, or there is something to know.

import type { Countdown } from '../session/state.ts';
import { texts } from '../texts.ts';
import { button, element } from './element.ts';
import { createTicker } from './ticker.ts';

export type Notice = {
  /** Counts down to the end of the session; undefined takes it away. */
  ending: (countdown: Countdown | undefined) => void;
  /** Says something, until `forget`. */
  say: (text: string) => void;
  /** Takes that away: somebody types, or the terminal is gone as well. */
  forget: () => void;
};

export function createNotice(root: HTMLElement, onHide: () => void): Notice {
  const words = element('p', { 'aria-hidden': 'true' });
  const announcer = element('p', { class: 'announcer', role: 'status' });
  const hide = () => {
    box.hidden = true;
    onHide();
  };
  const box = element('aside', { class: 'notice', hidden: '' }, words, button(texts.dismiss, hide));
  root.append(box, announcer);

  let countdown: Countdown | undefined;
  const ticker = createTicker(() => {
    if (countdown) words.textContent = texts[countdown.reason](secondsUntil(countdown.at));
  });

  return {
    ending(next) {
      if (next === countdown) return;
      countdown = next;
      box.hidden = next === undefined;
      box.dataset.about = next?.reason ?? '';
      announcer.textContent = next ? texts[`${next.reason}Soon`] : '';
      ticker.run(next !== undefined);
    },
    say(text) {
      box.hidden = false;
      box.dataset.about = 'news';
      words.textContent = text;
      announcer.textContent = text;
    },
    forget() {
      if (box.dataset.about === 'news') box.hidden = true;
    },
  };
}

const secondsUntil = (at: number) => Math.max(0, (at - Date.now()) / 1_000);
