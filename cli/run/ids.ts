// Ids of runs. The client creates them, so that it can repeat a request whose answer was lost.

import { randomInt } from 'node:crypto';
import { Failure } from '../failure.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** 62 random bits, in the form of common/runs.ts. */
export const makeRunId = (): string => Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join('');

/** Parses the id of a run. Throws if invalid. */
export function readRunId(text: string): string {
  if (/^[a-z0-9]{8,32}$/.test(text)) return text;
  throw new Failure(`${text}: not the id of a run. \`warmterm ps\` lists yours.`);
}
