// The row of tabs. Loaded with the second tab. Names come from programs: they are set as text only.

import type { TerminalWindow } from '../../common/windows.ts';
import { texts } from '../texts.ts';
import { button, element } from './element.ts';
import { icon } from './icons.ts';
import type { TabActions } from './window-tabs.ts';

export type TabStrip = { element: HTMLElement; show: (windows: readonly TerminalWindow[], canChange: boolean) => void };

type Tab = {
  window: TerminalWindow;
  button: HTMLButtonElement;
  number: HTMLElement;
  name: HTMLElement;
  close: HTMLElement;
};

export function createTabStrip({ request, rename, back }: TabActions): TabStrip {
  const words = texts.tabs;
  const tabs = new Map<string, Tab>();
  let shown: readonly TerminalWindow[] = [];
  let mayChange = false;
  let active: string | undefined;
  const list = element('div', { class: 'tab-list', role: 'tablist', 'aria-label': words.label });
  list.addEventListener('keydown', onKey);
  // A mouse wheel turns in one direction only.
  list.addEventListener(
    'wheel',
    (event) => {
      if (event.deltaX === 0) list.scrollLeft += event.deltaY;
    },
    { passive: true },
  );

  function create(window: TerminalWindow): Tab {
    const number = element('span', { class: 'tab-number' });
    const name = element('span', { class: 'tab-name' });
    // By the keyboard: Delete.
    const close = element('span', { class: 'tab-close', 'aria-hidden': 'true', title: words.close }, icon('close'));
    const content = element('span', { class: 'tab-content' }, number, name, close);
    const { id } = window;
    const made = button(
      content,
      () => {
        request({ do: 'select', window: id });
        back();
      },
      { class: 'tab', role: 'tab', 'aria-controls': 'terminal' },
    );
    close.addEventListener('click', (event) => {
      event.stopPropagation();
      request({ do: 'close', window: id });
      back();
    });
    made.addEventListener('dblclick', () => {
      const tab = tabs.get(id);
      if (mayChange && tab) rename(tab.window);
    });
    return { window, button: made, number, name, close };
  }

  function update(tab: Tab, window: TerminalWindow, at: number): void {
    const { name, active: isActive, bell, activity } = window;
    tab.window = window;
    tab.number.textContent = String(at + 1);
    tab.name.textContent = name;
    tab.close.hidden = !mayChange;
    const label = name === '' ? words.unnamed(at + 1) : `${at + 1} ${name}`;
    const mark = isActive ? undefined : bell ? words.bell : activity ? words.activity : undefined;
    tab.button.setAttribute('aria-label', mark === undefined ? label : `${label}, ${mark}`);
    tab.button.setAttribute('aria-selected', String(isActive));
    tab.button.setAttribute('aria-disabled', String(!mayChange));
    tab.button.title = mark === undefined ? label : `${label}, ${mark}`;
    tab.button.dataset.mark = isActive ? '' : bell ? 'bell' : activity ? 'activity' : '';
    tab.button.tabIndex = isActive ? 0 : -1;
  }

  function onKey(event: KeyboardEvent): void {
    const buttons = shown.flatMap(({ id }) => tabs.get(id)?.button ?? []);
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const window = shown[at];
    if (!window || event.ctrlKey || event.altKey || event.metaKey) return;
    const focus = (index: number) => buttons.at(index % buttons.length)?.focus();
    const keys: Record<string, () => void> = {
      ArrowRight: () => focus(at + 1),
      ArrowLeft: () => focus(at - 1),
      Home: () => focus(0),
      End: () => focus(-1),
      Delete: () => request({ do: 'close', window: window.id }),
      F2: () => rename(window),
      Escape: back,
    };
    const does = keys[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  return {
    element: list,
    show(windows, canChange) {
      mayChange = canChange;
      const hadFocus = list.contains(document.activeElement);
      for (const [id, tab] of tabs) {
        if (windows.some((window) => window.id === id)) continue;
        tab.button.remove();
        tabs.delete(id);
      }
      shown = windows;
      for (const [at, window] of windows.entries()) {
        const tab = tabs.get(window.id) ?? create(window);
        tabs.set(window.id, tab);
        update(tab, window, at);
        // A node that is moved loses the focus.
        if (list.children[at] !== tab.button) list.insertBefore(tab.button, list.children[at] ?? null);
      }
      list.hidden = windows.length < 2;
      if (hadFocus && !list.contains(document.activeElement)) {
        const next = tabs.get(windows.find((window) => window.active)?.id ?? '')?.button;
        if (next && !list.hidden) next.focus();
        else back();
      }
      const nowActive = windows.find((window) => window.active)?.id;
      if (nowActive === active) return;
      active = nowActive;
      tabs.get(nowActive ?? '')?.button.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    },
  };
}
