// Tables, as `kubectl get` asks for them: the columns and cells that a real API server computes for each kind.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables

import { itemJson, jsonOf } from './json.ts';
import type { Pod, Service, StatefulSet, Stored } from './objects.ts';
import type { Resource } from './resources.ts';

/** Name, and whether it is only shown by `-o wide`. */
type Column = [name: string, wide?: 'wide'];
type Kind = { columns: Column[]; cells: (object: Stored, now: number) => unknown[] };
/** What each row carries besides its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** A Table as JSON. Without `columns` (later events of a watch) the reader goes by the former ones. */
export function tableJson(
  resource: Resource,
  objects: Stored[],
  options: { metadata: object; include: IncludeObject; now: number; columns?: boolean },
): string {
  const { columns, cells } = tables[resource.kind] ?? plain;
  const { metadata, include, now } = options;
  const definitions = columns.map(([name, wide]) => ({
    name,
    type: 'string',
    format: name === 'Name' ? 'name' : '',
    description: '',
    priority: wide ? 1 : 0,
  }));
  const rows = objects.map((object) => {
    const carried =
      include === 'None' ? '' : `,"object":${include === 'Object' ? jsonOf(object) : partialJson(object)}`;
    return `{"cells":${JSON.stringify(cells(object, now))}${carried}}`;
  });
  const head = JSON.stringify({ kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata });
  const columnsJson = options.columns === false ? '[]' : JSON.stringify(definitions);
  return `${head.slice(0, -1)},"columnDefinitions":${columnsJson},"rows":[${rows}]}`;
}

/** Only kind, apiVersion and metadata. */
export const partialJson = ({ metadata }: Stored): string =>
  JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });

export const listJson = (kind: string, version: string, metadata: object, items: Stored[]): string =>
  `${JSON.stringify({ kind: `${kind}List`, apiVersion: version, metadata }).slice(0, -1)},"items":[${items.map(itemJson)}]}`;

