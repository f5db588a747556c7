// Which browser of a session answers what programs ask of the terminal. A question that passes through tmux (allow-passthrough)
// reaches every browser, and each would answer. Pure.

import { isTyping } from './typing.ts';

/** Focus in and out are reports too, but answer nothing. */
const focus = /^(?:\x1b\[[IO])+$/;

export type Answering<T> = {
  /** Whether the terminal takes `input` of `browser`: not an answer, unless this browser was the last to type or attach. */
  takes: (browser: T, input: string | Uint8Array) => boolean;
  /** tmux asks a browser that attaches what it can do. */
  attached: (browser: T) => void;
  detached: (browser: T) => void;
};

export function createAnswering<T>(): Answering<T> {
  /** The last one answers. */
  const order = new Set<T>();
  const toEnd = (browser: T) => {
    order.delete(browser);
    order.add(browser);
  };
  return {
    takes: (browser, input) => {
      if (isTyping(input)) {
        toEnd(browser);
        return true;
      }
      return focus.test(String(input)) || [...order].at(-1) === browser;
    },
    attached: toEnd,
    detached: (browser) => void order.delete(browser),
  };
}
