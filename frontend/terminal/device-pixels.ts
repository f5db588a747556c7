// Whether the browser reports sizes in device pixels that fit its own `devicePixelRatio`. With device emulation Chromium reports
// those of the real screen: the WebGL renderer, which relies on them, would then draw text 2.6 times too large.

/** More than rounding explains, in device pixels. */
const tolerance = 4;

/** Resolves once `element` was measured. Browsers without the measure are taken to be right. */
export function hasTrueDevicePixels(element: Element): Promise<boolean> {
  return new Promise((resolve) => {
    const observer = new ResizeObserver(([entry]) => {
      observer.disconnect();
      const [device, css] = [entry?.devicePixelContentBoxSize?.[0], entry?.contentBoxSize[0]];
      if (!device || !css) return resolve(true);
      resolve(Math.abs(device.inlineSize - css.inlineSize * devicePixelRatio) <= tolerance);
    });
    try {
      observer.observe(element, { box: 'device-pixel-content-box' });
    } catch {
      resolve(true);
    }
  });
}
