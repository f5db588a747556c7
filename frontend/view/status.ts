// Puts the state of the session on the screen: a line or a dialog over the terminal, with a countdown and a button.

import type { State } from '../session/state.ts';
import { texts } from '../texts.ts';
import { button, element } from './element.ts';
import { type ButtonEvent, countdownText, type Message, messageFor } from './message.ts';
import { createTicker } from './ticker.ts';

export type StatusView = {
  show: (state: State) => void;
  /** Somebody types while nothing can be sent: says so at once. */
  nudge: () => void;
};

/** Adds the view to `root`. `send` is called by its button. */
export function createStatusView(root: HTMLElement, send: (event: { type: ButtonEvent }) => void): StatusView {
  const title = element('h1', { id: 'status-title' });
  const detail = element('p', { class: 'detail', id: 'status-detail' });
  const outcome = element('p', { class: 'outcome', id: 'status-outcome' });
  // Focusable, so that it can be scrolled by keys.
  const output = element('pre', { class: 'output', tabindex: '0', hidden: '' });
  const cause = element('p', {});
  const more = element('details', { class: 'more', hidden: '' }, element('summary', {}, texts.details), cause);
  const count = element('p', { class: 'countdown', 'aria-hidden': 'true' });
  const actions = element('div', { class: 'actions' });
  const card = element(
    'section',
    {
      class: 'status',
      'aria-labelledby': 'status-title',
      'aria-describedby': 'status-detail status-outcome',
      hidden: '',
    },
    element('span', { class: 'pulse', 'aria-hidden': 'true' }),
    element('div', { class: 'words' }, title, detail, outcome, output, count, more),
    actions,
  );
  // Said once for each state; the countdown is not read out every second.
  const announcer = element('p', { class: 'announcer', role: 'status' });
  root.append(card, announcer);

  // The terminal leaves so much room for what is said of its end.
  new ResizeObserver(() => {
    root.style.setProperty('--foot', `${card.offsetHeight}px`);
  }).observe(card);

  let until: number | undefined;
  const ticker = createTicker(() => {
    count.textContent = until === undefined ? '' : countdownText(until - Date.now());
  });

  function show(state: State): void {
    const message = messageFor(state);
    card.hidden = message === undefined;
    until = message?.until;
    ticker.run(until !== undefined);
    if (!message) {
      card.classList.remove('nudged');
      announcer.textContent = '';
      return;
    }
    card.dataset.kind = message.kind;
    if (message.kind === 'dialog') card.setAttribute('role', 'alertdialog');
    else card.removeAttribute('role');
    title.textContent = message.title;
    detail.textContent = message.detail ?? '';
    outcome.textContent = message.outcome?.text ?? '';
    more.hidden = message.cause === undefined;
    if (cause.textContent !== (message.cause ?? '')) cause.textContent = message.cause ?? '';
    outcome.dataset.lost = String(message.outcome?.lost ?? false);
    showOutput(message.output);
    const said = message.said ?? [message.title, message.detail, message.outcome?.text].filter(Boolean).join('. ');
    if (announcer.textContent !== said) announcer.textContent = said;
    showAction(message.button);
    root.style.setProperty('--foot', `${card.offsetHeight}px`);
  }

  function showOutput(shown: Message['output']): void {
    output.hidden = shown === undefined;
    output.setAttribute('aria-label', shown?.label ?? '');
    if (output.textContent === (shown?.text ?? '')) return;
    output.textContent = shown?.text ?? '';
    output.scrollTop = output.scrollHeight;
  }

  function showAction(action: Message['button']): void {
    // The same button stays the same element: it may have the focus.
    if (actions.firstChild?.textContent === action?.label) return;
    actions.replaceChildren();
    if (!action) return;
    const made = button(action.label, () => send({ type: action.sends }));
    actions.append(made);
    if (action.sends !== 'renew') return;
    // Nothing can be typed into the terminal any more: Enter now means the button.
    actions.append(element('span', { class: 'hint' }, texts.orEnter));
    made.focus();
  }

  return {
    show,
    nudge() {
      if (card.hidden) return;
      card.classList.add('nudged');
      if (card.dataset.kind === 'line') detail.textContent = texts.notSent;
    },
  };
}
