// The manager's settings: reads the environment into a frozen object, or reports all problems at once.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  /** Address to listen on. */
  HOST: setting.text().default('0.0.0.0'),
  /** Port to listen on. */
  PORT: setting.port().default(5253),
  /** Port of `/metrics`, for Prometheus. */
  METRICS_PORT: setting.port().optional(),
  /** fatal, error, warn, info, debug, trace or silent. */
  LOG_LEVEL: setting.logLevel().default('info'),
  /** Namespace of the pools. Without it: the namespace of the kubeconfig, or the manager's own. */
  WARMTERM_NAMESPACE: setting.text().optional(),
  /** The release of the chart. The manager sees only pools whose label `app.kubernetes.io/instance` has it. Without it: all pools. */
  WARMTERM_RELEASE: setting.text().optional(),
  /** Name of the manager's own pod, to which its Lease belongs. */
  WARMTERM_POD_NAME: setting.text().optional(),
  /** UID of that pod. */
  WARMTERM_POD_UID: setting.text().optional(),
  /** File of the Ed25519 private key that signs tickets: PEM (PKCS #8). Either it or `WARMTERM_KEYS_SECRET` must be set. */
  WARMTERM_SIGNING_KEY_FILE: setting.text().optional(),
  /** Name of the Secret with that key. The manager creates the Secret if it is absent. */
  WARMTERM_KEYS_SECRET: setting.text().optional(),
  /** Service accounts of this namespace that may claim for visitors. */
  WARMTERM_CLIENTS: setting.list().default(['warmterm-webserver']),
  /** How long the request of a visitor in the queue is held before it is answered with the position. */
  WARMTERM_CLAIM_TIMEOUT: setting.duration('100ms', '60s').default(10_000),
  /** Deadline of one request to the Kubernetes API. */
  WARMTERM_API_TIMEOUT: setting.duration('100ms', '60s').default(5_000),
  /** How long the service continues after SIGTERM, while clients move to another replica. The chart sets 5s. */
  WARMTERM_SHUTDOWN_DELAY: setting.duration('0s', '60s').default(0),
  /** How browsers reach terminals: `nodePort`, or `ingress` for an Ingress or HTTPRoute each. */
  WARMTERM_EXPOSURE: setting.choice('nodePort', 'ingress').default('nodePort'),
  /** `ipFamilyPolicy` of the Services of terminals. Without it: the cluster's default. */
  WARMTERM_IP_FAMILY_POLICY: setting.choice('SingleStack', 'PreferDualStack', 'RequireDualStack').optional(),
  /** `ipFamilies` of the Services of terminals: `IPv4`, `IPv6`, or both with a comma between. Without it: the cluster's default. */
  WARMTERM_IP_FAMILIES: setting
    .list()
    .refine((families) => families.every((family) => /^IPv[46]$/.test(family)), 'must be IPv4, IPv6 or both')
    .optional(),
  /**
   * With `ingress`: JSON file with the template of the Ingress or HTTPRoute, with `{name}` `{pool}` `{ordinal}` `{service}` in its
   * strings. The manager adds name, labels and owner.
   */
  WARMTERM_ROUTE_TEMPLATE_FILE: setting.text().optional(),
  /** The protocol of those hosts for browsers, `http` or `https`. Without it: by the `tls` of an Ingress. An HTTPRoute needs it. */
  WARMTERM_ROUTE_PROTOCOL: setting.choice('http', 'https').optional(),
};

export type Config = ReturnType<typeof readConfig>;

export const readConfig = (environment: Environment) =>
  readEnvironment(shape, environment, ({ WARMTERM_SIGNING_KEY_FILE: file, WARMTERM_KEYS_SECRET: secret }) =>
    (file === undefined) === (secret === undefined)
      ? ['WARMTERM_SIGNING_KEY_FILE, WARMTERM_KEYS_SECRET: exactly one of them must be set']
      : [],
  );
