// Random ids that we can recognise as ours: `id.issued.signature`, HMAC-SHA-256 with one of several secrets. Pure but
// for the randomness.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A visitor's id, when it was last written (seconds since 1970), and the secret that signs it. */
export type SignedId = { id: string; issued: number; secret: string };

/** A new id of 128 random bits. */
export const newId = (secret: string, issued: number): SignedId => ({
  id: randomBytes(16).toString('base64url'),
  issued,
  secret,
});

export function writeSignedId({ id, issued, secret }: SignedId): string {
  const content = `${id}.${issued}`;
  return `${content}.${sign(secret, content).toString('base64url')}`;
}

/**
 * What `text` holds, if one of `secrets` signed it. It keeps that secret for as long as the secret is in the list:
 * what is derived from it stays the same while secrets rotate.
 */
export function readSignedId(text: unknown, secrets: readonly string[]): SignedId | undefined {
  const match = typeof text === 'string' ? /^([\w-]{22})\.(\d{1,12})\.([\w-]{43})$/.exec(text) : null;
  if (!match) return undefined;
  const [, id = '', issued = '', signature = ''] = match;
  const given = Buffer.from(signature, 'base64url');
  const secret = secrets.find((one) => timingSafeEqual(sign(one, `${id}.${issued}`), given));
  return secret === undefined ? undefined : { id, issued: Number(issued), secret };
}

const sign = (secret: string, content: string) => createHmac('sha256', secret).update(`cookie:${content}`).digest();
