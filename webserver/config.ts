// The webserver's settings: reads the environment into a frozen object, or reports all problems at once.

import { isIP } from 'node:net';
import * as z from 'zod';
import { type Environment, readEnvironment, setting } from '../common/environment.ts';
import { isHostPattern } from '../common/http/host-names.ts';
import { poolNameSchema } from '../common/manager-api.ts';
import { relayModes } from '../common/terminals-api.ts';
import { parseAddressing } from './address.ts';
import { parseBasePath } from './base-path.ts';
import { parseLogoUrl } from './branding.ts';
import { parseFrameAncestors } from './frame-ancestors.ts';

/** express's `trust proxy`: a number of hops, or subnets. 0: there is no proxy. false: unknown, so trust none. */
export type TrustProxy = false | number | string[];

const shape = {
  /** Address to listen on. */
  HOST: setting.text().default('0.0.0.0'),
  /** Port to listen on. */
  PORT: setting.port().default(5252),
  /**
   * Host names of the page, such as `shell.example.org,*.lab.example.org`. Requests for other names get 421, which stops DNS rebinding.
   * Default: any name; on a loopback address, loopback names. The chart sets those of its Ingress or HTTPRoute.
   */
  WARMTERM_HOSTS: setting
    .list()
    .refine((names) => names.every(isHostPattern), 'must be comma-separated host names, such as shell.example.org')
    .optional(),
  /** Port of `/metrics`, for Prometheus. */
  METRICS_PORT: setting.port().optional(),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: setting.logLevel().default('info'),
  /** URL of the manager. */
  WARMTERM_MANAGER_URL: setting.url(),
  /** File with a service account token of audience `warmterm-manager`. It is read again as it rotates. */
  WARMTERM_MANAGER_TOKEN_FILE: setting.text(),
  /** File with secrets, one per line, each 32 bytes or more. The first signs visitor ids; all verify them. */
  WARMTERM_VISITOR_SECRET_FILE: setting.text(),
  /** What counts as one visitor: `browser`, `tab`, `address` or `header` ([identity](identity.md)). */
  WARMTERM_IDENTITY: setting.choice('browser', 'tab', 'address', 'header').default('browser'),
  /** With `header`: the header in which an authenticating proxy sends the person's name, such as `X-Forwarded-User`. */
  WARMTERM_IDENTITY_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, 'must be the name of a header, such as X-Forwarded-User')
    .optional(),
  /**
   * Where browsers reach terminals: `manager` (the address that the manager reports), `page` (the page's host name with the node port), or
   * a template such as `https://{name}.example-terminals.net` of `{name}` `{pool}` `{ordinal}` `{host}` `{port}`.
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
  /** The path prefix, such as `/shell`, that proxies pass on to the webserver. A prefix that they remove needs no setting. */
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
  /** What this installation is called: in the page's title, its help and its first words, and where a phone installs it. */
  WARMTERM_NAME: setting
    .text()
    .refine((name) => /^[^\p{Cc}\p{Cf}]{1,40}$/u.test(name), 'must be a name of at most 40 characters, on one line')
    .default('warmterm'),
  /** The logo in the page's bar and help: the `https` URL of a picture. */
  WARMTERM_LOGO_URL: z
    .string()
    .transform((text, context) => {
      const parsed = parseLogoUrl(text);
      if (parsed !== undefined) return parsed;
      const message = 'must be the address of a picture, such as https://static.example.org/logo.svg';
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .optional(),
  /** When the webserver relays a terminal: `fallback` (if the browser cannot reach it directly), `always` or `never`. */
  WARMTERM_RELAY: setting.choice(...relayModes).default('fallback'),
  /** Maximum of relayed connections; 16 for each visitor. */
  WARMTERM_RELAY_LIMIT: setting.whole(1, 100_000).default(1_000),
  /**
   * Maximum of open connections, without relayed ones. One more closes another, of the address that has the most. Each takes about 15 KB,
   * or 46 KB with half a request and the maximum of headers.
   */
  WARMTERM_CONNECTION_LIMIT: setting.whole(100, 100_000).default(4_000),
  /** The proxies in front: their number, 0 for none, or their subnets, comma-separated. `false`: unknown, so none is trusted. */
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
  /** Maximum number of tries (scrypt, 4 MiB) of a busy address's challenge; the minimum is half. */
  WARMTERM_CHALLENGE_WORK: setting.whole(2, 10_000).default(64),
  /** The pool of visitors who name none. Optional if there is only one. */
  WARMTERM_POOL: poolNameSchema.optional(),
  /** File with the token of `/host`. Without it there is no host page. */
  WARMTERM_HOST_TOKEN_FILE: setting.text().optional(),
  /** Deadline of a request to the manager. */
  WARMTERM_REQUEST_TIMEOUT: setting.duration('100ms', '2m').default(12_000),
  /** How long the service keeps serving after SIGTERM, while clients move to another replica. The chart sets 5s. */
  WARMTERM_SHUTDOWN_DELAY: setting.duration('0s', '60s').default(0),
  /** Folder of the built page. Default: `public/` beside the program. */
  WARMTERM_PUBLIC_DIR: setting.text().optional(),
};

export const readConfig = (environment: Environment) => readEnvironment(shape, environment, findConflicts);

export type Config = Readonly<z.output<z.ZodObject<typeof shape>>>;

function findConflicts(config: Config): string[] {
  const { WARMTERM_IDENTITY: identity, WARMTERM_IDENTITY_HEADER: header } = config;
  const wrong = [];
  // Behind an untrusted proxy, all visitors have the proxy's address and would share one terminal.
  if (identity === 'address' && config.WARMTERM_TRUST_PROXY === false) {
    wrong.push(
      'WARMTERM_IDENTITY=address: WARMTERM_TRUST_PROXY must say which proxies are in front: a number, 0 for none, or subnets',
    );
  }
  if (identity !== 'header') {
    if (header !== undefined) wrong.push('WARMTERM_IDENTITY_HEADER is only valid with WARMTERM_IDENTITY=header');
    return wrong;
  }
  if (header === undefined) wrong.push('WARMTERM_IDENTITY=header: WARMTERM_IDENTITY_HEADER must name the header');
  // A number of proxies trusts every client that connects, even one that bypasses the proxy.
  if (!Array.isArray(config.WARMTERM_TRUST_PROXY)) {
    wrong.push('WARMTERM_IDENTITY=header: WARMTERM_TRUST_PROXY must list the addresses or subnets of the proxies');
  }
  // Cookies ignore ports: a terminal at the page's own host would receive the proxy's sign-in cookie.
  if (config.WARMTERM_ADDRESS.mode === 'page') {
    wrong.push(
      'WARMTERM_IDENTITY=header: WARMTERM_ADDRESS must not be page, or terminals would receive the cookies of the proxy',
    );
  }
  return wrong;
}

// `true` is refused on purpose: a client could then claim any address.
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
