import { randomBytes } from 'node:crypto';

/** An id as a new visitor's client proposes it. */
export const proposedId = (): string => `new.${randomBytes(16).toString('base64url')}`;
