// Finding text in all that the terminal has shown: Ctrl+Shift+F. The terminal looks for it and scrolls there; this asks, and
// says what came of it. Loaded when it is first asked for.

import type { Found, Search } from '../../common/socket.ts';
import { texts } from '../texts.ts';
import { element, iconButton } from './element.ts';

export type Finder = {
  /** Null where it could not be done. */
  find: (wanted: Search) => Promise<Found | null>;
  /** Back to the prompt. */
  leave: () => void;
};

export type SearchBox = { open: () => void; leave: () => void };

/** Adds the box to `root`. `onClose` is called when a person has closed it, and not when they went on without it. */
export function createSearchBox(root: HTMLElement, finder: Finder, onClose: () => void): SearchBox {
  const field = element('input', { type: 'text', 'aria-label': texts.search.label, spellcheck: 'false' });
  const count = element('span', { class: 'count', 'aria-hidden': 'true' });
  const announcer = element('p', { class: 'announcer', role: 'status' });
  const box = element(
    'search',
    { class: 'search', hidden: '' },
    field,
    count,
    announcer,
    iconButton('previous', texts.search.previous, () => ask('previous')),
    iconButton('next', texts.search.next, () => ask('next')),
    iconButton('close', texts.close, close),
  );
  root.append(box);

  // One search is under way at a time, and of those that wait only the last: a word is typed faster than it is looked for.
  let underWay: Search | undefined;
  let wanted: Search | undefined;
  const say = (shown: string, spoken: string) => {
    count.textContent = shown;
    announcer.textContent = spoken;
  };

  function ask(move: Search['move']): void {
    const text = field.value;
    // Who presses Enter after the last letter wants what was just asked for, and not the one next to it.
    const same = move !== 'newest' && [underWay, wanted].some((one) => one?.move === 'newest' && one.text === text);
    if (!same) wanted = { text, move };
    void work();
  }

  async function work(): Promise<void> {
    if (underWay) return;
    for (let next = wanted; next !== undefined; next = wanted) {
      underWay = next;
      wanted = undefined;
      if (next.text === '') {
        finder.leave();
        say('', '');
        continue;
      }
      if (count.textContent === '') say('…', texts.search.searching);
      const found = await finder.find(next);
      if (box.hidden || wanted !== undefined) continue;
      if (found === null) say('–', texts.search.unable);
      else if (found.total === 0) say(texts.search.none, texts.search.none);
      else say(`${found.at}/${found.total}`, texts.search.count(found.at, found.total));
    }
    underWay = undefined;
  }

  function leave(): void {
    if (box.hidden) return;
    box.hidden = true;
    wanted = undefined;
    say('', '');
    finder.leave();
  }

  function close(): void {
    leave();
    onClose();
  }

  field.addEventListener('input', () => ask('newest'));
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return;
    if (event.key === 'Escape') close();
    else if (event.key === 'Enter' && event.target === field) ask(event.shiftKey ? 'next' : 'previous');
    else return;
    event.preventDefault();
  });

  return {
    leave,
    open() {
      const wasOpen = !box.hidden;
      box.hidden = false;
      field.focus();
      field.select();
      if (!wasOpen && field.value !== '') ask('newest');
    },
  };
}
