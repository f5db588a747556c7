// Which sites may show the page in a frame (CSP level 3, frame-ancestors). Pure.

/** Sources in the policy's notation; 'none' when the list is empty. */
export type FrameAncestors = readonly string[];

/** What WARMTERM_FRAME_ANCESTORS means; undefined when it means nothing. */
export function parseFrameAncestors(text: string): FrameAncestors | undefined {
  if (text === 'none') return [];
  const sources = text.split(',').map((word) => word.trim());
  return sources.every(isSource) ? sources.map((source) => (source === 'self' ? "'self'" : source)) : undefined;
}

// An origin, in which a `*` may stand for the first labels of the host. Never for all of it: then any site could.
const isSource = (source: string): boolean =>
  source === 'self' || /^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?$/i.test(source);
