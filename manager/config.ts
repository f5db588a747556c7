// The manager's settings: environment in, frozen object out, or all problems at once.

import { type Environment, readEnvironment, setting } from '../common/environment.ts';

const shape = {
  /** Address to listen on. */
  HOST: setting.text().default('0.0.0.0'),
  PORT: setting.port().default(5253),
  /** Where Prometheus finds /metrics; nowhere when absent. */
  METRICS_PORT: setting.port().optional(),
  LOG_LEVEL: setting.logLevel().default('info'),
  /** The namespace of the pools; the kubeconfig's, or the manager's own, when absent. */
  WARMTERM_NAMESPACE: setting.text().optional(),
  /** PEM (PKCS #8) file of the Ed25519 key that signs tickets. */
  WARMTERM_SIGNING_KEY_FILE: setting.text(),
  /** Service accounts of this namespace that may claim for visitors. */
  WARMTERM_CLIENTS: setting.list().default(['warmterm-webserver']),
  /** How long a request of a visitor who waits in line is held before it is answered with a place. */
  WARMTERM_CLAIM_TIMEOUT: setting.duration('100ms', '60s').default(10_000),
  /** Deadline of one request to the Kubernetes API. */
  WARMTERM_API_TIMEOUT: setting.duration('100ms', '60s').default(5_000),
  /** For how long it goes on serving whoever comes, and tells them to go elsewhere, once it was told to stop. */
  WARMTERM_SHUTDOWN_DELAY: setting.duration('0s', '60s').default(0),
  /** How browsers reach terminals: by node ports, or by an Ingress or HTTPRoute each. */
  WARMTERM_EXPOSURE: setting.choice('nodePort', 'ingress').default('nodePort'),
  /** JSON file of the Ingress or HTTPRoute that the routes of terminals are made of. */
  WARMTERM_ROUTE_TEMPLATE_FILE: setting.text().optional(),
  /** How browsers speak to the hosts of routes, where the template does not tell. */
  WARMTERM_ROUTE_PROTOCOL: setting.choice('http', 'https').optional(),
};

export type Config = ReturnType<typeof readConfig>;

export const readConfig = (environment: Environment) => readEnvironment(shape, environment);
