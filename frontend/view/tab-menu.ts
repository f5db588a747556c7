// What can be done with the tab and the pane that are shown. Loaded when it is first asked for.

import type { TerminalWindow } from '../../common/windows.ts';
import { texts } from '../texts.ts';
import { button, element } from './element.ts';
import type { TabActions } from './window-tabs.ts';

export type TabMenu = { open: (windows: readonly TerminalWindow[], anchor: HTMLElement) => void };

type Item = { label: string; does: () => void };

/** Adds the menu to `root`, hidden. */
export function createTabMenu(root: HTMLElement, { request, rename, back }: TabActions): TabMenu {
  const words = texts.tabs;
  const menu = element('div', { role: 'menu', 'aria-label': words.menu });
  const place = element('section', { class: 'tab-menu', 'aria-label': words.menu, hidden: '' }, menu);
  root.append(place);
  let opener: HTMLElement | undefined;

  const close = () => {
    place.hidden = true;
    opener?.removeAttribute('aria-expanded');
  };
  menu.addEventListener('focusout', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && menu.contains(relatedTarget))) close();
  });
  menu.addEventListener('keydown', (event) => {
    const items = [...menu.querySelectorAll('button')];
    const at = items.indexOf(document.activeElement as HTMLButtonElement);
    const focus = (index: number) => items.at(index % items.length)?.focus();
    if (event.key === 'ArrowDown') focus(at + 1);
    else if (event.key === 'ArrowUp') focus(at - 1);
    else if (event.key === 'Home') focus(0);
    else if (event.key === 'End') focus(-1);
    else if (event.key === 'Escape' || event.key === 'Tab') back();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  function itemsFor(windows: readonly TerminalWindow[]): Item[][] {
    const window = windows.find(({ active }) => active);
    const pane = window?.panes.find(({ active }) => active)?.id;
    const item = (label: string, ...requests: Parameters<typeof request>): Item => ({
      label,
      does: () => request(...requests),
    });
    const tab = [item(words.open, { do: 'new' })];
    if (window && windows.length > 1)
      tab.push(
        { label: words.rename, does: () => rename(window) },
        item(words.close, { do: 'close', window: window.id }),
      );
    if (!window || pane === undefined) return [tab];
    const panes = [
      item(words.splitRight, { do: 'split', pane, to: 'right' }),
      item(words.splitBelow, { do: 'split', pane, to: 'below' }),
    ];
    if (window.panes.length === 1) return [tab, panes];
    const at = window.panes.findIndex(({ active }) => active);
    const next = window.panes[(at + 1) % window.panes.length];
    if (next) panes.push(item(words.nextPane, { do: 'select-pane', pane: next.id }));
    panes.push(
      item(window.zoomed ? words.unzoom : words.zoom, { do: 'zoom', pane }),
      item(words.closePane, { do: 'close-pane', pane }),
    );
    return [tab, panes];
  }

  return {
    open(windows, anchor) {
      const groups = itemsFor(windows).map((items) =>
        items.map(({ label, does }) =>
          button(
            label,
            () => {
              // First: a dialog that opens takes the focus itself.
              back();
              does();
            },
            { role: 'menuitem', tabindex: '-1' },
          ),
        ),
      );
      menu.replaceChildren(
        ...groups.flatMap((items, at) => (at === 0 ? items : [element('div', { role: 'separator' }), ...items])),
      );
      const { left, bottom } = anchor.getBoundingClientRect();
      place.style.setProperty('--x', `${left}px`);
      place.style.setProperty('--y', `${bottom}px`);
      place.hidden = false;
      opener = anchor;
      anchor.setAttribute('aria-expanded', 'true');
      menu.querySelector('button')?.focus();
    },
  };
}
