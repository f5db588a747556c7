// Which answers a contract accepts from an API server, by the version that the server reports. Both ends were measured: on
// 1.20.2, and on 1.36.2, as which the stand-in answers. In between, an answer changed at some release: either is accepted.

export type ServerVersion = { gitVersion: string; minor: number };

const measured = { oldest: 20, newest: 36 };

/** `body`: the answer to `GET /version`. Throws when it names no minor version of Kubernetes 1. */
export function readServerVersion(body: { major?: unknown; minor?: unknown; gitVersion?: unknown }): ServerVersion {
  // Distributions write `30+`.
  const minor = Number.parseInt(String(body.minor), 10);
  if (body.major !== '1' || !Number.isInteger(minor) || typeof body.gitVersion !== 'string') {
    throw new Error(`not a version of Kubernetes 1: ${JSON.stringify(body)}`);
  }
  return { gitVersion: body.gitVersion, minor };
}

/** The answers that a server of this version may give, where 1.20 gives `before` and 1.36 gives `since`. */
export function acceptedAnswers<T>({ minor }: ServerVersion, { before, since }: { before: T; since: T }): T[] {
  if (minor <= measured.oldest) return [before];
  return minor >= measured.newest ? [since] : [before, since];
}
