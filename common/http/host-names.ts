// The host names that a server accepts. With DNS rebinding, another site's name resolves to this server's address. The browser then takes
// both for one site, and only the Host header tells them apart.

import type { RequestHandler } from 'express';
import { ServiceError } from '../errors.ts';

/** Whether the Host header of a request names this server. */
export type HostCheck = (host: string | undefined) => boolean;

const loopbackNames = ['localhost', '*.localhost', '[::1]'];

/** The check for a server that listens at `address`. Loopback: loopback names and `names`. Otherwise `names`, or any name without a list. */
export function createHostCheck(address: string | undefined, names: readonly string[] | undefined): HostCheck {
  const loopback = isLoopback(address);
  if (!loopback && names === undefined) return () => true;
  const allowed = [...(names ?? []), ...(loopback ? loopbackNames : [])].map(createNameCheck);
  return (host) => {
    const name = nameOf(host);
    return name !== undefined && ((loopback && isLoopback(name)) || allowed.some((matches) => matches(name)));
  };
}

/**
 * Refuses requests for other names with 421 (RFC 9110, 15.5.20). `setting` names the list of accepted names. `onRefused` gets the message
 * of each refusal.
 */
export const requireHost =
  (check: HostCheck, setting?: string, onRefused: (sentence: string) => void = () => {}): RequestHandler =>
  ({ headers: { host } }, _response, next) => {
    if (check(host)) return next();
    const sentence = unknownHostMessage(host, setting);
    onRefused(sentence);
    throw new ServiceError('unknown-host', sentence);
  };

/** The message for a client that uses another name. */
export const unknownHostMessage = (host = '', setting?: string): string =>
  `This server does not serve the host name ${JSON.stringify(host.slice(0, 100))}.${setting ? ` ${setting} lists the names that it serves.` : ''}`;

/** Whether `text` is a name, an address or *.NAME, without a port. */
export const isHostPattern = (text: string): boolean =>
  /^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(text) || /^\[[0-9a-f:.]+\]$/i.test(text);

// In lower case, without the port and without a final dot.
function nameOf(host: string | undefined): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[^:@/?#\s]+)(?::\d*)?$/i.exec(host ?? '') ?? [];
  return name?.toLowerCase().replace(/\.$/, '');
}

function createNameCheck(pattern: string): (name: string) => boolean {
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return (name) => name === wanted;
  return (name) => name.endsWith(wanted.slice(1)) && name.length > wanted.length - 1;
}

const isLoopback = (address: string | undefined): boolean =>
  address === 'localhost' || address === '::1' || /^127(\.\d{1,3}){3}$/.test(address ?? '');
