// What each command gets from the process. Created in main.ts.

import { type Api, createApi } from './api/api.ts';
import { type Environment, openIdentity, readServer } from './config.ts';
import { agentFor } from './proxy.ts';
import { createSay, type Say } from './say.ts';

export type Context = {
  env: Environment;
  stdin: typeof process.stdin;
  stdout: typeof process.stdout;
  stderr: typeof process.stderr;
  say: Say;
  /** The API of the server of the last login. Throws a Failure without one. */
  api(): Api;
  apiAt(server: string): Api;
  /** The last server that answered, and its version. */
  server: { url: string; version: string } | undefined;
};

export function createContext(): Context {
  const { env, stdin, stdout, stderr } = process;
  const apiAt = (server: string) => {
    const onVersion = (version: string) => {
      context.server = { url: server, version };
    };
    return createApi({ server, identity: openIdentity(env, server), agentFor, onVersion });
  };
  const say = createSay(stderr, env);
  const context: Context = {
    env,
    stdin,
    stdout,
    stderr,
    say,
    api: () => apiAt(readServer(env)),
    apiAt,
    server: undefined,
  };
  return context;
}
