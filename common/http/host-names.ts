// Which names a server may be asked by. A page of another site can have its own name resolve to this server's address (DNS
// rebinding): the browser then takes both for one site, and only the Host header tells them apart.

import type { RequestHandler } from 'express';
import { ServiceError } from '../errors.ts';

/** Tells whether the Host header of a request names this server. */
export type HostCheck = (host: string | undefined) => boolean;

const loopbackNames = ['localhost', '*.localhost', '[::1]'];

/** The check for a server that listens at `address`: its loopback names there, else `names`, else any name. */
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
 * Refuses requests by other names with 421 (RFC 9110, 15.5.20). `setting` is the one that allows more of them; `onRefused` gets the
 * sentence of each refusal.
 */
export const requireHost =
  (check: HostCheck, setting?: string, onRefused: (sentence: string) => void = () => {}): RequestHandler =>
  ({ headers: { host } }, _response, next) => {
    if (check(host)) return next();
    const sentence = unknownHost(host, setting);
    onRefused(sentence);
    throw new ServiceError('unknown-host', sentence);
  };

/** The error for a client that uses another name. */
export const unknownHost = (host = '', setting?: string): string =>
  `This server is not known as ${JSON.stringify(host.slice(0, 100))}.${setting ? ` ${setting} lists its names.` : ''}`;

/** Whether `text` is a name, an address or *.NAME, without a port. */
export const isHostPattern = (text: string): boolean =>
  /^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/i.test(text) || /^\[[0-9a-f:.]+\]$/i.test(text);

// In lower case, without the port and without the dot that may end a name.
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
