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
  help: () => void;
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
    return createSettingsDialog(root, settings, back);
  });
  const helpDialog = once(async () => {
    const { createHelpDialog } = await import('./help-dialog.ts');
    const mac = /^Mac|^iP/.test(navigator.platform);
    return createHelpDialog(root, { mac, shown: own.shown, terminals: showTerminals, copy, onClose: back });
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

  const share = () => void shareDialog().then((dialog) => dialog.showModal(), onMissing);
  // A guest sees who is at the terminal instead.
  const showTerminals = () =>
    sharing.links === undefined ? share() : void terminalsDialog().then((dialog) => dialog.open(), onMissing);

  return {
    find: () =>
      void searchBox().then((box) => {
        leaveFind = box.leave;
        box.open();
      }, onMissing),
    leaveFind: () => leaveFind(),
    settings: () => void settingsDialog().then((dialog) => dialog.showModal(), onMissing),
    help: () => void helpDialog().then((dialog) => dialog.open(), onMissing),
    terminals: showTerminals,
    share,
    async askPaste(paste) {
      if (trusted.get() === 'yes') return true;
      const ask = await pasteDialog().catch(onMissing);
      return ask ? ask(paste) : false;
    },
  };
}
