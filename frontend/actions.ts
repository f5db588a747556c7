// What the page's buttons and keys do.

import type { Terminal } from '@xterm/xterm';
import { defaults } from './settings/settings.ts';
import type { SettingsStore } from './settings/store.ts';
import type { Action } from './terminal/shortcuts.ts';
import { toggleFullScreen } from './view/full-screen.ts';
import type { OnDemand } from './view/on-demand.ts';
import type { WindowTabs } from './view/window-tabs.ts';

export function createActions(parts: {
  terminal: Terminal;
  settings: SettingsStore;
  onDemand: OnDemand;
  copy: (text: string) => void;
  windows: WindowTabs;
}): (action: Action) => void {
  const { terminal, settings, onDemand, copy, windows } = parts;
  const size = (fontSize: number) => settings.change({ fontSize });

  const does: Record<Action, () => void> = {
    copy: () => copy(terminal.getSelection()),
    // The browser does.
    paste: () => {},
    find: onDemand.find,
    larger: () => size(settings.now().fontSize + 1),
    smaller: () => size(settings.now().fontSize - 1),
    usualSize: () => size(defaults.fontSize),
    bar() {
      settings.change({ bar: !settings.now().bar });
      terminal.focus();
    },
    fullScreen() {
      void toggleFullScreen().then(() => terminal.focus());
    },
    settings: onDemand.settings,
    help: onDemand.help,
    terminals: onDemand.terminals,
    newTab: windows.newTab,
    nextTab: () => windows.step('next'),
    previousTab: () => windows.step('previous'),
    tabMenu: windows.menu,
    share: onDemand.share,
  };
  return (action) => does[action]();
}
