// Records the estimates that a waiting visitor gets, and checks that the expected end never rises without a cause.

import type { Promised, WaitCause, Waiting } from '../../common/manager-api.ts';
import { describeWaiting } from '../../manager/api/describe-waiting.ts';
import type { QueuePosition } from '../../manager/queue/estimate.ts';

// Answers are in whole seconds.
const roundingMs = 1_000;

export class ToldVisitor {
  #promised: Promised | undefined;
  /** The earliest promised end that no later cause has revoked; milliseconds since 1970. */
  #end: number | undefined;
  #position: number | undefined;
  #cause: WaitCause | undefined;
  readonly answers: Waiting[] = [];

  /** Gives the visitor its position at `now`. Throws if the promised end is later than before without a cause. */
  tell(position: QueuePosition, now: number): Waiting {
    const answer = describeWaiting(position, now, this.#promised);
    const { expectedSeconds, latestSeconds, cause, promised } = answer;
    const isSame = position.position + position.claiming === this.#position && cause === this.#cause;
    this.#promised = promised;
    this.#position = position.position + position.claiming;
    this.#cause = cause;
    this.answers.push(answer);
    const seconds = expectedSeconds ?? latestSeconds;
    if (seconds === undefined) return answer;
    if (seconds <= 0) throw new Error(`at ${now} an end was said that has passed: ${JSON.stringify(answer)}`);
    const end = now + seconds * 1_000;
    const isNewCause = cause === 'fewer-terminals' || cause === 'others-first' || (cause && !isSame);
    if (this.#end !== undefined && end > this.#end + roundingMs && !isNewCause) {
      throw new Error(`at ${now} the end rose by ${end - this.#end} ms without a cause: ${JSON.stringify(answer)}`);
    }
    this.#end = isNewCause ? end : Math.min(end, this.#end ?? end);
    return answer;
  }
}
