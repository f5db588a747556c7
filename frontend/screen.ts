// All that is to be seen: the terminal, the bar over it, what is said at its edge, the browser's tab; and what a person
// does with them. It knows nothing of how the terminal is reached.

import { createActions } from './actions.ts';
import { createCopying } from './copying.ts';
import { watchAppearance } from './settings/appearance.ts';
import { createSettings } from './settings/store.ts';
import { wear } from './settings/wear.ts';
import { clipboardAddon, followSelection } from './terminal/clipboard.ts';
import { createTerminal, type TerminalView } from './terminal/create-terminal.ts';
import { isFromKeyboard } from './terminal/from-keyboard.ts';
import { bindKeys, sendControlKeys } from './terminal/keys.ts';
import { addLinks } from './terminal/links.ts';
import { terminalOptions } from './terminal/options.ts';
import { followOwnSelection } from './terminal/own-selection.ts';
import { guardPaste } from './terminal/paste-guard.ts';
import { pageTitle } from './terminal/title.ts';
import { bindTouch } from './terminal/touch.ts';
import { languageFor, speak, texts } from './texts.ts';
import { type Bar, createBar } from './view/bar.ts';
import { createBell } from './view/bell.ts';
import { showCompany } from './view/company-view.ts';
import { element } from './view/element.ts';
import { followKeyRow } from './view/follow-key-row.ts';
import { followFullScreen } from './view/full-screen.ts';
import { followLastLines } from './view/last-lines.ts';
import type { ButtonEvent } from './view/message.ts';
import { createNotice, type Notice } from './view/notice.ts';
import { createOnDemand } from './view/on-demand.ts';
import { createQuestions } from './view/question.ts';
import { createScrollbar, type Scroll, type Scrollbar } from './view/scrollbar.ts';
import type { Finder } from './view/search-box.ts';
import type { ShareDialogOptions } from './view/share-dialog.ts';
import { createStatusView, type StatusView } from './view/status.ts';
import { createTab, type Tab } from './view/tab.ts';
import type { TerminalsDialogOptions } from './view/terminals-dialog.ts';
import { createTouchMenu } from './view/touch-menu.ts';
import { followViewport } from './view/viewport.ts';
import { createWelcome, type Welcome } from './view/welcome.ts';
import { createWindowTabs, type WindowTabs, type WindowTabsOptions } from './view/window-tabs.ts';

export type Screen = TerminalView & {
  bar: Bar;
  tab: Tab;
  status: StatusView;
  notice: Notice;
  windows: WindowTabs;
  welcome: Welcome;
  /** The terminal has ended: its last lines are scrolled to. */
  showLastLines: () => void;
  /** What was typed, as keys that are held on the screen make it. */
  modify: (typed: string) => string;
  history: Scrollbar;
};

/** `identity`: which terminal it is, for what is answered once for each. */
export function createScreen(session: {
  send: (event: { type: Exclude<ButtonEvent, 'terminals'> }) => void;
  identity: () => string;
  finder: Finder;
  scroll: Scroll;
  own: Omit<TerminalsDialogOptions, 'onClose'>;
  requestWindow: WindowTabsOptions['request'];
  sharing: Pick<ShareDialogOptions, 'company' | 'links'>;
}): Screen {
  const root = document.documentElement;
  const body = document.body;
  const settings = createSettings();
  const appearance = watchAppearance(settings);
  const language = () => languageFor(settings.now().language, navigator.languages);
  const spoken = language();
  speak(spoken);
  root.lang = spoken;
  // All that is said is made anew; the terminal itself lives elsewhere.
  settings.follow(() => language() === spoken || location.reload());

  // Before the terminal is fitted: the bar takes its first line.
  settings.follow(({ bar }) => {
    root.dataset.bar = bar ? 'shown' : 'hidden';
  });
  followViewport(root);
  const options = () => terminalOptions(settings.now(), appearance.now());
  const area = document.getElementById('terminal') ?? body;
  const view = createTerminal(area, options());
  const { terminal } = view;
  const back = () => terminal.focus();
  appearance.follow(({ scheme }) => {
    wear(scheme);
    view.apply(options());
  });
  const modify = followKeyRow(root, terminal, settings, () => notice.say(texts.partMissing));

  const edge = element('div', { class: 'edge' });
  body.append(edge);
  const ask = createQuestions(edge, back);
  const { copy, copyForProgram } = createCopying(settings, {
    ask,
    say: (text) => bar.say(text),
    identity: session.identity,
  });
  const history = createScrollbar(body, edge, terminal, session.scroll);
  const onDemand = createOnDemand(body, terminal, settings, session.finder, copy, session.own, session.sharing, () =>
    notice.say(texts.partMissing),
  );
  terminal.onData((typed) => {
    if (isFromKeyboard(typed)) onDemand.leaveFind();
  });
  const windows = createWindowTabs({
    root: body,
    request: session.requestWindow,
    ask,
    say: (text) => notice.say(text),
    back,
    onSwitched: onDemand.leaveFind,
    onMissing: () => notice.say(texts.partMissing),
  });
  const act = createActions({ terminal, settings, onDemand, copy, windows });
  const bar = createBar(body, act, windows.element);
  if (session.sharing.links === undefined) root.dataset.guest = '';
  showCompany(session.sharing.company, { bar, ask, open: onDemand.share });
  const tab = createTab();
  bindKeys(act, windows.select);
  sendControlKeys(terminal);
  const paste = guardPaste(terminal, onDemand.askPaste);
  followFullScreen(bar.fullScreen);

  const ownSelection = followOwnSelection(area, () => performance.now());
  terminal.loadAddon(
    clipboardAddon((text) => {
      if (!ownSelection.takes()) copyForProgram(text);
      else if (settings.now().copyOnSelect) copy(text);
    }),
  );
  followSelection(terminal, (text) => {
    if (settings.now().copyOnSelect) copy(text);
  });
  const touchMenu = createTouchMenu(body, {
    copy() {
      copy(terminal.getSelection());
      terminal.clearSelection();
    },
    // Pages without TLS have none, and some browsers let no page read it.
    ...('readText' in (navigator.clipboard ?? {}) && {
      paste: () => void navigator.clipboard.readText().then(paste, () => {}),
    }),
  });
  bindTouch(terminal, { onSelected: touchMenu.show, onReleased: touchMenu.hide });
  addLinks(terminal, bar.link);
  terminal.onTitleChange((title) => {
    tab.title(title);
    bar.title(title === '' ? '' : pageTitle(title));
  });
  const ring = createBell(root, settings, tab.name);
  terminal.onBell(() => {
    ring();
    tab.rang();
  });
  const notice = createNotice(edge, back);
  const welcome = createWelcome(edge, { help: onDemand.help, back });
  terminal.onData((typed) => {
    notice.read();
    if (isFromKeyboard(typed)) welcome.typed();
  });
  return {
    ...view,
    bar,
    tab,
    status: createStatusView(body, ({ type }) =>
      type === 'terminals' ? onDemand.terminals() : session.send({ type }),
    ),
    notice,
    windows,
    welcome,
    showLastLines: followLastLines(terminal, area),
    modify,
    history,
  };
}
