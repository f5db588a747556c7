import test from 'ava';
import { type RawNode, readNode } from '../../../manager/kubernetes/objects.ts';
import { assessNode, type NodeState, Nodes } from '../../../manager/model/nodes.ts';

type Drawn = 'Ready' | 'NotReady' | 'deleted';
type Step = [seconds: number, node: Drawn, state: NodeState];

const drawNode = (drawn: Drawn, change: Partial<RawNode['spec']> = {}, lastTransitionTime?: string) =>
  drawn === 'deleted'
    ? undefined
    : readNode({
        metadata: { name: 'n', uid: 'u', resourceVersion: '1' },
        spec: change,
        status: {
          conditions: [{ type: 'Ready', status: drawn === 'Ready' ? 'True' : 'Unknown', lastTransitionTime }],
        },
      } as RawNode);

test('nodes: a state depends on conditions and on the time of absence', (t) => {
  const states = (node: Parameters<typeof assessNode>[0]) => [0, 9_999, 10_000].map((ms) => assessNode(node, ms));
  t.deepEqual(states(drawNode('NotReady')), ['not-ready', 'not-ready', 'lost']);
  t.deepEqual(states(drawNode('NotReady', { unschedulable: true })), ['not-ready', 'not-ready', 'lost']);
  t.deepEqual(states(undefined), ['deleted', 'deleted', 'gone']);
  t.is(assessNode(drawNode('Ready'), 0), 'ready');
  t.is(assessNode(drawNode('Ready', { unschedulable: true }), 0), 'cordoned');
});

const history = test.macro<[Step[]]>({
  title: (name) => `history: ${name}`,
  exec(t, steps) {
    const nodes = new Nodes();
    const seen = steps.map(([seconds, drawn]) => {
      nodes.observe('n', drawNode(drawn), seconds * 1_000);
      nodes.look(seconds * 1_000);
      return nodes.state('n');
    });
    t.deepEqual(
      seen,
      steps.map(([, , state]) => state),
    );
  },
});

test('NotReady for the grace period, and back', history, [
  [5, 'Ready', 'ready'],
  [60, 'NotReady', 'not-ready'],
  [69.999, 'NotReady', 'not-ready'],
  [70, 'NotReady', 'lost'],
  [80, 'Ready', 'ready'],
  [90, 'NotReady', 'not-ready'],
]);
test('NotReady, then deleted: the time of NotReady is kept', history, [
  [0, 'NotReady', 'not-ready'],
  [4, 'deleted', 'deleted'],
  [10, 'deleted', 'gone'],
]);
test('NotReady, deleted and registered again NotReady: lost ten seconds after it was first away', history, [
  [0, 'NotReady', 'not-ready'],
  [60, 'deleted', 'gone'],
  [61, 'NotReady', 'lost'],
  [75, 'Ready', 'ready'],
]);
test('deleted, and registered again NotReady', history, [
  [0, 'Ready', 'ready'],
  [1, 'deleted', 'deleted'],
  [3, 'NotReady', 'not-ready'],
  [11, 'NotReady', 'lost'],
]);
test('deleted, and registered again Ready', history, [
  [1, 'deleted', 'deleted'],
  [5, 'Ready', 'ready'],
  [20, 'Ready', 'ready'],
]);

test('nodes: the end of a grace period is reported once, without an event of the node', (t) => {
  const nodes = new Nodes();
  nodes.observe('n', drawNode('NotReady'), 1_000);
  t.deepEqual(
    [10_999, 11_000, 12_000].map((at) => nodes.look(at)),
    [false, true, false],
  );
  t.is(nodes.state('n'), 'lost');
});

for (const [what, skewMs] of [
  ['a minute behind', -60_000],
  ['an hour behind', -3_600_000],
  ['an hour ahead', 3_600_000],
  ['missing', undefined],
] as const) {
  test(`the node's own time of transition is ${what}: the grace period is the same`, (t) => {
    const time = skewMs === undefined ? undefined : new Date(Date.now() + skewMs).toISOString();
    const nodes = new Nodes();
    nodes.observe('n', drawNode('NotReady', {}, time), 500);
    const at = (ms: number) => {
      nodes.look(ms);
      return nodes.state('n');
    };
    t.deepEqual([at(500), at(10_499), at(10_500)], ['not-ready', 'not-ready', 'lost']);
  });
}

test('nodes: only a watch makes a node known; an answer can also report its deletion', (t) => {
  const nodes = new Nodes();
  t.is(nodes.state('n'), 'unseen');
  nodes.observe('n', drawNode('Ready'), 0, false);
  t.deepEqual([nodes.state('n'), nodes.knows('n')], ['ready', false]);
  nodes.observe('n', undefined, 1, false);
  t.deepEqual([nodes.state('n'), nodes.knows('n')], ['deleted', true]);
  nodes.observe('n', drawNode('Ready'), 2);
  nodes.observe('n', drawNode('Ready'), 3, false);
  t.true(nodes.knows('n'));
});

test('nodes: a deleted node is forgotten once no pod is on it', (t) => {
  const nodes = new Nodes();
  nodes.observe('n', undefined, 0);
  nodes.forgetDeleted(() => true);
  t.is(nodes.state('n'), 'deleted');
  nodes.forgetDeleted(() => false);
  t.is(nodes.state('n'), 'unseen');
});
