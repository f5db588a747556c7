// Where the screen is in the terminal's history: a scrollbar at the right edge, and while it is scrolled a button back to the prompt.
// tmux keeps the history, so the terminal scrolls and this only asks.

import type { Terminal } from '@xterm/xterm';
import type { HistoryView } from '../../common/socket.ts';
import { texts } from '../texts.ts';
import { element } from './element.ts';
import { icon } from './icons.ts';

/** Resolves once the screen is at `position`, in lines above the prompt, or cannot go there. */
export type Scroll = (position: number) => Promise<void>;

/** Shows `view`; undefined hides all of it. */
export type Scrollbar = (view: HistoryView | undefined, mayScroll: boolean) => void;

/** Adds the scrollbar to `root` and the button to `edge`. */
export function createScrollbar(root: HTMLElement, edge: HTMLElement, terminal: Terminal, scroll: Scroll): Scrollbar {
  const thumb = element('div', { class: 'scroll-thumb' });
  const bar = element(
    'div',
    {
      class: 'scrollbar',
      role: 'scrollbar',
      tabindex: '0',
      hidden: '',
      'aria-label': texts.history.label,
      'aria-controls': 'terminal',
      'aria-orientation': 'vertical',
      'aria-valuemin': '0',
    },
    thumb,
  );
  const back = element(
    'button',
    { type: 'button', class: 'to-prompt', hidden: '' },
    icon('toPrompt'),
    texts.history.back,
  );
  root.append(element('section', { 'aria-label': texts.history.label }, bar));
  edge.prepend(back);

  let lines = 0;
  /** What is shown, and what the terminal has said last. */
  let position = 0;
  let told = 0;
  let mayScroll = false;
  let dragging = false;

  // One request is on its way at a time; of the positions in between only the last one matters.
  let wanted: number | undefined;
  let asking = false;

  async function ask(to: number): Promise<void> {
    wanted = Math.max(0, Math.min(lines, Math.round(to)));
    show(wanted);
    if (asking) return;
    asking = true;
    while (wanted !== undefined) {
      const next: number = wanted;
      wanted = undefined;
      await scroll(next);
    }
    asking = false;
    settle();
  }

  // Until what was asked for is there, the thumb stays where it was put.
  function settle(): void {
    if (!dragging && !asking) show(Math.min(lines, told));
  }

  function leave(): void {
    void ask(0);
    terminal.focus();
  }

  function show(at: number): void {
    position = at;
    const rows = terminal.rows;
    bar.hidden = lines === 0;
    bar.classList.toggle('scrolled', at > 0);
    bar.setAttribute('aria-valuemax', String(lines));
    bar.setAttribute('aria-valuenow', String(lines - at));
    bar.setAttribute('aria-valuetext', texts.history.position(at));
    thumb.style.setProperty('--size', String(rows / (lines + rows)));
    thumb.style.setProperty('--at', String(lines === 0 ? 1 : (lines - at) / lines));
    if (at === 0 && document.activeElement === back) terminal.focus();
    back.hidden = at === 0 || !mayScroll;
  }

  /** Where on the screen the pointer took the thumb, in pixels from its top. */
  let grip = 0;
  function positionAt(y: number): number {
    const track = bar.getBoundingClientRect();
    const room = track.height - thumb.offsetHeight;
    const part = room <= 0 ? 1 : (y - grip - track.top) / room;
    return (1 - Math.max(0, Math.min(1, part))) * lines;
  }

  bar.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !mayScroll) return;
    const { top, bottom, height } = thumb.getBoundingClientRect();
    const onThumb = event.clientY >= top && event.clientY <= bottom;
    grip = onThumb ? event.clientY - top : height / 2;
    dragging = true;
    bar.setPointerCapture(event.pointerId);
    if (!onThumb) void ask(positionAt(event.clientY));
  });
  // The focus stays in the terminal.
  for (const part of [bar, back]) part.addEventListener('mousedown', (event) => event.preventDefault());
  bar.addEventListener('pointermove', ({ clientY }) => {
    if (dragging) void ask(positionAt(clientY));
  });
  for (const type of ['pointerup', 'pointercancel'] as const) {
    bar.addEventListener(type, () => {
      dragging = false;
      settle();
    });
  }
  back.addEventListener('click', leave);

  const page = () => Math.max(1, terminal.rows - 1);
  const moves: Record<string, () => number> = {
    ArrowUp: () => position + 1,
    ArrowDown: () => position - 1,
    PageUp: () => position + page(),
    PageDown: () => position - page(),
    Home: () => lines,
    End: () => 0,
  };
  bar.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const move = moves[event.key];
    if (event.key === 'Escape') leave();
    else if (move && mayScroll) void ask(move());
    else return;
    event.preventDefault();
  });
  // As in other terminals. xterm.js would scroll a history of its own, which it does not have.
  terminal.element?.addEventListener(
    'keydown',
    (event) => {
      const isPage = event.key === 'PageUp' || event.key === 'PageDown';
      if (!isPage || !event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
      if (lines === 0 || !mayScroll) return;
      event.preventDefault();
      event.stopPropagation();
      void ask(position + (event.key === 'PageUp' ? page() : -page()));
    },
    { capture: true },
  );

  return (view, may) => {
    mayScroll = may;
    lines = view?.lines ?? 0;
    bar.setAttribute('aria-disabled', String(!may));
    told = view?.position ?? 0;
    settle();
  };
}
