// A line at the bottom while the terminal goes on: the end is near, or there is something to know.

import type { Countdown } from '../session/state.ts';
import { texts } from '../texts.ts';
import { button, element } from './element.ts';
import { createTicker } from './ticker.ts';

export type Notice = {
  /** Counts down to the end of the session; undefined takes it away. */
  ending: (countdown: Countdown | undefined) => void;
  /** Says something, until `read` or `forget`. */
  say: (text: string) => void;
  /** Takes that away once there was time to read it: somebody types, and may have been typing all along. */
  read: () => void;
  /** Takes that away: the terminal is gone. */
  forget: () => void;
};

const readingMs = 5_000;

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

  let saidAt = 0;
  let reading: ReturnType<typeof setTimeout> | undefined;
  const forget = () => {
    clearTimeout(reading);
    reading = undefined;
    if (box.dataset.about !== 'news') return;
    box.hidden = true;
    box.dataset.about = '';
  };

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
      forget();
      saidAt = Date.now();
      box.hidden = false;
      box.dataset.about = 'news';
      words.textContent = text;
      announcer.textContent = text;
    },
    read() {
      if (box.dataset.about !== 'news' || reading !== undefined) return;
      reading = setTimeout(forget, saidAt + readingMs - Date.now());
    },
    forget,
  };
}

const secondsUntil = (at: number) => Math.max(0, (at - Date.now()) / 1_000);
