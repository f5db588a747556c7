// The client's exit code for a run's end: the command's own, or by the convention of docker, env and timeout. Pure.

import { constants } from 'node:os';
import type { RunExit } from '../../common/runs.ts';
import { ownFailure } from '../failure.ts';

export const exitCodes = { timeout: 124, notExecutable: 126, notFound: 127, signal: 128 } as const;

/** `reason`: a line for stderr, if the code alone is not enough. */
export type Outcome = { code: number; reason?: string };

export function outcomeOf({ code, signal, cause, message }: RunExit): Outcome {
  switch (cause) {
    case 'timeout':
      return { code: exitCodes.timeout, reason: message ?? 'the command took longer than --timeout allows' };
    case 'not-found':
      return { code: exitCodes.notFound, reason: message ?? 'there is no such command' };
    case 'not-executable':
      return { code: exitCodes.notExecutable, reason: message ?? 'the command cannot be executed' };
    case 'terminal':
      return { code: ownFailure, reason: message ?? 'the terminal ended before the command did' };
    case 'abandoned':
      return { code: ownFailure, reason: message ?? 'the command was ended because its client was away for too long' };
  }
  if (signal !== undefined) {
    const number = constants.signals[signal as NodeJS.Signals];
    if (number !== undefined) return { code: exitCodes.signal + number };
    return { code: ownFailure, reason: `the command was ended by ${signal}` };
  }
  if (code !== undefined) return { code };
  return { code: ownFailure, reason: message ?? 'the terminal does not say how the command ended' };
}
