// Names of runs: made here, so that a request whose answer was lost can be sent again.

import { randomInt } from 'node:crypto';
import { Failure } from '../failure.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** 62 random bits, as common/runs.ts has them. */
export const makeRunId = (): string => Array.from({ length: 12 }, () => letters[randomInt(letters.length)]).join('');

/** `text` as a run's id. Throws when it cannot be one. */
export function readRunId(text: string): string {
  if (/^[a-z0-9]{8,32}$/.test(text)) return text;
  throw new Failure(`${text}: not the id of a run. \`warmterm ps\` lists yours.`);
}
