// Where a browser reaches a terminal: what the manager says, the host name that the page itself came from with the
// node port, or a template. Pure.

import type { Terminal } from '../common/manager-api.ts';

/** How addresses are written; `template` is an origin with placeholders. */
export type Addressing = { mode: 'manager' } | { mode: 'page' } | { mode: 'template'; template: string };

/** How the page was asked for, as far as the trusted proxies tell. IPv6 host names are in brackets. */
export type PageOrigin = { protocol: string; hostname: string };

const placeholders = ['name', 'pool', 'ordinal', 'host', 'port'] as const;
type Placeholder = (typeof placeholders)[number];

/** What WARMTERM_ADDRESS means, or, as a string, what is wrong with it. */
export function parseAddressing(text: string): Addressing | string {
  if (text === 'manager' || text === 'page') return { mode: text };
  const advice = 'must be manager, page, or a template such as https://{name}.example-terminals.net';
  const unknown = [...text.matchAll(/\{([^}]*)\}/g)].map((match) => match[1]).find((name) => !isPlaceholder(name));
  if (unknown !== undefined) {
    return `{${unknown}} is no placeholder: there are ${placeholders.map((name) => `{${name}}`).join(', ')}`;
  }
  const example = fill(text, { name: 'pool-0', pool: 'pool', ordinal: '0', host: '192.0.2.1', port: '30000' });
  // An origin and nothing more: socket.io would take a path for a namespace.
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
  // As an origin is written: without the port that the protocol implies.
  if (addressing.mode === 'manager') return new URL(`${protocol}://${bracketed(host)}:${port}`).origin;
  // A node port has no TLS, also where the page has it: such a page goes by the relay at once.
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
