// A field that no object of the kind has is warned of, and with `fieldValidation=Strict`, as `kubectl create` asks for it, a
// 400. Only the parts are checked in which a typing mistake would change what this cluster does.

import { isMap } from './json.ts';
import type { Request } from './routes.ts';
import { badRequest } from './status.ts';

const words = (text: string): Set<string> => new Set(text.split(/\s+/));
const metadata = words(
  'name generateName namespace uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields selfLink',
);
const podSpec = words(
  'volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork hostPID hostIPC hostUsers shareProcessNamespace securityContext imagePullSecrets hostname subdomain affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os schedulingGates resourceClaims resources',
);
const container = words(
  'name image command args workingDir ports envFrom env resources resizePolicy restartPolicy volumeMounts volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin stdinOnce tty',
);
const spec: Record<string, Set<string>> = {
  StatefulSet: words(
    'replicas selector template volumeClaimTemplates serviceName podManagementPolicy updateStrategy revisionHistoryLimit minReadySeconds persistentVolumeClaimRetentionPolicy ordinals',
  ),
  Service: words(
    'ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution',
  ),
  Ingress: words('ingressClassName defaultBackend tls rules'),
  Lease: words('holderIdentity leaseDurationSeconds acquireTime renewTime leaseTransitions strategy preferredHolder'),
  Scale: words('replicas'),
  TokenReview: words('token audiences'),
};
const top: Record<string, Set<string>> = {
  ConfigMap: words('apiVersion kind metadata data binaryData immutable'),
  Secret: words('apiVersion kind metadata data stringData type immutable'),
  Event: words(
    'apiVersion kind metadata involvedObject reason message source firstTimestamp lastTimestamp count type eventTime series action related reportingComponent reportingInstance',
  ),
};
const usual = words('apiVersion kind metadata spec status');

/** Looks for fields that `object` has and its kind has not, and does with them what the request's query asks for. */
export function checkFields(kind: string, object: Record<string, unknown>, { query, warn }: Request): void {
  const asked = query.get('fieldValidation') || 'Warn';
  if (asked === 'Ignore') return;
  const unknown = [
    ...strangers(object, top[kind] ?? usual, ''),
    ...strangers(object.metadata, metadata, 'metadata.'),
    ...strangers(object.spec, spec[kind], 'spec.'),
    ...podStrangers(kind, object.spec),
  ];
  const said = unknown.map((field) => `unknown field ${JSON.stringify(field)}`);
  if (asked === 'Warn') said.forEach(warn);
  else if (said.length > 0) {
    throw badRequest(
      `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: ${said.join(', ')}`,
    );
  }
}

const strangers = (value: unknown, known: Set<string> | undefined, at: string): string[] =>
  isMap(value) && known
    ? Object.keys(value)
        .filter((key) => !known.has(key))
        .map((key) => `${at}${key}`)
    : [];

function podStrangers(kind: string, value: unknown): string[] {
  if (!isMap(value)) return [];
  if (kind === 'StatefulSet') {
    const template = value.template;
    const own = strangers(template, words('metadata spec'), 'spec.template.');
    return isMap(template) ? [...own, ...containers(template.spec, 'spec.template.spec.')] : own;
  }
  return kind === 'Pod' ? containers(value, 'spec.') : [];
}

function containers(value: unknown, at: string): string[] {
  if (!isMap(value) || !Array.isArray(value.containers)) return [];
  const each = value.containers.flatMap((one, index) => strangers(one, container, `${at}containers[${index}].`));
  return [...strangers(value, podSpec, at), ...each];
}
