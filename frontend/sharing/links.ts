// Requests of the owner about links to the terminal.

import type { Link, LinkRequest } from '../../common/manager-api.ts';
import type { paths } from '../../common/terminals-api.ts';
import { call } from '../identity/call.ts';

// As in common/terminals-api.ts, whose types are checked; its code would bring all of zod along.
const path: typeof paths.links = '/api/terminals/current/links';

export type LinkWish = Pick<LinkRequest, 'role' | 'expiresInMs'>;

/** Makes a link to the visitor's terminal. Rejects when that fails. */
export async function makeLink(wish: LinkWish, pool: string | null): Promise<Link> {
  const body = JSON.stringify({ ...wish, ...(pool !== null && { pool }) });
  const response = await call(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (!response.ok) throw new Error(`POST ${path}: ${response.status}`);
  return response.json() as Promise<Link>;
}

/** Ends all links to the visitor's terminal. Rejects when that fails. */
export async function endLinks(pool: string | null): Promise<void> {
  const query = pool === null ? '' : `?pool=${encodeURIComponent(pool)}`;
  const response = await call(path + query, { method: 'DELETE' });
  if (!response.ok) throw new Error(`DELETE ${path}: ${response.status}`);
}
