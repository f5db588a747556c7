// Full screen, in which the browser's own keys go to the shell too, where it lets us have them: Ctrl+W deletes a word
// instead of closing the tab, and Escape is the editor's (held down it leaves full screen).

// https://wicg.github.io/keyboard-lock/
type Keyboard = { lock?: () => Promise<void>; unlock?: () => void };

const keyboard = (): Keyboard | undefined => (navigator as { keyboard?: Keyboard }).keyboard;

export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) return document.exitFullscreen();
  try {
    await document.documentElement.requestFullscreen();
    await keyboard()?.lock?.();
  } catch {
    // The browser would rather not: the page stays as it is.
  }
}

export function followFullScreen(listener: (on: boolean) => void): void {
  document.addEventListener('fullscreenchange', () => {
    const on = document.fullscreenElement !== null;
    if (!on) keyboard()?.unlock?.();
    listener(on);
  });
}
