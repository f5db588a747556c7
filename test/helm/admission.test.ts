// The chart's admission policies in a CEL evaluator. It has neither the types nor the cost limits of an API server.
// test/cluster/chart.test.ts tests them on a real one, where the cluster supports them.

import { type CelInput, run } from '@bufbuild/cel';
import anyTest, { type ExecutionContext } from 'ava';
import { claimAnnotations, labels, retired } from '../../common/names.ts';
import { helmProgram, type Rendered, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

const known = ['admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy'];
const policies = async (values: object, apiVersions = known) =>
  (await render(values, undefined, apiVersions)).objects.filter(({ kind }) => kind.startsWith('Validating'));
const policy = async (name: string): Promise<Rendered> => {
  const objects = await policies({ fullnameOverride: 'shells' });
  return objects.find(({ kind, metadata }) => kind === 'ValidatingAdmissionPolicy' && metadata.name === name)!;
};

type Meta = {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: object[];
};
type Pod = { metadata: Meta; spec: { containers: object[]; [field: string]: unknown }; status?: object };
type Request = { username: string; object?: object; oldObject?: object };

/** The policy's messages for a request; none for a request that it does not match. */
function judge({ spec }: Rendered, { username, object, oldObject }: Request): string[] {
  const variables = new Map<string, CelInput>();
  const evaluate = (expression: string): unknown => {
    const result = run(expression, {
      object: toCel(object ?? null),
      oldObject: toCel(oldObject ?? null),
      request: toCel({ userInfo: { username } }),
      variables,
    });
    if (result instanceof Error) throw new Error(`${expression}: ${result.message}`);
    return result;
  };
  for (const { expression } of spec.matchConditions) if (evaluate(expression) !== true) return [];
  for (const { name, expression } of spec.variables ?? []) variables.set(name, evaluate(expression) as CelInput);
  return (spec.validations as { expression: string; message: string }[])
    .filter(({ expression }) => evaluate(expression) !== true)
    .map(({ message }) => message);
}

function toCel(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(toCel);
  if (value && typeof value === 'object') return new Map(Object.entries(value).map(([key, of]) => [key, toCel(of)]));
  return Number.isInteger(value) ? BigInt(value as number) : (value as CelInput);
}

/** A pod made from the chart's template. */
async function terminalPod(): Promise<Pod> {
  const { objects } = await render({ fullnameOverride: 'shells' });
  const { template } = objects.find(({ kind }) => kind === 'StatefulSet')!.spec;
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'default', uid: '1', controller: true };
  return { metadata: { ...template.metadata, ownerReferences: [owner] }, spec: template.spec };
}

const manager = 'system:serviceaccount:ours:shells-manager';

/** The refusals of such a change of a terminal's pod by the manager. */
async function change(how: (pod: Pod) => void, before = (_pod: Pod) => {}, username = manager): Promise<string[]> {
  const oldObject = await terminalPod();
  before(oldObject);
  const object = structuredClone(oldObject);
  how(object);
  return judge(await policy('ours.shells-manager'), { username, object, oldObject });
}

test('inv 10: admission: the manager may claim, mark, retire and end a terminal', async (t) => {
  const claim = (pod: Pod) => {
    pod.metadata.labels![labels.claimed] = 'true';
    for (const name of Object.values(claimAnnotations)) pod.metadata.annotations![name] = 'x';
  };
  t.deepEqual(await change(claim), []);
  t.deepEqual(await change(({ metadata }) => (metadata.labels![labels.claimed] = retired)), []);
  t.deepEqual(await change(({ metadata }) => delete metadata.annotations![claimAnnotations.id], claim), []);
  t.deepEqual(await change(() => {}), []);
});

const patchesTerminals = 'the manager may patch terminals only';
const ofLabels = 'the manager may change only labels that begin with warmterm.dev/, and not the pool';
const ofAnnotations = 'the manager may change only annotations that begin with warmterm.dev/';
const ofSpec = 'the manager may not change the spec of a pod';
const ofOwners = 'the manager may not change owners or finalizers of a pod';

