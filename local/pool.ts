// The objects of a pool as `npm start` makes them: what the Helm chart makes on a real cluster, without the images.

import { healthPortName, labels, managerAudience, settingAnnotations, terminalPortName } from '../common/names.ts';
import { portsInside, servicesInside, socketNetwork } from './kubernetes/node/pod-network.ts';

export type PoolOptions = {
  name: string;
  namespace: string;
  replicas: number;
  settings: Partial<Record<keyof typeof settingAnnotations, string>>;
  /** Arguments of Node, the terminal's program among them. */
  args: string[];
  /** What the terminal is told besides its own name and address. */
  env: Record<string, string>;
  /** Folder of the terminal's program, which is seen at `programInside`. */
  program?: string;
  /** HOST:PORT of the manager. With it the terminal has a network of its own, from which nothing else can be reached. */
  manager?: string;
};

/** For visitors who all come from one address. */
export const noAddressLimits = {
  maxPerAddress: 'none',
  claimsPerMinute: 'none',
  maxWaitingPerAddress: 'none',
} as const;

/** Where the terminal's program is, as in its image. */
export const programInside = '/opt/warmterm';
const port = 3000;
const healthPort = 3900;
const tokenDirectory = '/var/run/secrets/warmterm';

/** The StatefulSet of a pool whose terminals are processes of this machine. */
export function describePool({ name, namespace, replicas, settings, args, env, program, manager }: PoolOptions) {
  const marks = { [labels.pool]: name };
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [settingAnnotations[key as keyof typeof settings], value]),
  );
  const fromPod = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  const probe = (path: string) => ({ httpGet: { path, port: healthPortName }, periodSeconds: 2, timeoutSeconds: 2 });
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, namespace, labels: marks, annotations },
    spec: {
      replicas,
      serviceName: name,
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: marks },
      template: {
        metadata: {
          labels: { ...marks, [labels.claimed]: 'false' },
          annotations: {
            [`${labels.pool}-template`]: name,
            ...(manager !== undefined && { [socketNetwork]: `manager=${manager}` }),
          },
        },
        spec: {
          serviceAccountName: 'warmterm-terminal',
          automountServiceAccountToken: false,
          // As in the chart: ten seconds more than the hook may take by default.
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: 'terminal',
              image: 'warmterm-terminal',
              command: [process.execPath, ...args],
              ports: [
                { name: terminalPortName, containerPort: port },
                { name: healthPortName, containerPort: healthPort },
              ],
              env: [
                { name: 'WARMTERM_POD_NAME', ...fromPod('metadata.name') },
                { name: 'WARMTERM_POD_UID', ...fromPod('metadata.uid') },
                ...(manager === undefined
                  ? [{ name: 'HOST', ...fromPod('status.podIP') }]
                  : [
                      { name: 'HOST', value: portsInside },
                      { name: 'WARMTERM_MANAGER_SOCKET', value: `${servicesInside}/manager` },
                    ]),
                { name: 'PORT', value: String(port) },
                { name: 'HEALTH_PORT', value: String(healthPort) },
                { name: 'WARMTERM_MANAGER_TOKEN_FILE', value: `${tokenDirectory}/token` },
                ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
              ],
              readinessProbe: probe('/readyz'),
              livenessProbe: { ...probe('/healthz'), periodSeconds: 10 },
              volumeMounts: [
                { name: 'token', mountPath: tokenDirectory, readOnly: true },
                ...(program === undefined ? [] : [{ name: 'program', mountPath: programInside, readOnly: true }]),
              ],
            },
          ],
          volumes: [
            ...(program === undefined ? [] : [{ name: 'program', hostPath: { path: program } }]),
            {
              name: 'token',
              projected: {
                sources: [
                  { serviceAccountToken: { path: 'token', audience: managerAudience, expirationSeconds: 3_600 } },
                ],
              },
            },
          ],
        },
      },
    },
  };
}
