// Reads secrets from files, as Kubernetes mounts them.

import { readFile } from 'node:fs/promises';
import { ServiceError } from '../common/errors.ts';

const minSecretBytes = 32;

/** The secrets in a file, one per line. Throws `invalid-config` if there is none, or one is too short. */
export async function readSecrets(variable: string, path: string): Promise<[string, ...string[]]> {
  const [first, ...rest] = (await readText(variable, path)).split(/\r?\n/).filter((line) => line !== '');
  if (first === undefined || [first, ...rest].some((line) => Buffer.byteLength(line) < minSecretBytes)) {
    const message = `${variable}=${JSON.stringify(path)}: every line must be a secret of ${minSecretBytes} bytes or more`;
    throw new ServiceError('invalid-config', message);
  }
  return [first, ...rest];
}

/** The one token in a file. Throws `invalid-config` if it cannot be read or is empty. */
export async function readToken(variable: string, path: string): Promise<string> {
  const token = (await readText(variable, path)).trim();
  if (token !== '') return token;
  throw new ServiceError('invalid-config', `${variable}=${JSON.stringify(path)}: the file is empty`);
}

/** Reads a rotating token, again after `keepMs`. If the file cannot be read, keeps the former token. */
export function createTokenReader(
  path: string,
  clock: () => number = Date.now,
  keepMs = 10_000,
): () => Promise<string> {
  let token: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (token !== undefined && clock() - readAt < keepMs) return token;
    try {
      token = (await readFile(path, 'utf8')).trim();
      readAt = clock();
    } catch (error) {
      if (token === undefined) {
        throw new ServiceError(
          'unavailable',
          'This webserver cannot read its token for the manager (WARMTERM_MANAGER_TOKEN_FILE).',
          { cause: error },
        );
      }
    }
    return token;
  };
}

async function readText(variable: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const message = `${variable}=${JSON.stringify(path)}: must be the path of a readable file`;
    throw new ServiceError('invalid-config', message, { cause: error });
  }
}
