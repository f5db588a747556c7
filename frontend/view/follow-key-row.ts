// Whether there is a row of keys: as it is set, and else where fingers are.

import type { Terminal } from '@xterm/xterm';
import type { SettingsStore } from '../settings/store.ts';
import type { KeyRow } from './key-row.ts';
import { once } from './once.ts';

/** Keeps room for the row by `data-keys` of `root`. Calls `onMissing` when the row's script does not load. Returns what makes typed data what the row's modifiers say. */
export function followKeyRow(
  root: HTMLElement,
  terminal: Terminal,
  settings: SettingsStore,
  onMissing: () => void,
): (data: string) => string {
  const fingers = matchMedia('(pointer: coarse)');
  let row: KeyRow | undefined;
  const load = once(async () => {
    const { createKeyRow } = await import('./key-row.ts');
    row = createKeyRow(document.body, terminal);
  });
  const isShown = () => {
    const { keyRow } = settings.now();
    return keyRow === 'show' || (keyRow === 'auto' && fingers.matches);
  };
  const follow = () => {
    root.dataset.keys = isShown() ? 'shown' : 'hidden';
    if (isShown()) load().catch(onMissing);
  };
  fingers.addEventListener('change', follow);
  settings.follow(follow);
  return (data) => (row && isShown() ? row.modify(data) : data);
}
