// The webserver's settings: the environment in, a frozen object out, or all problems at once.

import { isIP } from 'node:net';
import * as z from 'zod';
import { type Environment, readEnvironment, setting } from '../common/environment.ts';
import { poolNameSchema } from '../common/manager-api.ts';
import { relayModes } from '../common/terminals-api.ts';
import { parseAddressing } from './address.ts';

/** What express takes as `trust proxy`: nobody, so many hops, or these subnets. */
export type TrustProxy = false | number | string[];

const shape = {
  HOST: setting.text().default('0.0.0.0'),
  PORT: setting.port().default(5252),
  /** Where Prometheus finds /metrics; nowhere when absent. */
  METRICS_PORT: setting.port().optional(),
  LOG_LEVEL: setting.logLevel().default('info'),
  WARMTERM_MANAGER_URL: setting.url(),
  /** The service's own token towards the manager; it rotates, so the file is read again and again. */
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  /** One secret per line: the first signs, all verify. */
  WARMTERM_COOKIE_SECRET_FILE: setting.text(),
  WARMTERM_IDENTITY: setting.choice('browser', 'tab', 'address').default('browser'),
  WARMTERM_ADDRESS: z
    .string()
    .default('manager')
    .transform((text, context) => {
      const parsed = parseAddressing(text);
      if (typeof parsed !== 'string') return parsed;
      context.addIssue({ code: 'custom', message: parsed });
      return z.NEVER;
    }),
  WARMTERM_RELAY: setting.choice(...relayModes).default('fallback'),
  /** Relayed connections at once. */
  WARMTERM_RELAY_LIMIT: setting.whole(1, 100_000).default(1_000),
  WARMTERM_TRUST_PROXY: z
    .string()
    .default('false')
    .transform((text, context): TrustProxy => {
      const parsed = parseTrustProxy(text);
      if (parsed !== undefined) return parsed;
      const message = 'must be false, a number of proxies, or subnets such as 10.0.0.0/8,loopback';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }),
  /** How many hashes the challenge of a busy address takes at most. */
  WARMTERM_CHALLENGE_WORK: setting.whole(1_000, 100_000_000).default(100_000),
  /** The pool of those who ask for none; may be left out where there is only one. */
  WARMTERM_POOL: poolNameSchema.optional(),
  /** Opens the host page; without it there is none. */
  WARMTERM_HOST_TOKEN_FILE: setting.text().optional(),
  /** Deadline of a request to the manager. */
  WARMTERM_REQUEST_TIMEOUT: setting.duration('100ms', '2m').default(12_000),
  /** For how long it goes on serving whoever comes, and tells them to go elsewhere, once it was told to stop. */
  WARMTERM_SHUTDOWN_DELAY: setting.duration('0s', '60s').default(0),
  WARMTERM_PUBLIC_DIR: setting.text().optional(),
};

export const readConfig = (environment: Environment) => readEnvironment(shape, environment);

export type Config = ReturnType<typeof readConfig>;

// `true` is refused on purpose: it would believe whatever address a visitor claims to come from.
function parseTrustProxy(text: string): TrustProxy | undefined {
  if (text === 'false') return false;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  const subnets = text.split(',').map((word) => word.trim());
  return subnets.every(isSubnet) ? subnets : undefined;
}

function isSubnet(text: string): boolean {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const [address = '', prefix, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}
