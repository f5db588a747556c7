// The least of an OpenAPI description that lets `kubectl create -f` do without `--validate=false`. Newer ones look at
// version 3 for whether the server checks fields itself (it does: fields.ts); older ones read version 2 as protobuf
// (github.com/google/gnostic, OpenAPIv2.proto), where each kind is described as an object of any content.

import { groupVersion, resources } from './resources.ts';

const types = [
  ...resources.map(({ kind, group, version }) => ({ kind, group, version })),
  { kind: 'TokenReview', group: 'authentication.k8s.io', version: 'v1' },
];
const gvkKey = 'x-kubernetes-group-version-kind';
const protobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

/** The document at an OpenAPI path, if it is one: a Buffer is protobuf. */
export function openApi(path: string, accept: string | undefined): object | Buffer | undefined {
  if (path === '/openapi/v2') return accept?.includes(protobufType) ? protobuf() : version2();
  if (path === '/openapi/v3') {
    const paths = [...new Set(types.map(pathOf))].map((at) => [at, { serverRelativeURL: `/openapi/v3/${at}` }]);
    return { paths: Object.fromEntries(paths) };
  }
  const served = types.filter((type) => path === `/openapi/v3/${pathOf(type)}`);
  return served.length > 0 ? version3(served) : undefined;
}

const pathOf = (type: (typeof types)[number]) => `${type.group === '' ? 'api' : 'apis'}/${groupVersion(type)}`;
const info = { title: 'warmterm local', version: 'v1' };

function version3(served: typeof types): object {
  const query = { name: 'fieldValidation', in: 'query', schema: { type: 'string' } };
  const paths = served.map((type) => {
    const patch = { [gvkKey]: type, parameters: [query], responses: { 200: { description: 'OK' } } };
    return [`/${pathOf(type)}/${type.kind.toLowerCase()}s/{name}`, { patch }];
  });
  return { openapi: '3.0.0', info, paths: Object.fromEntries(paths) };
}

const nameOf = ({ group, version, kind }: (typeof types)[number]) => `local.${group || 'core'}.${version}.${kind}`;

function version2(): object {
  const definitions = types.map((type) => [nameOf(type), { type: 'object', [gvkKey]: [type] }]);
  return { swagger: '2.0', info, paths: {}, definitions: Object.fromEntries(definitions) };
}

// Document{swagger=1, info=2, paths=8, definitions=9}, Definitions{additional_properties=1: NamedSchema{name=1, value=2}},
// Schema{type=17: TypeItem{value=1}, vendor_extension=36: NamedAny{name=1, value=2: Any{yaml=2}}}
function protobuf(): Buffer {
  const definitions = types.map((type) => {
    const extension = message([1, gvkKey], [2, message([2, JSON.stringify([type])])]);
    const schema = message([17, message([1, 'object'])], [36, extension]);
    return [1, message([1, nameOf(type)], [2, schema])] as [number, Buffer];
  });
  const about = message([1, info.title], [2, info.version]);
  return message([1, '2.0'], [2, about], [8, Buffer.alloc(0)], [9, message(...definitions)]);
}

/** A protobuf message whose fields are all strings or messages: tag, length, bytes. */
function message(...fields: [number: number, value: string | Buffer][]): Buffer {
  return Buffer.concat(
    fields.flatMap(([number, value]) => {
      const bytes = Buffer.from(value as string);
      return [varint((number << 3) | 2), varint(bytes.length), bytes];
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 127) | 128);
  }
}
