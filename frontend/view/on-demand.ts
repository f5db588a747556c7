// The dialogs and the search box. Each is loaded when it is first asked for: few visitors ever need one.

import type { Terminal } from '@xterm/xterm';
import { stored } from '../session/storage.ts';
import type { SettingsStore } from '../settings/store.ts';
import type { AskPaste } from '../terminal/paste-guard.ts';
import { once } from './once.ts';
import type { Finder } from './search-box.ts';
import type { ShareDialogOptions } from './share-dialog.ts';
import type { TerminalsDialogOptions } from './terminals-dialog.ts';

export type OnDemand = {
  find: () => void;
  /** Closes the search box, if it is open. */
  leaveFind: () => void;
  settings: () => void;
  shortcuts: () => void;
  terminals: () => void;
  share: () => void;
  askPaste: AskPaste;
};

export function createOnDemand(
  root: HTMLElement,
  terminal: Terminal,
  settings: SettingsStore,
  finder: Finder,
  copy: (text: string) => void,
  own: Omit<TerminalsDialogOptions, 'onClose'>,
  sharing: Pick<ShareDialogOptions, 'company' | 'links'>,
  /** A part has not come: another build may have taken the place of its server. */
  onMissing: () => void,
): OnDemand {
  const back = () => terminal.focus();
  // For as long as this tab lives.
  const trusted = stored('warmterm-paste');

  const searchBox = once(async () => {
    const { createSearchBox } = await import('./search-box.ts');
    return createSearchBox(root, finder, back);
  });
  let leaveFind = () => {};
  const settingsDialog = once(async () => {
    const { createSettingsDialog } = await import('./settings-dialog.ts');
    return createSettingsDialog(root, settings, { copy, onClose: back });
  });
  const shortcutsDialog = once(async () => {
    const { createShortcutsDialog } = await import('./shortcuts-dialog.ts');
    return createShortcutsDialog(root, /^Mac|^iP/.test(navigator.platform), back);
  });
  const terminalsDialog = once(async () => {
    const { createTerminalsDialog } = await import('./terminals-dialog.ts');
    return createTerminalsDialog(root, { ...own, onClose: back });
  });
  const shareDialog = once(async () => {
    const { createShareDialog } = await import('./share-dialog.ts');
    return createShareDialog(root, { ...sharing, copy, onClose: back });
  });
  const pasteDialog = once(async () => {
    const { createPasteDialog } = await import('./paste-dialog.ts');
    return createPasteDialog(root, () => trusted.set('yes'));
  });

  return {
    find: () =>
      void searchBox().then((box) => {
        leaveFind = box.leave;
        box.open();
      }, onMissing),
    leaveFind: () => leaveFind(),
    settings: () => void settingsDialog().then((dialog) => dialog.showModal(), onMissing),
    shortcuts: () => void shortcutsDialog().then((dialog) => dialog.showModal(), onMissing),
    terminals: () =>
      sharing.links === undefined
        ? void shareDialog().then((dialog) => dialog.showModal(), onMissing)
        : void terminalsDialog().then((dialog) => dialog.open(), onMissing),
    share: () => void shareDialog().then((dialog) => dialog.showModal(), onMissing),
    async askPaste(paste) {
      if (trusted.get() === 'yes') return true;
      const ask = await pasteDialog().catch(onMissing);
      return ask ? ask(paste) : false;
    },
  };
}
