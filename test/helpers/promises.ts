// What visitors in the queue are told of the time, one answer after the other, and whether an end ever rises without a cause.

import type { Promised, WaitCause, Waiting } from '../../common/manager-api.ts';
import { describeWaiting } from '../../manager/api/describe-waiting.ts';
import type { QueuePosition } from '../../manager/queue/estimate.ts';

// Answers are in whole seconds.
const roundingMs = 1_000;

export class ToldVisitor {
  #promised: Promised | undefined;
  /** The earliest end that was said and not explained away; milliseconds since 1970. */
  #end: number | undefined;
  #position: number | undefined;
  #cause: WaitCause | undefined;
  readonly answers: Waiting[] = [];

  /** The visitor is told of its position at `now`; throws when the end that is said is later than before, and nothing says why. */
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
