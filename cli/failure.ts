// What makes the client give up. Its message is the one line on stderr, and says what to do.

/** The exit code of everything that is not the command's: docker's and env's convention. */
export const ownFailure = 125;

export class Failure extends Error {
  override readonly name = 'Failure';
  readonly exitCode: number;

  constructor(message: string, { exitCode = ownFailure, cause }: { exitCode?: number; cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
  }
}

/** The person or a signal asked for the end: no message is needed. */
export class Interrupted extends Failure {
  constructor(exitCode: number) {
    super('', { exitCode });
  }
}
