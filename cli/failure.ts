// A failure that ends the client. Its message is the one line on stderr, and says what to do.

/** The exit code of the client's own failures, by the convention of docker and env. */
export const ownFailure = 125;

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(message: string, { exitCode = ownFailure, cause }: { exitCode?: number; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The user or a signal has ended the client: no message is needed. */
export class Interrupted extends Failure {
  constructor(exitCode: number) {
    super('', { exitCode });
  }
}
