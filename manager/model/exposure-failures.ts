// Services and routes of a pool that the API server refuses to create, with the reason. Browsers cannot reach the terminals behind
// them. Each manager remembers its own attempts.

export type ExposureFailure = {
  kind: 'Service' | 'route';
  ordinal: number;
  /** The message of the API server. */
  message: string;
  /** Another object has the name. This affects one ordinal; any other refusal may affect all. */
  nameTaken: boolean;
};

// An object that is being deleted blocks its successor for a moment. The second attempt follows after half a second.
const attemptsBeforeReport = 2;

export class ExposureFailures {
  readonly #failures = new Map<string, ExposureFailure & { attempts: number }>();

  /** An independent copy. */
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

  /** The object exists, or is no longer needed. */
  worked(about: Pick<ExposureFailure, 'kind' | 'ordinal'>): void {
    this.#failures.delete(keyOf(about));
  }

  /** The failure that makes the ordinal's pod unreachable. Undefined while no failure is persistent. */
  of(ordinal: number): ExposureFailure | undefined {
    return this.#lasting('Service', ordinal) ?? this.#lasting('route', ordinal);
  }

  /** The persistent failures of ordinals below `replicas`, lowest first. */
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
