// Random ids signed by us: `kind.id.signature`, HMAC-SHA-256 with one of several secrets. The client chooses the random part, 128 bits, so
// it stays the same visitor when it repeats a request. Pure.

import { createHmac, timingSafeEqual } from 'node:crypto';

/** The storage of an id: shared by all tabs of a browser, or of one tab. */
export type Kind = 'browser' | 'tab';

/** A visitor's id, and the secret that signs it. */
export type SignedId = { kind: Kind; id: string; secret: string };

/** The id that `text` proposes as `new.id`. */
export function readProposal(text: unknown, kind: Kind, secret: string): SignedId | undefined {
  const match = typeof text === 'string' ? /^new\.([\w-]{22})$/.exec(text) : null;
  return match?.[1] === undefined ? undefined : { kind, id: match[1], secret };
}

export function writeSignedId({ kind, id, secret }: SignedId): string {
  const content = `${kind}.${id}`;
  return `${content}.${sign(secret, content).toString('base64url')}`;
}

/**
 * The id in `text`, if one of `secrets` signed it. It keeps that secret while the secret is in the list, so values derived from it stay
 * the same when secrets rotate.
 */
export function readSignedId(text: unknown, secrets: readonly string[]): SignedId | undefined {
  const match = typeof text === 'string' ? /^(browser|tab)\.([\w-]{22})\.([\w-]{43})$/.exec(text) : null;
  if (!match) return undefined;
  const [, kind, id = '', signature = ''] = match;
  const given = Buffer.from(signature, 'base64url');
  const secret = secrets.find((one) => timingSafeEqual(sign(one, `${kind}.${id}`), given));
  return secret === undefined ? undefined : { kind: kind as Kind, id, secret };
}

const sign = (secret: string, content: string) => createHmac('sha256', secret).update(`visitor:${content}`).digest();
