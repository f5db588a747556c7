// The visitor's terminals: how long each lasts, and how to end it. Loaded when it is first asked for.

import type { OwnTerminal, OwnTerminals } from '../own-terminals.ts';
import { texts } from '../texts.ts';
import { createDialog } from './dialog.ts';
import { button, element } from './element.ts';
import { timeOf } from './time-of.ts';

export type TerminalsDialog = { open: () => void };

export type TerminalsDialogOptions = {
  terminals: OwnTerminals;
  /** The terminal that the page shows: its name and when it was claimed, and for how long it may be idle. */
  shown: () => { name: string; claimedAt: string; expiresAt: string; idleTimeoutMs: number } | undefined;
  /** Whether the visitor wants a new terminal once the one that the page shows has ended. */
  onRestart: (wanted: boolean) => void;
  onClose: () => void;
};

export function createTerminalsDialog(root: HTMLElement, options: TerminalsDialogOptions): TerminalsDialog {
  const { terminals, shown, onRestart, onClose } = options;
  const words = texts.terminals;
  const body = element('div', { class: 'dialog-body' });
  const status = element('p', { class: 'detail', role: 'status' });
  const dialog = createDialog(
    root,
    { kind: 'terminals', title: words.title, onClose },
    element('div', {}, status, body),
  );

  async function refresh(): Promise<void> {
    try {
      const all = await terminals.list();
      status.textContent = all.length === 0 ? words.none : '';
      body.replaceChildren(...all.map(describe));
    } catch {
      status.textContent = words.failed;
    }
  }

  async function end(terminal: OwnTerminal, then: () => void): Promise<void> {
    try {
      await terminals.end(terminal);
      then();
    } catch {
      onRestart(false);
      status.textContent = words.failed;
    }
  }

  function describe(terminal: OwnTerminal): HTMLElement {
    const { name, claimedAt, expiresAt, pool, run } = terminal;
    const here = shown();
    const isHere = here?.name === name && here.claimedAt === claimedAt;
    const title = isHere ? words.here : run === undefined ? words.inPool(pool) : words.ofRun(run);
    const idle = isHere ? ` ${words.idle(Math.round(here.idleTimeoutMs / 60_000))}` : '';
    const actions = element(
      'div',
      { class: 'actions' },
      button(words.end, () => void end(terminal, isHere ? close : refresh)),
    );
    if (isHere && run === undefined)
      actions.append(
        button(words.restart, () => {
          onRestart(true);
          void end(terminal, close);
        }),
      );
    return element(
      'section',
      {},
      element('h3', {}, title),
      element('p', { class: 'detail' }, `${words.until(timeOf(expiresAt))}${idle} ${words.files}`),
      actions,
    );
  }

  const close = () => dialog.close();
  return {
    open() {
      status.textContent = '';
      body.replaceChildren();
      dialog.showModal();
      void refresh();
    },
  };
}
