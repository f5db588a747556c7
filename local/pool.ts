// The objects of a pool as `npm start` makes them: what the Helm chart makes on a real cluster, without the images.

import { labels, managerAudience, settingAnnotations, terminalPortName } from '../common/names.ts';

export type PoolOptions = {
  name: string;
  namespace: string;
  replicas: number;
  settings: Partial<Record<keyof typeof settingAnnotations, string>>;
  /** The terminal's program, for Node. */
  args: string[];
  /** What the terminal is told besides its own name and address. */
  env: Record<string, string>;
};

const port = 3000;
const tokenDirectory = '/var/run/secrets/warmterm';

/** The StatefulSet of a pool whose terminals are processes of this machine. */
export function describePool({ name, namespace, replicas, settings, args, env }: PoolOptions) {
  const marks = { [labels.pool]: name };
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [settingAnnotations[key as keyof typeof settings], value]),
  );
  const fromPod = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  const probe = (path: string) => ({ httpGet: { path, port: terminalPortName }, periodSeconds: 2, timeoutSeconds: 2 });
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
          annotations: { [`${labels.pool}-template`]: name },
        },
        spec: {
          serviceAccountName: 'warmterm-terminal',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: 'terminal',
              image: 'warmterm-terminal',
              command: [process.execPath, ...args],
              ports: [{ name: terminalPortName, containerPort: port }],
              env: [
                { name: 'WARMTERM_POD_NAME', ...fromPod('metadata.name') },
                { name: 'WARMTERM_POD_UID', ...fromPod('metadata.uid') },
                { name: 'HOST', ...fromPod('status.podIP') },
                { name: 'PORT', value: String(port) },
                { name: 'WARMTERM_MANAGER_TOKEN_FILE', value: `${tokenDirectory}/token` },
                ...Object.entries(env).map(([key, value]) => ({ name: key, value })),
              ],
              readinessProbe: probe('/readyz'),
              livenessProbe: { ...probe('/healthz'), periodSeconds: 10 },
              volumeMounts: [{ name: 'token', mountPath: tokenDirectory, readOnly: true }],
            },
          ],
          volumes: [
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
