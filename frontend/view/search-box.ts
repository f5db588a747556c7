// Finding text in the terminal: Ctrl+Shift+F. Loaded when it is first asked for.

import { SearchAddon } from '@xterm/addon-search';
import type { Terminal } from '@xterm/xterm';
import { texts } from '../texts.ts';
import { element, iconButton } from './element.ts';

const decorations = {
  matchBackground: '#6b5a2e',
  activeMatchBackground: '#b4541a',
  matchOverviewRuler: '#b4541a',
  activeMatchColorOverviewRuler: '#b4541a',
};

/** Adds the box to `root`; returns a function that opens it. */
export function createSearchBox(root: HTMLElement, terminal: Terminal): () => void {
  const addon = new SearchAddon();
  terminal.loadAddon(addon);
  const field = element('input', { type: 'text', 'aria-label': texts.search.label, spellcheck: 'false' });
  const count = element('output', { class: 'count' });
  const find = (direction: 'findNext' | 'findPrevious', incremental = false) =>
    addon[direction](field.value, { decorations, incremental });
  const close = () => {
    box.hidden = true;
    addon.clearDecorations();
    terminal.focus();
  };
  const box = element(
    'search',
    { class: 'search', hidden: '' },
    field,
    count,
    iconButton('previous', texts.search.previous, () => find('findPrevious')),
    iconButton('next', texts.search.next, () => find('findNext')),
    iconButton('close', texts.close, close),
  );
  root.append(box);

  field.addEventListener('input', () => find('findPrevious', true));
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') find(event.shiftKey ? 'findNext' : 'findPrevious');
    else if (event.key === 'Escape') close();
    else return;
    event.preventDefault();
  });
  addon.onDidChangeResults(({ resultIndex, resultCount }) => {
    if (field.value === '') count.textContent = '';
    else count.textContent = resultCount === 0 ? texts.search.none : `${resultIndex + 1}/${resultCount}`;
  });

  return () => {
    box.hidden = false;
    field.focus();
    field.select();
  };
}
