// Keeps the page within what is to be seen of it: a keyboard on the screen makes that smaller, and on some phones only
// visualViewport tells.

/** Sets `--view-top` and `--view-height` on `root`. */
export function followViewport(root: HTMLElement): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  const follow = () => {
    // Whoever zooms in wants to see a part of it larger, not all of it smaller.
    if (Math.abs(viewport.scale - 1) > 0.01) return;
    root.style.setProperty('--view-top', `${viewport.offsetTop}px`);
    root.style.setProperty('--view-height', `${viewport.height}px`);
  };
  viewport.addEventListener('resize', follow);
  viewport.addEventListener('scroll', follow);
}
