// The protobuf bodies that kubectl sends from `create service`, `create quota`, `drain` and the like, as the JSON that means
// the same. A field that is not known here is refused, not lost. https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding

import { resources } from './resources.ts';
import { ApiError, notOffered } from './status.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';

type Fields = Record<string, unknown>;

/**
 * Field number → its name in JSON; `:M` is a message M, `[]` a list, `{}` a map from strings; `!` is a field that may be 0 or
 * empty; an empty name is a field that does not matter in a request. (k8s.io/api, the generated.proto of each group)
 */
const messages: Record<string, Record<number, string>> = {
  Unknown: { 1: 'type:TypeMeta', 2: 'raw:bytes' },
  TypeMeta: { 1: 'apiVersion', 2: 'kind' },
  ObjectMeta: {
    ...{ 1: 'name', 2: 'generateName', 3: 'namespace', 5: 'uid', 6: 'resourceVersion', 8: '' },
    ...{ 11: 'labels{}', 12: 'annotations{}', 14: 'finalizers[]' },
  },
  ConfigMap: { 1: 'metadata:ObjectMeta', 2: 'data{}' },
  Secret: { 1: 'metadata:ObjectMeta', 2: 'data{}:base64', 3: 'type' },
  Namespace: { 1: 'metadata:ObjectMeta', 2: '', 3: '' },
  ResourceQuota: { 1: 'metadata:ObjectMeta', 2: 'spec:ResourceQuotaSpec', 3: '' },
  ResourceQuotaSpec: { 1: 'hard{}:Quantity' },
  Service: { 1: 'metadata:ObjectMeta', 2: 'spec:ServiceSpec', 3: '' },
  ServiceSpec: { 1: 'ports[]:ServicePort', 2: 'selector{}', 3: 'clusterIP', 4: 'type', 10: 'externalName' },
  ServicePort: { 1: 'name', 2: 'protocol', 3: 'port', 4: 'targetPort:IntOrString', 5: 'nodePort' },
  DeleteOptions: { 1: 'gracePeriodSeconds!', 2: 'preconditions:Preconditions', 4: 'propagationPolicy!', 5: 'dryRun[]' },
  IntOrString: { 1: 'isText', 2: 'number', 3: 'text' },
  Quantity: { 1: 'text' },
  Preconditions: { 1: 'uid!', 2: 'resourceVersion!' },
};

/** The JSON of a body. Throws 415 for what is not known here. */
export function jsonOfProtobuf(body: Buffer): string {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw refuse('that begins otherwise');
  const { type, raw } = read('Unknown', body.subarray(4)) as { type?: Fields; raw?: Buffer };
  const kind = String(type?.kind);
  if (!resources.some((resource) => resource.kind === kind) && kind !== 'DeleteOptions') throw notOffered(kind);
  if (!Object.hasOwn(messages, kind)) throw refuse(`of ${kind}`);
  return JSON.stringify({ ...type, ...read(kind, raw ?? Buffer.alloc(0)) });
}

const refuse = (what: string) => {
  const why = `the stand-in cluster reads no protobuf ${what}; it reads JSON: kubectl create -f FILE`;
  return new ApiError(415, 'UnsupportedMediaType', why);
};

function read(message: string, bytes: Buffer): Fields {
  const fields: Fields = {};
  for (const [number, value] of fieldsOf(bytes)) {
    const known = messages[message]?.[number];
    const [, name = '', many, type] = /^(\w*)(\[\]|\{\}|!)?(?::(\w+))?$/.exec(known ?? '') ?? [];
    const empty = value === 0 || (typeof value !== 'number' && value.length === 0);
    if (known === '' || (empty && many !== '!')) continue;
    if (known === undefined) throw refuse(`field ${number} of ${message}`);
    const before = fields[name] as never;
    if (many === '{}') {
      const entry = new Map(fieldsOf(value as Buffer));
      fields[name] = {
        ...(before as object),
        [String(entry.get(1) ?? '')]: convert(type, entry.get(2) ?? Buffer.alloc(0)),
      };
    } else {
      const one = convert(type, value);
      fields[name] = many === '[]' ? [...(before ?? []), one] : one;
    }
  }
  return fields;
}

function convert(type: string | undefined, value: number | Buffer): unknown {
  if (typeof value === 'number' || type === 'bytes') return value;
  if (type === undefined) return value.toString();
  if (type === 'base64') return value.toString('base64');
  const fields = read(type, value);
  if (type === 'Quantity') return fields.text ?? '0';
  if (type === 'IntOrString') return fields.isText ? fields.text : (fields.number ?? 0);
  return fields;
}

/** The number and the value of each field: a varint, or what is preceded by its length. */
function* fieldsOf(bytes: Buffer): Generator<[number, number | Buffer]> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 63) throw refuse('that ends in a number');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, kind] = [Math.floor(tag / 8), tag % 8];
    if (kind !== 0 && kind !== 2) throw refuse(`fields of type ${kind}`);
    const value = varint();
    if (kind === 2) at += value;
    if (at > bytes.length) throw refuse('that is cut off');
    yield [number, kind === 2 ? bytes.subarray(at - value, at) : value];
  }
}
