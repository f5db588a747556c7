// The manager's HTTP API over a model cluster, with a webserver's token that it accepts. No server listens yet.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createApp } from '../../manager/api/app.ts';
import { createAuthenticator } from '../../manager/api/authenticate.ts';
import { createLinks } from '../../manager/sharing/links.ts';
import { createTicketSigner } from '../../manager/tickets/keys.ts';
import { settle, silent, startManager } from './manager.ts';
import { ModelCluster } from './model-cluster.ts';
import { forgeToken } from './service-tokens.ts';

type ManagerAppOptions = { clock?: () => number; isReady?: () => boolean };

export async function createManagerApp({ clock = () => 0, isReady = () => true }: ManagerAppOptions = {}) {
  const model = new ModelCluster({ annotations: { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '3' } });
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const signer = await createTicketSigner(key);
  const manager = startManager(model, { clock, signer });
  await settle(model, manager);
  const webPod = { name: 'web-0', uid: 'web-uid' };
  const webToken = forgeToken({ pod: webPod });
  model.identities.set(webToken, { serviceAccount: 'web', pod: webPod });
  let reviews = 0;
  const reviewToken = (token: string) => {
    reviews++;
    return manager.port.reviewToken(token);
  };
  const app = createApp({
    ...manager,
    links: linksOf(manager, signer, clock),
    signer,
    authenticator: createAuthenticator({
      cluster: { reviewToken },
      clients: ['web'],
      namespace: 'ns',
      isTerminal: (uid) => manager.pools.podByUid(uid) !== undefined,
      clock: () => 0,
      monotonic: () => 0,
      delay: (_ms, signal) => (signal ? new Promise(() => {}) : Promise.resolve()),
      log: silent,
    }),
    log: silent,
    clock,
    version: '0.0.0',
    isReady,
  });
  return { app, model, manager, webToken, reviews: () => reviews };
}

/** Links to the terminals of `manager`. */
export const linksOf = (
  { pools, port }: Pick<ReturnType<typeof startManager>, 'pools' | 'port'>,
  signer: Parameters<typeof createLinks>[0]['signer'],
  clock: () => number,
) => createLinks({ pools, cluster: port, signer, clock, newId: () => randomBytes(16).toString('base64url') });
