// Who asks: the administrator with the kubeconfig's token, or nobody. There are no roles: the administrator may do all,
// a service account's token is for the manager and is refused here, an anonymous request may ask how the server is.
// kubectl sends no token over plain HTTP (client-go, clientcmd: only over TLS), so the server's URL in the kubeconfig
// has the token as its first path segment too. The API is for this machine's user: the network is its loopback, which
// pods share, so that an open door would be theirs too.

import { timingSafeEqual } from 'node:crypto';
import { ApiError } from './status.ts';

export type Asked = {
  method: string;
  path: string;
  resource?: { plural: string; group: string } | undefined;
  subresource?: string | undefined;
  namespace?: string | undefined;
  name?: string | undefined;
  watch?: boolean;
};

const open = /^\/(healthz|livez|readyz|version)(\/|$)/;

/** The path without the token in front, and whether it was there. */
export function openDoor(path: string, adminToken: string): { path: string; admin: boolean } {
  const [, first = ''] = path.split('/', 2);
  return isSame(first, adminToken)
    ? { path: path.slice(first.length + 1) || '/', admin: true }
    : { path, admin: false };
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Returns when the request may go on; throws 401 for a wrong token, 403 for none. */
export function authorize(header: string | undefined, adminToken: string, asked: Asked): void {
  const token = /^bearer +(.+)$/i.exec(header ?? '')?.[1]?.trim();
  if (token !== undefined) {
    if (isSame(token, adminToken)) return;
    throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  }
  if (open.test(asked.path)) return;
  throw anonymous(asked);
}

function anonymous({ method, path, resource, subresource, namespace, name, watch }: Asked): ApiError {
  const user = 'User "system:anonymous" cannot';
  if (!resource) return new ApiError(403, 'Forbidden', `forbidden: ${user} ${method.toLowerCase()} path "${path}"`, {});
  const { plural, group } = resource;
  const verb = verbFor(method, name !== undefined, watch ?? false);
  const what = `resource "${plural}${subresource ? `/${subresource}` : ''}" in API group "${group}"`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const about = `${plural}${group && `.${group}`}${name === undefined ? '' : ` "${name}"`}`;
  const details = { ...(name && { name }), ...(group && { group }), kind: plural };
  return new ApiError(403, 'Forbidden', `${about} is forbidden: ${user} ${verb} ${what} ${where}`, details);
}

function verbFor(method: string, named: boolean, watch: boolean): string {
  if (method === 'GET') return watch ? 'watch' : named ? 'get' : 'list';
  if (method === 'DELETE') return named ? 'delete' : 'deletecollection';
  return { POST: 'create', PUT: 'update', PATCH: 'patch' }[method] ?? method.toLowerCase();
}
