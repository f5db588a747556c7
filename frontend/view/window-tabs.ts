// The tabs in the bar: the windows of the terminal. Until there is a second one, this is only a `+`; the rest is loaded then.

import type { TerminalWindow, WindowRefusal, WindowRequest } from '../../common/windows.ts';
import { texts } from '../texts.ts';
import { element, iconButton } from './element.ts';
import { once } from './once.ts';
import type { Ask } from './question.ts';

export type WindowTabs = {
  /** Belongs into the bar. */
  element: HTMLElement;
  /** What there is now. `canChange`: false for a viewer. */
  show: (windows: TerminalWindow[], canChange: boolean) => void;
  newTab: () => void;
  step: (to: 'next' | 'previous') => void;
  /** Shows the tab of that number, from 1; false where there is none, or only one. */
  select: (number: number) => boolean;
  menu: () => void;
};

/** What the parts that are loaded later may do. */
export type TabActions = {
  request: (request: WindowRequest) => void;
  rename: (window: TerminalWindow) => void;
  /** Back to the terminal. */
  back: () => void;
};

export type WindowTabsOptions = {
  /** Where dialogs and menus go. */
  root: HTMLElement;
  /** Asks the terminal; null when it has done it. */
  request: (request: WindowRequest) => Promise<WindowRefusal | null>;
  ask: Ask;
  say: (text: string) => void;
  back: () => void;
  /** Another tab or pane is shown. */
  onSwitched: () => void;
  onMissing: () => void;
};

export function createWindowTabs(options: WindowTabsOptions): WindowTabs {
  const { root, ask, say, back, onSwitched, onMissing } = options;
  const words = texts.tabs;
  let windows: TerminalWindow[] = [];
  let canChange = false;

  const plus = iconButton('plus', words.open, () => newTab());
  plus.title = words.openHint;
  plus.addEventListener('contextmenu', (event) => {
    event.preventDefault();
    menu();
  });
  plus.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    menu();
  });
  const more = iconButton('more', words.menu, () => menu());
  more.setAttribute('aria-haspopup', 'menu');
  const announcer = element('span', { class: 'announcer', role: 'status' });
  const box = element('div', { class: 'tabs', hidden: '' }, plus, more, announcer);

  const strip = once(async () => {
    const { createTabStrip } = await import('./tab-strip.ts');
    const made = createTabStrip(actions);
    box.prepend(made.element);
    return made;
  });
  const tabMenu = once(async () => {
    const { createTabMenu } = await import('./tab-menu.ts');
    return createTabMenu(root, actions);
  });
  const renameDialog = once(async () => {
    const { createRenameDialog } = await import('./rename-dialog.ts');
    return createRenameDialog(root, (request) => void send(request), back);
  });
  const actions: TabActions = {
    request: (request) => void send(request),
    rename: (window) => void renameDialog().then((open) => open(window), onMissing),
    back,
  };

  async function send(request: WindowRequest): Promise<void> {
    if (!canChange) return;
    const refusal = await options.request(request);
    if (refusal === null) return;
    const { code, program = '' } = refusal;
    if (code === 'busy' && (request.do === 'close' || request.do === 'close-pane'))
      ask(words.busy(program), [
        { label: words.closeAnyway, does: () => void send({ ...request, force: true }) },
        { label: texts.cancel, does: () => {} },
      ]);
    // Somebody else was faster: the tab is gone.
    else if (code !== 'not-found') say(code === 'full' || code === 'no-room' ? words[code] : words.failed);
  }

  const newTab = () => {
    void send({ do: 'new' });
    back();
  };
  const menu = () => {
    if (!canChange) return;
    const anchor = more.hidden ? plus : more;
    void tabMenu().then((made) => made.open(windows, anchor), onMissing);
  };

  return {
    element: box,
    show(list, mayChange) {
      const before = shownPane(windows);
      windows = list;
      canChange = mayChange;
      const several = list.length > 1;
      box.hidden = !(mayChange || several);
      plus.hidden = !mayChange;
      more.hidden = !mayChange || !(several || list.some(({ panes }) => panes.length > 1));
      root.ownerDocument.documentElement.dataset.tabs = several ? 'shown' : 'hidden';
      if (several || box.querySelector('[role="tablist"]'))
        void strip().then((made) => made.show(windows, canChange), onMissing);
      const now = shownPane(list);
      if (before === undefined || now === undefined || (before.window === now.window && before.pane === now.pane))
        return;
      onSwitched();
      if (before.window !== now.window)
        announcer.textContent = several ? words.shown(now.number, list.length, now.name) : '';
    },
    newTab,
    step: (to) => void (windows.length > 1 && send({ do: 'step', to })),
    select(number) {
      const wanted = windows[number - 1];
      if (!wanted || windows.length < 2 || !canChange) return false;
      void send({ do: 'select', window: wanted.id });
      return true;
    },
    menu,
  };
}

function shownPane(windows: readonly TerminalWindow[]) {
  const at = windows.findIndex(({ active }) => active);
  const window = windows[at];
  if (!window) return undefined;
  return { window: window.id, pane: window.panes.find(({ active }) => active)?.id, number: at + 1, name: window.name };
}
