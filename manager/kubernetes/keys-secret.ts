// The installation's keys, in a Secret that the manager creates once. The chart does not render them: `helm template` would generate
// new ones each time, and a rollback would restore old ones.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { ServiceError } from '../../common/errors.ts';
import type { ObjectMeta } from './objects.ts';
import { type Transport, unless } from './transport.ts';

/** The values of the Secret, by key. */
export type Keys = Record<'signing-key.pem' | 'visitor-secret' | 'host-token', string>;

type RawSecret = { metadata: ObjectMeta; data?: Record<string, string> };

/** New keys: an Ed25519 key in PKCS #8, 32 random bytes for visitor ids, and 16 for the host page. */
export function generateKeys(): Keys {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    'signing-key.pem': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'visitor-secret': randomBytes(32).toString('base64url'),
    'host-token': randomBytes(16).toString('base64url'),
  };
}

// An attempt fails only if another manager wrote the Secret meanwhile, and then no write is needed any more.
const attempts = 5;

/**
 * The keys in the Secret `name`. Creates the Secret if it is absent, and adds missing keys. Never changes an existing key. If several
 * managers start at once, one writes and all return what it wrote.
 */
export async function ensureKeys(transport: Transport, name: string, generate = generateKeys): Promise<Keys> {
  const path = `/api/v1/namespaces/${transport.namespace}/secrets`;
  const at = `${path}/${name}`;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const found = await unless([404], transport.request<RawSecret>({ method: 'GET', path: at }));
    const generated = Object.entries(generate());
    const missing = generated.filter(([key]) => !found?.data?.[key]);
    if (found && missing.length === 0) return decode(found);
    const data = Object.fromEntries(missing.map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
    const written = found ? await addKeys(transport, at, found, data) : await createSecret(transport, path, name, data);
    if (written) return decode(written);
  }
  throw new ServiceError('conflict', `The Secret ${name} changes at each attempt to write it.`);
}

/** Undefined when the Secret was changed or deleted. */
function addKeys(transport: Transport, path: string, { metadata }: RawSecret, data: Record<string, string>) {
  const { uid, resourceVersion } = metadata;
  const body = { metadata: { uid, resourceVersion }, data };
  const contentType = 'application/merge-patch+json';
  return unless([404, 409], transport.request<RawSecret>({ method: 'PATCH', path, contentType, body }));
}

/** Undefined when another manager was first. */
function createSecret(transport: Transport, path: string, name: string, data: Record<string, string>) {
  // No label by which a GitOps controller tracks its objects: it would delete a Secret that is not in Git.
  const metadata = { name, labels: { 'app.kubernetes.io/part-of': 'warmterm' } };
  const body = { kind: 'Secret', apiVersion: 'v1', type: 'Opaque', metadata, data };
  return unless([409], transport.request<RawSecret>({ method: 'POST', path, body }));
}

const decode = ({ data }: RawSecret): Keys =>
  Object.fromEntries(
    Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  ) as Keys;
