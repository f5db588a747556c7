// What the browser itself holds against a connection. It tells a script no more than that the connection failed, as it does of a
// network that blocks it.

import type { Barrier } from './session/state.ts';

const forbidden = new Set<string>();

document.addEventListener('securitypolicyviolation', ({ effectiveDirective, disposition, blockedURI }) => {
  if (effectiveDirective !== 'connect-src' || disposition !== 'enforce') return;
  if (URL.canParse(blockedURI)) forbidden.add(new URL(blockedURI).host);
});

/** Whether a policy has stopped a connection to the host of `url` before. The policy of a page never changes. */
export const policyForbids = (url: string): boolean => forbidden.has(new URL(url).host);

/** What is known against a connection to `url` before it is tried. */
export function knownBarrier(url: string): Barrier | undefined {
  if (policyForbids(url)) return 'policy';
  const { protocol, hostname } = new URL(url);
  return location.protocol === 'https:' && protocol === 'http:' && !isLoopback(hostname) ? 'insecure' : undefined;
}

/** What was in the way of a connection to `url` that has just failed; undefined where it was not the browser. */
export async function findBarrier(url: string): Promise<Barrier | undefined> {
  return knownBarrier(url) ?? ((await isLocalNetworkDenied(new URL(url).hostname)) ? 'local-network' : undefined);
}

// Chrome asks a person once, and then keeps to the answer. Browsers that do not ask know no such permission.
async function isLocalNetworkDenied(hostname: string): Promise<boolean> {
  const name = isLoopback(hostname) ? 'loopback-network' : 'local-network';
  const states = await Promise.all([name, 'local-network-access'].map(stateOf));
  return states.includes('denied');
}

const stateOf = (name: string): Promise<PermissionState | undefined> =>
  Promise.resolve()
    .then(() => navigator.permissions.query({ name: name as PermissionName }))
    .then(
      ({ state }) => state,
      () => undefined,
    );

const isLoopback = (hostname: string): boolean => hostname === '[::1]' || /^127\.|^(.*\.)?localhost$/.test(hostname);
