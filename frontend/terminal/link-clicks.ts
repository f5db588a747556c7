// Which clicks open a link. xterm.js activates a link at every release of a button over it: also of the right or middle button, at the
// end of a drag, and twice for a double click. Pure.

/** Of a MouseEvent. */
export type Click = {
  /** 1 for a click, 2 for the second one of a double click. */
  detail: number;
  button: number;
  clientX: number;
  clientY: number;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
};

export type LinkClickPorts = {
  open: (uri: string) => void;
  /** Runs `run` after `ms` milliseconds; the result cancels that. */
  later: (run: () => void, ms: number) => () => void;
};

/** A pointer that moves farther between press and release selects, in pixels. */
const clickPx = 4;
/** A second press within this time makes a double click, which selects a word. */
const doubleClickMs = 300;

export function createLinkClicks({ open, later }: LinkClickPorts) {
  let press: Click | undefined;
  let cancel = () => {};

  return {
    /** A button was pressed anywhere in the terminal. */
    pressed(event: Click): void {
      cancel();
      press = event;
    },
    /** A button was released over a link to `uri`. */
    activated(event: Click, uri: string): void {
      if (!press || !/^https?:/i.test(uri)) return;
      const moved = Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY);
      if (
        event.detail > 1 ||
        press.button !== 0 ||
        event.button !== 0 ||
        event.shiftKey ||
        event.altKey ||
        moved > clickPx
      )
        return;
      // A click with Ctrl or Cmd does not begin a selection.
      if (event.ctrlKey || event.metaKey) open(uri);
      else cancel = later(() => open(uri), doubleClickMs);
    },
  };
}
