// What the page does about a challenge. Loaded when it is first put to one; another kind of challenge goes in here.

import type { Solution } from '../session/state.ts';
import { solveProofOfWork } from './proof-of-work.ts';

export const solve = (challenge: unknown, signal: AbortSignal): Promise<Solution> =>
  solveProofOfWork(challenge, nextTask, signal);

/** Not by a timer: in a tab that is out of sight these are slowed down. */
function nextTask(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
