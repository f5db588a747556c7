// Services and routes of a pool that the API server refuses to make, with its reason: terminals behind them cannot be reached.
// Each manager remembers its own attempts.

export type ExposureFailure = {
  kind: 'Service' | 'route';
  ordinal: number;
  /** What the API server said. */
  message: string;
  /** Another object has its name. Other ordinals are not affected; by any other refusal they may be. */
  nameTaken: boolean;
};

// An object that is being deleted refuses its successor for a moment. The second attempt follows after half a second.
const attemptsBeforeReport = 2;

export class ExposureFailures {
  readonly #failures = new Map<string, ExposureFailure & { attempts: number }>();

  /** A copy that does not change. */
  copy(): ExposureFailures {
    const copy = new ExposureFailures();
    for (const [key, failure] of this.#failures) copy.#failures.set(key, failure);
    return copy;
  }

  /** An attempt was refused. */
  failed(failure: ExposureFailure): void {
    const key = keyOf(failure);
    const attempts = (this.#failures.get(key)?.attempts ?? 0) + 1;
    this.#failures.set(key, { ...failure, attempts });
  }

  /** The object exists, or is needed no more. */
  worked(about: Pick<ExposureFailure, 'kind' | 'ordinal'>): void {
    this.#failures.delete(keyOf(about));
  }

  /** The failure that makes the ordinal's pod unreachable; undefined while none has lasted. */
  of(ordinal: number): ExposureFailure | undefined {
    return this.#lasting('Service', ordinal) ?? this.#lasting('route', ordinal);
  }

  /** Those that have lasted, of ordinals below `replicas`, lowest first. */
  lasting(replicas: number): ExposureFailure[] {
    return [...this.#failures.values()]
      .filter(({ ordinal, attempts }) => ordinal < replicas && attempts >= attemptsBeforeReport)
      .sort((a, b) => a.ordinal - b.ordinal);
  }

  #lasting(kind: ExposureFailure['kind'], ordinal: number): ExposureFailure | undefined {
    const failure = this.#failures.get(keyOf({ kind, ordinal }));
    return failure && failure.attempts >= attemptsBeforeReport ? failure : undefined;
  }
}

const keyOf = ({ kind, ordinal }: Pick<ExposureFailure, 'kind' | 'ordinal'>): string => `${kind} ${ordinal}`;