/** A span of time as kubectl writes ages: `5s`, `3m12s`, `47m`, `5h3m`, `3d`. */
export function age(since: string | undefined | null, now: number): string {
  if (!since) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)];
  const both = (big: number, unit: string, small: number, smaller: string) =>
    small === 0 ? `${big}${unit}` : `${big}${unit}${small}${smaller}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return both(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return both(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return both(days, 'd', hours % 24, 'h');
  return `${days}d`;
}

const ageOf = (object: Stored, now: number) => age(object.metadata.creationTimestamp, now);
const none = '<none>';
const plain: Kind = {
  columns: [['Name'], ['Age']],
  cells: (object, now) => [object.metadata.name, ageOf(object, now)],
};

const tables: Record<string, Kind> = {
  Pod: {
    columns: [
      ['Name'],
      ['Ready'],
      ['Status'],
      ['Restarts'],
      ['Age'],
      ['IP', 'wide'],
      ['Node', 'wide'],
      ['Nominated Node', 'wide'],
      ['Readiness Gates', 'wide'],
    ],
    cells: (object, now) => {
      const { metadata, spec, status } = object as Pod;
      const containers = status.containerStatuses ?? [];
      const ready = `${containers.filter((one) => one.ready).length}/${spec.containers.length}`;
      const count = containers.reduce((sum, { restartCount }) => sum + restartCount, 0);
      const last = containers
        .map(({ lastState }) => lastState.terminated?.finishedAt ?? '')
        .sort()
        .at(-1);
      const restarts = count > 0 && last ? `${count} (${age(last, now)} ago)` : String(count);
      const where = [status.podIP || none, spec.nodeName || none, none, none];
      return [metadata.name, ready, statusOf(object as Pod), restarts, ageOf(object, now), ...where];
    },
  },
  StatefulSet: {
    columns: [['Name'], ['Ready'], ['Age'], ['Containers', 'wide'], ['Images', 'wide']],
    cells: (object, now) => {
      const { metadata, spec, status } = object as StatefulSet;
      const { containers } = spec.template.spec;
      const ready = `${status.readyReplicas ?? 0}/${spec.replicas}`;
      const wide = [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image).join(',')];
      return [metadata.name, ready, ageOf(object, now), ...wide];
    },
  },
  Service: {
    columns: [['Name'], ['Type'], ['Cluster-IP'], ['External-IP'], ['Port(s)'], ['Age'], ['Selector', 'wide']],
    cells: (object, now) => {
      const { metadata, spec } = object as Service;
      const ports = (spec.ports ?? []).map(
        ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
      );
      const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
      const shown = [spec.type, spec.clusterIP || none, none, ports.join(',') || none, ageOf(object, now)];
      return [metadata.name, ...shown, selector.join(',') || none];
    },
  },
  Node: {
    columns: [
      ['Name'],
      ['Status'],
      ['Roles'],
      ['Age'],
      ['Version'],
      ['Internal-IP', 'wide'],
      ['External-IP', 'wide'],
      ['OS-Image', 'wide'],
      ['Kernel-Version', 'wide'],
      ['Container-Runtime', 'wide'],
    ],
    cells: (object, now) => {
      const status = object.status as {
        nodeInfo?: Record<string, string>;
        addresses?: { type: string; address: string }[];
        conditions?: { type: string; status: string }[];
      };
      const { kubeletVersion, osImage, kernelVersion, containerRuntimeVersion } = status.nodeInfo ?? {};
      const internal = status.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? none;
      const wide = [internal, none, osImage, kernelVersion, containerRuntimeVersion];
      const { unschedulable } = (object.spec ?? {}) as { unschedulable?: boolean };
      const condition = status.conditions?.find(({ type }) => type === 'Ready')?.status;
      const known = condition === undefined ? 'Unknown' : condition === 'True' ? 'Ready' : 'NotReady';
      const ready = `${known}${unschedulable ? ',SchedulingDisabled' : ''}`;
      return [object.metadata.name, ready, none, ageOf(object, now), kubeletVersion, ...wide];
    },
  },
  Namespace: {
    columns: [['Name'], ['Status'], ['Age']],
    cells: (object, now) => [object.metadata.name, (object.status as { phase: string }).phase, ageOf(object, now)],
  },
  ResourceQuota: {
    columns: [['Name'], ['Age'], ['Request']],
    cells: (object, now) => {
      const { hard = {}, used = {} } = object.status as {
        hard?: Record<string, string>;
        used?: Record<string, string>;
      };
      const request = Object.keys(hard).map((key) => `${key}: ${used[key]}/${hard[key]}`);
      return [object.metadata.name, ageOf(object, now), request.join(', ')];
    },
  },
  Secret: {
    columns: [['Name'], ['Type'], ['Data'], ['Age']],
    cells: (object, now) => {
      const keys = Object.keys((object.data as object | undefined) ?? {}).length;
      return [object.metadata.name, object.type, keys, ageOf(object, now)];
    },
  },
  ConfigMap: {
    columns: [['Name'], ['Data'], ['Age']],
    cells: (object, now) => {
      const keys = Object.keys((object.data as object | undefined) ?? {}).length;
      return [object.metadata.name, keys, ageOf(object, now)];
    },
  },
  Lease: {
    columns: [['Name'], ['Holder'], ['Age']],
    cells: (object, now) => {
      const spec = object.spec as { holderIdentity?: string } | undefined;
      return [object.metadata.name, spec?.holderIdentity ?? '', ageOf(object, now)];
    },
  },
  Event: {
    columns: [
      ['Last Seen'],
      ['Type'],
      ['Reason'],
      ['Object'],
      ['Subobject', 'wide'],
      ['Source', 'wide'],
      ['Message'],
      ['First Seen', 'wide'],
      ['Count', 'wide'],
      ['Name', 'wide'],
    ],
    cells: (object, now) => {
      const event = object as Stored &
        Record<'type' | 'reason' | 'message', string> & {
          involvedObject: { kind?: string; name?: string; fieldPath?: string };
          source: { component?: string; host?: string };
          firstTimestamp: string | null;
          lastTimestamp: string | null;
          eventTime: string | null;
          count?: number;
        };
      const { involvedObject: about, source, eventTime } = event;
      const last = age(event.lastTimestamp ?? eventTime, now);
      const first = age(event.firstTimestamp ?? eventTime, now);
      const target = about.kind ? `${about.kind.toLowerCase()}/${about.name}` : `${about.name ?? ''}`;
      const from = [source?.component, source?.host].filter(Boolean).join(', ');
      const shown = [last, event.type, event.reason, target, about.fieldPath ?? '', from, (event.message ?? '').trim()];
      return [...shown, first, event.count ?? 1, event.metadata.name];
    },
  },
};

// The one word that sums up a pod, as k8s.io/kubernetes pkg/printers/internalversion printPod finds it.
function statusOf({ metadata, status }: Pod): string {
  let word = status.reason ?? status.phase;
  let running = false;
  for (const { ready, state } of [...(status.containerStatuses ?? [])].reverse()) {
    if (state.waiting?.reason) word = state.waiting.reason;
    else if (state.terminated) word = state.terminated.reason;
    else if (ready && state.running) running = true;
  }
  if (word === 'Completed' && running) word = 'Running';
  return metadata.deletionTimestamp ? 'Terminating' : word;
}
