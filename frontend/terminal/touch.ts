// Fingers on the terminal: a drag turns the wheel, whoever listens to it (tmux, an editor); a long press selects a word,
// and dragging on from there selects more. A tap is a click, as browsers have it.

import type { Terminal } from '@xterm/xterm';
import { wordAt } from './word.ts';

const longPressMs = 450;
/** So far a finger may stray and still be at rest. */
const restPx = 10;
/** What turns the wheel by one: tmux goes on by five lines for it, most programs by three. */
const rowsPerTurn = 3;

type Cell = { column: number; row: number };

export type TouchPorts = {
  /** Something was selected; `y` in pixels from the top of the window. */
  onSelected: (y: number) => void;
  /** It is no longer. */
  onReleased: () => void;
};

export function bindTouch(terminal: Terminal, { onSelected, onReleased }: TouchPorts): void {
  const screen = terminal.element?.querySelector<HTMLElement>('.xterm-screen');
  const area = terminal.element?.parentElement;
  if (!screen || !area) return;

  let at = { x: 0, y: 0 };
  let timer: ReturnType<typeof setTimeout> | undefined;
  let gesture: 'none' | 'pressing' | 'scrolling' | 'selecting' = 'none';
  let anchor: { row: number; from: number; to: number } | undefined;

  const cellHeight = () => screen.clientHeight / terminal.rows;

  function cellAt({ x, y }: typeof at): Cell {
    const box = screen?.getBoundingClientRect() ?? new DOMRect();
    const within = (value: number, end: number) => Math.min(end - 1, Math.max(0, Math.floor(value)));
    return {
      column: within(((x - box.left) / box.width) * terminal.cols, terminal.cols),
      row: within((y - box.top) / cellHeight(), terminal.rows) + terminal.buffer.active.viewportY,
    };
  }

  function shown(row: number): string[] {
    const line = terminal.buffer.active.getLine(row);
    const cells: string[] = [];
    for (let column = 0; column < terminal.cols; column++) {
      const cell = line?.getCell(column);
      // The right half of a wide character is the character too.
      cells.push(cell?.getWidth() === 0 ? (cells[column - 1] ?? '') : (cell?.getChars() ?? ''));
    }
    return cells;
  }

  function selectWord(): void {
    gesture = 'selecting';
    const { column, row } = cellAt(at);
    anchor = { row, ...wordAt(shown(row), column) };
    terminal.select(anchor.from, row, anchor.to - anchor.from + 1);
  }

  function selectTo(to: Cell): void {
    if (!anchor) return;
    const index = (column: number, row: number) => row * terminal.cols + column;
    const from = Math.min(index(anchor.from, anchor.row), index(to.column, to.row));
    const end = Math.max(index(anchor.to, anchor.row), index(to.column, to.row));
    terminal.select(from % terminal.cols, Math.floor(from / terminal.cols), end - from + 1);
  }

  function scrollTo(y: number): void {
    const step = rowsPerTurn * cellHeight();
    for (let moved = at.y - y; Math.abs(moved) >= step; moved = at.y - y) {
      at.y -= Math.sign(moved) * step;
      const deltaY = Math.sign(moved);
      screen?.dispatchEvent(
        new WheelEvent('wheel', {
          deltaY,
          deltaMode: WheelEvent.DOM_DELTA_LINE,
          clientX: at.x,
          clientY: y,
          bubbles: true,
          cancelable: true,
        }),
      );
    }
  }

  area.addEventListener('touchstart', ({ touches }) => {
    clearTimeout(timer);
    const [touch] = touches;
    if (!touch || touches.length > 1) {
      gesture = 'none';
      return;
    }
    at = { x: touch.clientX, y: touch.clientY };
    gesture = 'pressing';
    timer = setTimeout(selectWord, longPressMs);
  });
  area.addEventListener(
    'touchmove',
    (event) => {
      const [touch] = event.touches;
      if (!touch || gesture === 'none') return;
      if (event.cancelable) event.preventDefault();
      const to = { x: touch.clientX, y: touch.clientY };
      if (gesture === 'pressing' && Math.hypot(to.x - at.x, to.y - at.y) > restPx) {
        clearTimeout(timer);
        gesture = 'scrolling';
      }
      if (gesture === 'scrolling') scrollTo(to.y);
      if (gesture === 'selecting') selectTo(cellAt(to));
    },
    { passive: false },
  );
  area.addEventListener(
    'touchend',
    (event) => {
      clearTimeout(timer);
      if (gesture === 'selecting') {
        // Else the browser makes a click of it.
        event.preventDefault();
        onSelected(event.changedTouches[0]?.clientY ?? at.y);
      } else if (gesture === 'pressing') {
        terminal.clearSelection();
        onReleased();
      }
      gesture = 'none';
    },
    { passive: false },
  );
  area.addEventListener('touchcancel', () => {
    clearTimeout(timer);
    gesture = 'none';
  });
  // The browser's own menu of a long press knows nothing of what is selected here.
  area.addEventListener('contextmenu', (event) => {
    if (gesture !== 'none') event.preventDefault();
  });
}
