// Tells a copy that follows the visitor's own mouse from one that a program makes by itself. tmux copies what the visitor selects
// over the history in the same way as a program copies (OSC 52), so only the moment tells them apart. A program that copies in that
// moment puts its text in the place of the visitor's once; it cannot read the clipboard.

/** A copy follows the end of a selection within this time: tmux waits 350 ms for a third click, and the line may be slow. */
const followsMs = 2_000;

export type OwnSelection = {
  /** Whether a copy at this moment is the visitor's own. Each selection has one. */
  takes: () => boolean;
};

/** Follows the mouse over `element`. `now` in milliseconds. */
export function followOwnSelection(element: HTMLElement, now: () => number): OwnSelection {
  let until = 0;
  let from: { x: number; y: number } | undefined;
  element.addEventListener(
    'mousedown',
    ({ button, clientX, clientY }) => {
      from = button === 0 ? { x: clientX, y: clientY } : undefined;
    },
    { capture: true },
  );
  // The pointer may have left the terminal meanwhile.
  document.addEventListener(
    'mouseup',
    ({ button, clientX, clientY, detail }) => {
      if (button !== 0 || !from) return;
      const moved = from.x !== clientX || from.y !== clientY;
      from = undefined;
      if (moved || detail > 1) until = now() + followsMs;
    },
    { capture: true },
  );
  return {
    takes() {
      const own = now() < until;
      until = 0;
      return own;
    },
  };
}