const refused: [what: string, how: (pod: Pod) => void, message: string][] = [
  ['another image', ({ spec }) => Object.assign(spec.containers[0]!, { image: 'evil' }), ofSpec],
  ['one container more', ({ spec }) => spec.containers.push({ name: 'evil', image: 'evil' }), ofSpec],
  ['another deadline', ({ spec }) => Object.assign(spec, { activeDeadlineSeconds: 1 }), ofSpec],
  ['tolerations', ({ spec }) => Object.assign(spec, { tolerations: [{ operator: 'Exists' }] }), ofSpec],
  ['a new label', ({ metadata }) => (metadata.labels!.app = 'bank'), ofLabels],
  ['a changed label', ({ metadata }) => (metadata.labels!['app.kubernetes.io/component'] = 'webserver'), ofLabels],
  ['a removed label', ({ metadata }) => delete metadata.labels!['app.kubernetes.io/component'], ofLabels],
  ['no labels at all', ({ metadata }) => delete metadata.labels, ofLabels],
  ['a label of a look-alike prefix', ({ metadata }) => (metadata.labels!['warmterm.device/a'] = 'b'), ofLabels],
  ['another pool', ({ metadata }) => (metadata.labels![labels.pool] = 'other'), ofLabels],
  ['no pool', ({ metadata }) => delete metadata.labels![labels.pool], ofLabels],
  ['a new annotation', ({ metadata }) => (metadata.annotations!['seccomp/x'] = 'unconfined'), ofAnnotations],
  ['a changed annotation', ({ metadata }) => (metadata.annotations!.theirs = 'y'), ofAnnotations],
  ['no annotations at all', ({ metadata }) => delete metadata.annotations, ofAnnotations],
  ['another owner', ({ metadata }) => (metadata.ownerReferences = [{ kind: 'ReplicaSet' }]), ofOwners],
  ['no owner', ({ metadata }) => delete metadata.ownerReferences, ofOwners],
  ['a finalizer', ({ metadata }) => (metadata.finalizers = ['example.org/never']), ofOwners],
];
for (const [what, how, message] of refused) {
  test(`inv 10: the manager may not give a terminal ${what}`, async (t) => {
    const theirs = ({ metadata }: Pod) => (metadata.annotations!.theirs = 'x');
    t.deepEqual(await change(how, theirs), [message]);
    t.deepEqual(
      await change(how, theirs, 'system:serviceaccount:ours:somebody'),
      [],
      'the policy is about the manager',
    );
  });
}

test('inv 10: admission: the manager may not change a pod that is no terminal of its release', async (t) => {
  const claim = ({ metadata }: Pod) => {
    metadata.labels = { ...metadata.labels, [labels.claimed]: 'true' };
  };
  const others: ((pod: Pod) => void)[] = [
    ({ metadata }) => delete metadata.labels,
    ({ metadata }) => delete metadata.labels![labels.pool],
    ({ metadata }) => (metadata.labels!['app.kubernetes.io/component'] = 'webserver'),
    ({ metadata }) => (metadata.labels!['app.kubernetes.io/instance'] = 'another'),
  ];
  for (const before of others) t.true((await change(claim, before)).includes(patchesTerminals), String(before));
});

test('inv 5: admission: the StatefulSet controller may delete terminals in use only after their end', async (t) => {
  const sessions = await policy('ours.shells-sessions');
  const ask = async (phase: string, username: string) =>
    judge(sessions, { username, oldObject: { ...(await terminalPod()), status: { phase } } });
  const controller = 'system:serviceaccount:kube-system:statefulset-controller';
  t.deepEqual(await ask('Running', controller), ['this terminal is in use']);
  t.deepEqual(await ask('Failed', controller), []);
  t.deepEqual(await ask('Running', manager), []);
});

test('inv 10: admission: the manager may write only the Secret with its keys', async (t) => {
  const secrets = await policy('ours.shells-manager-secrets');
  const write = (name: string, type: string, username = manager) =>
    judge(secrets, { username, object: { metadata: { name }, type } });
  const refused = ['the manager may write only the Secret with its keys'];
  t.deepEqual(write('warmterm-keys', 'Opaque'), []);
  t.deepEqual(write('other', 'Opaque'), refused);
  t.deepEqual(write('warmterm-keys', 'kubernetes.io/service-account-token'), refused);
  t.deepEqual(write('other', 'Opaque', 'system:serviceaccount:ours:somebody'), []);
  t.is(secrets.spec.failurePolicy, 'Fail');
});

async function isRendered(t: ExecutionContext, name: string, value: object): Promise<void> {
  const named = (objects: Rendered[]) => objects.filter(({ metadata }) => metadata.name === name);
  t.deepEqual(named(await policies({ fullnameOverride: 'shells' }, [])), []);
  t.deepEqual(named(await policies({ fullnameOverride: 'shells', ...value })), []);
  const [policy, binding] = named(await policies({ fullnameOverride: 'shells' }));
  t.is(policy?.kind, 'ValidatingAdmissionPolicy');
  t.is(binding?.spec.policyName, name);
  t.deepEqual(binding?.spec.validationActions, ['Deny']);
  const { matchLabels } = binding!.spec.matchResources.namespaceSelector;
  t.deepEqual(matchLabels, { 'kubernetes.io/metadata.name': 'ours' });
}

test('admission: policies are rendered if the cluster supports them and the values allow it', async (t) => {
  await isRendered(t, 'ours.shells-manager', { manager: { restrictPatches: false } });
  await isRendered(t, 'ours.shells-sessions', { terminals: { protectSessions: false } });
  await isRendered(t, 'ours.shells-manager-secrets', { secret: { existing: 'mine' } });
  // Writes of the manager are refused also when the expressions fail; ends of sessions are not.
  t.is((await policy('ours.shells-manager')).spec.failurePolicy, 'Fail');
  t.is((await policy('ours.shells-sessions')).spec.failurePolicy, 'Ignore');
});
