// The key of a claim: the visitor's keyed hash for the terminal of the page, or the hash, a dot and a run's id for a run (runs.ts).
// Base64url has no dot, so the two forms cannot be confused. Pure.

import * as z from 'zod';
import { runIdPattern } from './run-id.ts';

const hash = '[A-Za-z0-9_-]{16,64}';
const runId = runIdPattern.source.slice(1, -1);

/** A keyed hash in base64url: what the cluster knows of a visitor. */
export const visitorSchema = z.string().regex(new RegExp(`^${hash}$`), 'must be a keyed hash in base64url');

/** Who claims: `<hash>` or `<hash>.<run>`. Each claimant has one terminal in each pool (inv 2). */
export const claimantSchema = z
  .string()
  .regex(
    new RegExp(`^${hash}(\\.${runId})?$`),
    'must be a keyed hash in base64url, with a dot and the id of a run after it or without',
  );

/** The claimant of the visitor's run, or of the page's terminal where there is no run. */
export const composeClaimant = (visitor: string, run?: string): string =>
  run === undefined ? visitor : `${visitor}.${run}`;

/** The visitor's hash of a claimant. */
export const ownerOf = (claimant: string): string => claimant.split('.', 1)[0]!;

/** The run of a claimant; undefined for the page's terminal. */
export function runOf(claimant: string): string | undefined {
  const dot = claimant.indexOf('.');
  return dot === -1 ? undefined : claimant.slice(dot + 1);
}
