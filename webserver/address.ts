// The address at which a browser reaches a terminal: the manager's, the page's own host name with the node port, or a template. Pure.

import type { Terminal } from '../common/manager-api.ts';

/** The source of addresses. `template` is an origin with placeholders. */
export type Addressing = { mode: 'manager' } | { mode: 'page' } | { mode: 'template'; template: string };

/** The page's scheme and host as the browser sees them, by the headers of trusted proxies. IPv6 host names are in brackets. */
export type PageOrigin = { protocol: string; hostname: string };

const placeholders = ['name', 'pool', 'ordinal', 'host', 'port'] as const;
type Placeholder = (typeof placeholders)[number];

/** Parses WARMTERM_ADDRESS. Returns a string with the problem if it is invalid. */
export function parseAddressing(text: string): Addressing | string {
  if (text === 'manager' || text === 'page') return { mode: text };
  const advice = 'must be manager, page, or a template such as https://{name}.example-terminals.net';
  const unknown = [...text.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]).find((name) => !isPlaceholder(name));
  if (unknown !== undefined) {
    return `{${unknown}} is not a placeholder. Use ${placeholders.map((name) => `{${name}}`).join(', ')}`;
  }
  const example = fill(text, { name: 'pool-0', pool: 'pool', ordinal: '0', host: '192.0.2.1', port: '30000' });
  // Only an origin: socket.io would take a path for a namespace.
  if (!/^https?:/.test(example) || !URL.canParse(example)) return advice;
  const url = new URL(example);
  if (url.pathname !== '/' || text.endsWith('/') || url.search || url.hash || url.username) {
    return 'must be an origin: a scheme, a host and perhaps a port, with nothing after them';
  }
  return { mode: 'template', template: text };
}

/** Origin of the socket of `terminal`, such as `http://192.0.2.7:30123`. */
export function terminalUrl(
  addressing: Addressing,
  terminal: Pick<Terminal, 'name' | 'pool' | 'address'>,
  page: Pick<PageOrigin, 'hostname'>,
): string {
  const { protocol, host, port } = terminal.address;
  // In the form of an origin: without the scheme's default port.
  if (addressing.mode === 'manager') return new URL(`${protocol}://${bracketed(host)}:${port}`).origin;
  // Node ports have no TLS, even if the page does. An https page uses the relay at once.
  if (addressing.mode === 'page') return `${protocol}://${bracketed(page.hostname)}:${port}`;
  return fill(addressing.template, {
    name: terminal.name,
    pool: terminal.pool,
    ordinal: /\d+$/.exec(terminal.name)?.[0] ?? '',
    host: bracketed(host),
    port: String(port),
  });
}

const isPlaceholder = (name: string | undefined): name is Placeholder => placeholders.includes(name as Placeholder);

const fill = (template: string, values: Record<Placeholder, string>) =>
  template.replace(/\{(\w+)\}/g, (_, name: Placeholder) => values[name]);

const bracketed = (host: string) => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);
