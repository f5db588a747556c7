// The sites that may show the page in a frame (CSP level 3, frame-ancestors). Pure.

/** Sources in the policy's notation. Empty: 'none'. */
export type FrameAncestors = readonly string[];

/** Parses WARMTERM_FRAME_ANCESTORS; undefined if invalid. */
export function parseFrameAncestors(text: string): FrameAncestors | undefined {
  if (text === 'none') return [];
  const sources = text.split(',').map((word) => word.trim());
  return sources.every(isSource) ? sources.map((source) => (source === 'self' ? "'self'" : source)) : undefined;
}

// An origin, in which `*` may replace the first labels of the host, but not all of it: that would allow any site.
const isSource = (source: string): boolean =>
  source === 'self' || /^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(source);
