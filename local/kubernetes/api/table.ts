// Tables, which `kubectl get` asks for: the columns and cells that a real API server computes for the kinds of a pool. Other kinds have
// a name and an age. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables

import { itemJson, jsonOf } from './json.ts';
import type { Pod, Service, StatefulSet, Stored } from './objects.ts';
import type { Resource } from './resources.ts';

/** `*` marks the columns that only `-o wide` shows. */
type Kind = { columns: string; cells: (object: Stored, now: number) => unknown[] };
type Options = { metadata: object; query: URLSearchParams; now: number; columns?: boolean };

/** Whether an Accept header prefers a Table. */
export const wantsTable = (accept: string | undefined): boolean => accept?.split(',')[0]?.includes('as=Table') ?? false;

/** A Table as JSON. A watch leaves the columns out after its first event. */
export function tableJson(resource: Resource, objects: Stored[], options: Options): string {
  const { columns, cells } = tables[resource.kind] ?? plain;
  const { metadata, query, now } = options;
  const columnDefinitions = columns.split('|').map((text) => {
    const name = text.replace('*', '');
    return {
      name,
      type: 'string',
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: name === text ? 0 : 1,
    };
  });
  const whole = query.get('includeObject') === 'Object';
  const rows = objects.map(
    (object) =>
      `{"cells":${JSON.stringify(cells(object, now))},"object":${whole ? jsonOf(object) : metadataJson(object)}}`,
  );
  const head = { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata };
  const shown = { ...head, columnDefinitions: options.columns === false ? [] : columnDefinitions };
  return `${JSON.stringify(shown).slice(0, -1)},"rows":[${rows}]}`;
}

const metadataJson = ({ metadata }: Stored): string =>
  JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });

export const listJson = (kind: string, apiVersion: string, metadata: object, items: Stored[]): string =>
  `${JSON.stringify({ kind: `${kind}List`, apiVersion, metadata }).slice(0, -1)},"items":[${items.map(itemJson)}]}`;

/** A span of time as kubectl writes it: `5s`, `3m12s`, `47m`, `5h3m`, `3d`. */
export function age(since: string | undefined | null, now: number): string {
  if (!since) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - Date.parse(since)) / 1_000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3_600), Math.floor(seconds / 86_400)];
  const and = (rest: number, unit: string) => (rest === 0 ? '' : `${rest}${unit}`);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return `${minutes}m${and(seconds % 60, 's')}`;
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return `${hours}h${and(minutes % 60, 'm')}`;
  if (hours < 48) return `${hours}h`;
  return days < 8 ? `${days}d${and(hours % 24, 'h')}` : `${days}d`;
}

const ageOf = (object: Stored, now: number) => age(object.metadata.creationTimestamp, now);
const none = '<none>';
const plain: Kind = { columns: 'Name|Age', cells: (object, now) => [object.metadata.name, ageOf(object, now)] };

const tables: Record<string, Kind> = {
  Pod: {
    columns: 'Name|Ready|Status|Restarts|Age|IP*|Node*',
    cells: (object, now) => {
      const { metadata, spec, status } = object as Pod;
      const containers = status.containerStatuses ?? [];
      const ready = `${containers.filter((one) => one.ready).length}/${spec.containers.length}`;
      const restarts = String(containers.reduce((sum, { restartCount }) => sum + restartCount, 0));
      const where = [status.podIP || none, spec.nodeName || none];
      return [metadata.name, ready, statusOf(object as Pod), restarts, ageOf(object, now), ...where];
    },
  },
  StatefulSet: {
    columns: 'Name|Ready|Age',
    cells: (object, now) => {
      const { metadata, spec, status } = object as StatefulSet;
      return [metadata.name, `${status.readyReplicas ?? 0}/${spec.replicas}`, ageOf(object, now)];
    },
  },
  Service: {
    columns: 'Name|Type|Cluster-IP|External-IP|Port(s)|Age',
    cells: (object, now) => {
      const { metadata, spec } = object as Service;
      const ports = spec.ports.map(
        ({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
      );
      return [metadata.name, spec.type, spec.clusterIP || none, none, ports.join(','), ageOf(object, now)];
    },
  },
  Node: {
    columns: 'Name|Status|Roles|Age|Version',
    cells: (object, now) => {
      const { spec, status } = object as Stored & {
        spec?: { unschedulable?: boolean };
        status?: { nodeInfo?: { kubeletVersion: string }; conditions?: { type: string; status: string }[] };
      };
      const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True');
      const word = `${ready ? 'Ready' : 'NotReady'}${spec?.unschedulable ? ',SchedulingDisabled' : ''}`;
      return [object.metadata.name, word, none, ageOf(object, now), status?.nodeInfo?.kubeletVersion ?? ''];
    },
  },
  Event: {
    columns: 'Last Seen|Type|Reason|Object|Message|Count*|Name*',
    cells: (object, now) => {
      const { involvedObject, ...event } = object as Stored & {
        involvedObject: { kind?: string; name?: string };
        lastTimestamp?: string;
        message?: string;
      };
      const target = `${involvedObject.kind?.toLowerCase()}/${involvedObject.name}`;
      const seen = [age(event.lastTimestamp, now), event.type, event.reason, target, (event.message ?? '').trim()];
      return [...seen, event.count ?? 1, event.metadata.name];
    },
  },
};

/** The word that sums up a pod, as printPod finds it (k8s.io/kubernetes pkg/printers/internalversion). */
function statusOf({ metadata, status }: Pod): string {
  if (metadata.deletionTimestamp) return 'Terminating';
  const states = (status.containerStatuses ?? []).map(({ state }) => state);
  const stopped = states.map(({ waiting, terminated }) => waiting?.reason ?? terminated?.reason).find(Boolean);
  return stopped ?? status.reason ?? status.phase;
}
