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

/** What express takes as `trust proxy`: nobody, so many hops, or these subnets. 0 says that there is no proxy, false that nobody said. */
export type TrustProxy = false | number | string[];

const shape = {
  /** Address to listen on. */
  HOST: setting.text().default('0.0.0.0'),
  /** Port to listen on. */
  PORT: setting.port().default(5252),
  /**
   * Host names by which the page may be asked for, such as `shell.example.org,*.lab.example.org`. Others get 421, which stops DNS
   * rebinding. Without it: any name; on a loopback address its names. The chart sets those of its Ingress or HTTPRoute.
   */
  WARMTERM_HOSTS: setting
    .list()
    .refine((names) => names.every(isHostPattern), 'must be host names with commas between, such as shell.example.org')
    .optional(),
  /** Port of `/metrics`, for Prometheus. */
  METRICS_PORT: setting.port().optional(),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: setting.logLevel().default('info'),
  /** URL of the manager. */
  WARMTERM_MANAGER_URL: setting.url(),
  /** File of a service account token of audience `warmterm-manager`. It is read again as it rotates. */
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  /** File of secrets, one per line, 32 bytes or more each. The first signs visitor ids, all verify. */
  WARMTERM_VISITOR_SECRET_FILE: setting.text(),
  /** What counts as one visitor: `browser`, `tab`, `address` or `header` ([identity](identity.md)). */
  WARMTERM_IDENTITY: setting.choice('browser', 'tab', 'address', 'header').default('browser'),
  /** With `header`: the header in which an authenticating proxy names the person, such as `X-Forwarded-User`. */
  WARMTERM_IDENTITY_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as X-Forwarded-User')
    .optional(),
  /**
   * Where the page finds a terminal: `manager` (as the manager says), `page` (the page's own host name with the node port), or a
   * template such as `https://{name}.example-terminals.net` of `{name}` `{pool}` `{ordinal}` `{host}` `{port}`.
   */
  WARMTERM_ADDRESS: z
    .string()
    .default('manager')
    .transform((text, context) => {
      const parsed = parseAddressing(text);
      if (typeof parsed !== 'string') return parsed;
      context.addIssue({ code: 'custom', message: parsed });
      return z.NEVER;
    }),
  /** The path prefix, such as `/shell`, that proxies pass on to the webserver. A prefix that they take off needs no setting. */
  WARMTERM_BASE_PATH: z
    .string()
    .default('')
    .transform((text, context) => {
      const parsed = parseBasePath(text);
      if (parsed !== undefined) return parsed;
      context.addIssue({ code: 'custom', message: 'must be a path such as /shell' });
      return z.NEVER;
    }),
  /** Sites that may show the page in a frame: `none`, or a list of `self` and origins such as `https://*.example.edu`. */
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
  /** When the webserver relays a terminal: `fallback` (where a browser cannot reach it directly), `always` or `never`. */
  WARMTERM_RELAY: setting.choice(...relayModes).default('fallback'),
  /** Relayed connections at once; of one visitor 16. */
  WARMTERM_RELAY_LIMIT: setting.whole(1, 100_000).default(1_000),
  /**
   * Connections at once, without the relayed ones. One more closes another, of the address that has the most. Each takes about 15 KB,
   * and 46 KB where it holds half a request with all the headers that it may have.
   */
  WARMTERM_CONNECTION_LIMIT: setting.whole(100, 100_000).default(4_000),
  /** The proxies in front: their number, 0 for none, or their subnets with commas between. `false`: not known, and none is trusted. */
  WARMTERM_TRUST_PROXY: z
    .string()
    .default('false')
    .transform((text, context): TrustProxy => {
      const parsed = parseTrustProxy(text);
      if (parsed !== undefined) return parsed;
      const message = 'must be false, a number of proxies, 0 for none, or subnets such as 10.0.0.0/8,loopback';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }),
  /** Tries (scrypt, 4 MiB) that the challenge of a busy address takes at most; it takes half as many at least. */
  WARMTERM_CHALLENGE_WORK: setting.whole(2, 10_000).default(64),
  /** The pool of visitors who ask for none. It may be left out where there is only one. */
  WARMTERM_POOL: poolNameSchema.optional(),
  /** File of the token that opens `/host`. Without it there is no host page. */
  WARMTERM_HOST_TOKEN_FILE: setting.text().optional(),
  /** Deadline of a request to the manager. */
  WARMTERM_REQUEST_TIMEOUT: setting.duration('100ms', '2m').default(12_000),
  /** How long the service goes on serving after SIGTERM, while clients move to another replica. The chart sets 5s. */
  WARMTERM_SHUTDOWN_DELAY: setting.duration('0s', '60s').default(0),
  /** Folder of the built page. Without it: `public/` beside the program. */
  WARMTERM_PUBLIC_DIR: setting.text().optional(),
};

export const readConfig = (environment: Environment) => readEnvironment(shape, environment, findConflicts);

export type Config = Readonly<z.output<z.ZodObject<typeof shape>>>;

function findConflicts(config: Config): string[] {
  const { WARMTERM_IDENTITY: identity, WARMTERM_IDENTITY_HEADER: header } = config;
  const wrong = [];
  // Behind a proxy that is not trusted, all visitors have the proxy's address: they would share one terminal.
  if (identity === 'address' && config.WARMTERM_TRUST_PROXY === false) {
    wrong.push(
      'WARMTERM_IDENTITY=address: WARMTERM_TRUST_PROXY must say which proxies are in front: a number, 0 for none, or subnets',
    );
  }
  if (identity !== 'header') {
    if (header !== undefined) wrong.push('WARMTERM_IDENTITY_HEADER is of use with WARMTERM_IDENTITY=header only');
    return wrong;
  }
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
