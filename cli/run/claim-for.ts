// Claims a terminal for a command, and shows the wait for it. What is given up meanwhile leaves nothing behind.

import type { Opened } from '../../common/terminals-api.ts';
import type { Api, Target } from '../api/api.ts';
import { claim } from '../api/claim.ts';
import { describeQueue, type Say } from '../say.ts';

export async function claimFor(
  { api, say }: { api: Api; say: Say },
  target: Target,
  signal: AbortSignal,
): Promise<Opened> {
  let queued = false;
  try {
    return await claim(
      {
        api,
        solve: async (challenge, aborted) => (await import('../api/solve-challenge.ts')).solve(challenge, aborted),
        onQueue(waiting) {
          queued = waiting !== undefined;
          if (waiting) say.progress(describeQueue(waiting));
          else say.clear();
        },
        onRetry: (why) => say.progress(`${why} Trying again`),
        onSolving: () => say.progress('your network is busy: solving a challenge'),
      },
      target,
      signal,
    );
  } catch (error) {
    say.clear();
    if (signal.aborted) {
      // The answer may have been under way: a run's terminal is nobody else's.
      const left = [queued && api.leave(target), target.run !== undefined && api.end(target)];
      await Promise.allSettled(left);
    }
    throw error;
  }
}
