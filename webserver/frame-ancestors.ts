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

/** Whether a page at `site` may show it, for all that its address tells: `self` is not looked at. */
export const mayFrame = (ancestors: FrameAncestors, site: URL): boolean =>
  ancestors.some((source) => source !== "'self'" && matches(source, site));

// CSP level 3, 6.7.2.8. A source with http matches https too.
function matches(source: string, site: URL): boolean {
  const [, scheme = '', host = '', port = ''] = /^(https?):\/\/([^:]+):?(\d*)$/i.exec(source.toLowerCase()) ?? [];
  if (site.protocol !== `${scheme}:` && !(scheme === 'http' && site.protocol === 'https:')) return false;
  const isHost = host.startsWith('*.') ? site.hostname.endsWith(host.slice(1)) : site.hostname === host;
  return isHost && portOf(site.port, site.protocol) === portOf(port, site.protocol);
}

const portOf = (port: string, protocol: string): string => port || (protocol === 'https:' ? '443' : '80');
