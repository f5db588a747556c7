// The webserver's settings: the environment in, a frozen object out, or all problems at once.

import { isIP } from 'node:net';
import * as z from 'zod';
import { type Environment, readEnvironment, setting } from '../common/environment.ts';
import { isHostPattern } from '../common/http/host-names.ts';
import { poolNameSchema } from '../common/manager-api.ts';
import { relayModes } from '../common/terminals-api.ts';
import { parseAddressing } from './address.ts';
import { parseBasePath } from './base-path.ts';
import { parseFrameAncestors } from './frame-ancestors.ts';

/** What express takes as `trust proxy`: nobody, so many hops, or these subnets. */
export type TrustProxy = false | number | string[];

const shape = {
  HOST: setting.text().default('0.0.0.0'),
  PORT: setting.port().default(5252),
  /** The names by which the page may be asked for, and *.NAME; any when absent, unless HOST is a loopback address. */
  WARMTERM_HOSTS: setting
    .list()
    .refine((names) => names.every(isHostPattern), 'must be host names with commas between, such as shell.example.org')
    .optional(),
  /** Where Prometheus finds /metrics; nowhere when absent. */
  METRICS_PORT: setting.port().optional(),
  LOG_LEVEL: setting.logLevel().default('info'),
  WARMTERM_MANAGER_URL: setting.url(),
  /** The service's own token towards the manager; it rotates, so the file is read again and again. */
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  /** One secret per line: the first signs visitor ids, all verify. */
  WARMTERM_VISITOR_SECRET_FILE: setting.text(),
  WARMTERM_IDENTITY: setting.choice('browser', 'tab', 'address', 'header').default('browser'),
  /** With WARMTERM_IDENTITY=header: the header in which an authenticating proxy names the person, such as X-Forwarded-User. */
  WARMTERM_IDENTITY_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as X-Forwarded-User')
    .optional(),
  WARMTERM_ADDRESS: z
    .string()
    .default('manager')
    .transform((text, context) => {
      const parsed = parseAddressing(text);
      if (typeof parsed !== 'string') return parsed;
      context.addIssue({ code: 'custom', message: parsed });
      return z.NEVER;
    }),
  /** The path prefix that proxies pass on, without a slash at the end. The page needs no setting for one that they take off. */
  WARMTERM_BASE_PATH: z
    .string()
    .default('')
    .transform((text, context) => {
      const parsed = parseBasePath(text);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: 'must be a path such as /shell' });
      return z.NEVER;
    }),
  /** Which other sites may show the page in a frame: origins, `self`, or `none`. */
  WARMTERM_FRAME_ANCESTORS: z
    .string()
    .default('none')
    .transform((text, context) => {
      const parsed = parseFrameAncestors(text);
      if (parsed) return parsed;
      const message = 'must be none, self, or origins such as https://school.example.org,https://*.example.edu';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }),
  WARMTERM_RELAY: setting.choice(...relayModes).default('fallback'),
  /** Relayed connections at once. */
  WARMTERM_RELAY_LIMIT: setting.whole(1, 100_000).default(1_000),
  /** Connections at once, without the relayed ones. */
  WARMTERM_CONNECTION_LIMIT: setting.whole(100, 100_000).default(4_000),
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
  /** How many tries the challenge of a busy address takes at most. */
  WARMTERM_CHALLENGE_WORK: setting.whole(2, 10_000).default(64),
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

export const readConfig = (environment: Environment) => readEnvironment(shape, environment, findConflicts);

export type Config = Readonly<z.output<z.ZodObject<typeof shape>>>;

function findConflicts(config: Config): string[] {
  const { WARMTERM_IDENTITY: identity, WARMTERM_IDENTITY_HEADER: header } = config;
  if (identity !== 'header') {
    return header === undefined ? [] : ['WARMTERM_IDENTITY_HEADER is of use with WARMTERM_IDENTITY=header only'];
  }
  const wrong = [];
  if (header === undefined) wrong.push('WARMTERM_IDENTITY=header: WARMTERM_IDENTITY_HEADER must name the header');
  // A number of proxies trusts every client that connects, one that goes past the proxy too.
  if (!Array.isArray(config.WARMTERM_TRUST_PROXY)) {
    wrong.push('WARMTERM_IDENTITY=header: WARMTERM_TRUST_PROXY must list the addresses or subnets of the proxies');
  }
  // Cookies ignore ports: a terminal at the page's own host would be sent the cookie in which the proxy keeps a sign-in.
  if (config.WARMTERM_ADDRESS.mode === 'page') {
    wrong.push(
      'WARMTERM_IDENTITY=header: WARMTERM_ADDRESS must not be page, or terminals are sent the cookies of the proxy',
    );
  }
  return wrong;
}

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
