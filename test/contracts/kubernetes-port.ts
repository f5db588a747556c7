// The contract of the Kubernetes port: one suite, run against the stand-in by `npm test` and against any real cluster by
// `npm run test:cluster`. It makes its own pool, of pods that print their token and answer HTTP.

import { createPrivateKey } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { TestFn } from 'ava';
import { labels, managerAudience, terminalPortName } from '../../common/names.ts';
import type { RouteKind } from '../../manager/exposure/route-kind.ts';
import { fillRoute, type RouteTemplate } from '../../manager/exposure/route-template.ts';
import { createCluster } from '../../manager/kubernetes/cluster.ts';
import { routesPath } from '../../manager/kubernetes/exposures.ts';
import { ensureKeys, type Keys } from '../../manager/kubernetes/keys-secret.ts';
import type { Cluster } from '../../manager/kubernetes/port.ts';
import { createTransport, type Transport } from '../../manager/kubernetes/transport.ts';
import type { OnWarning } from '../../manager/kubernetes/warnings.ts';
import type {
  Observation,
  ObservedPod,
  ObservedPool,
  ObservedRoute,
  ObservedService,
  StoredQueue,
} from '../../manager/model/observation.ts';
import { silent } from '../helpers/manager.ts';
import { poll } from '../helpers/poll.ts';
import { httpRouteTemplate, ingressTemplate, templateOf } from '../helpers/route-templates.ts';
import { acceptedAnswers, readServerVersion } from './server-version.ts';

export type ContractTarget = {
  /** The Node program in the pod, an image that has Node, and other fields that the pod needs. */
  node: string;
  image: string;
  /** An existing namespace that only this suite uses. */
  namespace: string;
};

export type ContractContext = { transport: Transport; world: World };

const server = `
const { readFileSync } = require('node:fs');
console.log(readFileSync('/var/run/secrets/warmterm/token', 'utf8'));
const whereItIs = ({ socket }, response) => response.end(JSON.stringify({ host: socket.localAddress, port: socket.localPort }));
require('node:http').createServer(whereItIs).listen(3000, process.env.POD_IP);
process.on('SIGTERM', () => process.exit(0));
`;

const templates: Record<RouteKind, RouteTemplate> = {
  Ingress: templateOf(ingressTemplate),
  HTTPRoute: templateOf(httpRouteTemplate, 'http'),
};

/** Adds the suite's tests to `test`, whose context `setUp` fills in before the first. `kinds`: routes that are served. */
export function testKubernetesPort(
  test: TestFn<ContractContext>,
  target: ContractTarget | (() => ContractTarget),
  kinds: RouteKind[] = ['Ingress'],
): void {
  const here = () => (typeof target === 'function' ? target() : target);
  let transport: Transport;
  let world: World;
  const warnings: string[] = [];

  test.serial.before(async (t) => {
    const onWarning: OnWarning = (warning, { method, path }) => void warnings.push(`${method} ${path}: ${warning}`);
    transport = createTransport({ namespace: here().namespace, deadlineMs: 20_000, onWarning });
    world = await startWorld(transport, here(), kinds);
    t.context = { transport, world };
  });
  test.beforeEach((t) => {
    t.context = { transport, world };
  });
  test.serial.after.always(async () => {
    await world?.stop();
    transport?.close();
  });

  test.serial('watch: delivers the present pools, pods, Services and nodes', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(0);
    t.like(pod, {
      name: 'contract-0',
      pool: 'contract',
      ordinal: 0,
      terminating: false,
      taken: false,
      claim: undefined,
    });
    t.like(world.pool(), { name: 'contract', statefulSet: 'contract', replicas: 3 });
    await world.until(() => [...world.nodes.values()].some((host) => host !== undefined));
    t.truthy(pod.node && world.nodes.get(pod.node));
    t.log(`Kubernetes ${world.version.gitVersion}`);
  });

  test.serial('two releases in one namespace: each sees only its own pools and their objects', async (t) => {
    const { transport } = t.context;
    const path = `/apis/apps/v1/namespaces/${transport.namespace}/statefulsets`;
    const lease = { holder: 'm', durationMs: 40_000, acquiredAt: 0, renewedAt: 0, transitions: 0 };
    const over = new AbortController();
    setMaxListeners(0, over.signal);
    const releases = ['ours', 'theirs'].map((release) => ({
      ...{ release, pool: `idle-${release}`, seen: new Set<string>() },
      cluster: createCluster({ transport, exposure: { mode: 'nodePort' }, log: silent, release }),
    }));
    for (const { release, pool: name, cluster } of releases) {
      const metadata = { name, labels: { [labels.pool]: name, [labels.release]: release } };
      const body = { ...describeIdlePool(here()), metadata };
      const made = await transport.request<{ metadata: { uid: string } }>({ method: 'POST', path, body });
      const pool = { name, statefulSet: name, uid: made.metadata.uid } as ObservedPool;
      await Promise.all([cluster.exposePod(pool, 0), cluster.ensureQueue(pool)]);
      await cluster.reportManager(`${release}-manager-x`, lease);
    }
    const watches: Promise<void>[] = [];
    await Promise.all(
      releases.map(async ({ cluster, seen }) => {
        await new Promise<void>((synced) => {
          const observe = ({ kind, name, object }: Observation) => {
            if (kind !== 'node' && object) seen.add(`${kind} ${name}`);
          };
          watches.push(cluster.watch({ observe, synced }, over.signal));
        });
        await new Promise<void>((first) => {
          const observe = (name: string) => {
            seen.add(`manager ${name}`);
            first();
          };
          watches.push(cluster.watchManagers(observe, over.signal));
        });
      }),
    );
    over.abort();
    await Promise.all(watches);
    for (const { release, pool, seen, cluster } of releases) {
      const own = [`manager ${release}-manager-x`, `pool ${pool}`, `queue ${pool}-waiting`, `service ${pool}-0`];
      t.deepEqual([...seen].sort(), own);
      await cluster.removeManager({ name: `${release}-manager-x` });
      await transport.request({ method: 'DELETE', path: `${path}/${pool}` });
    }
  });

  test.serial('a manager’s Lease is owned by its pod, and is deleted with it', async (t) => {
    const { transport, world } = t.context;
    const pod = await world.readyPod(1);
    const cluster = createCluster({ transport, exposure: { mode: 'nodePort' }, log: silent, pod });
    const lease = { holder: 'm', durationMs: 40_000, acquiredAt: 0, renewedAt: 0, transitions: 0 };
    await cluster.reportManager('of-a-pod', lease);
    t.truthy(await cluster.readLease('of-a-pod'));
    await cluster.deletePod(pod);
    t.true(await poll(async () => (await cluster.readLease('of-a-pod')) === undefined, 60_000));
  });

  test.serial('keys: managers that start at once share one key, and a removed key is created again', async (t) => {
    const { transport } = t.context;
    const name = 'contract-keys';
    const start = () => ensureKeys(transport, name);
    const [first, ...others] = await Promise.all(Array.from({ length: 5 }, start));
    for (const keys of others) t.deepEqual(keys, first);
    t.deepEqual(await start(), first!);
    t.is(createPrivateKey(first!['signing-key.pem']).asymmetricKeyType, 'ed25519');

    const path = `/api/v1/namespaces/${transport.namespace}/secrets/${name}`;
    const body = { data: { 'signing-key.pem': null, theirs: 'eA==' } };
    await transport.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
    const [rotated, ...same] = await Promise.all(Array.from({ length: 3 }, start));
    for (const keys of same) t.deepEqual(keys, rotated);
    t.not(rotated!['signing-key.pem'], first!['signing-key.pem']);
    t.deepEqual({ ...rotated!, 'signing-key.pem': '' }, { ...first!, 'signing-key.pem': '', theirs: 'x' } as Keys);
  });

  test.serial('inv 1: of twenty racing claims of one pod exactly one wins, also with other writes to it', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(0);
    await world.annotate(pod.name, { 'example.org/unrelated': 'written by another client' });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => world.cluster.claimPod(pod, claimOf(`visitor-${index}`))),
    );
    const won = results.filter((result) => result !== 'conflict');
    t.is(won.length, 1);
    const [winner] = won as ObservedPod[];
    t.true(winner!.taken);
    t.is(winner!.claim?.address, 'somewhere');
    const seen = await world.podWhere(0, ({ taken }) => taken);
    t.deepEqual(seen.claim, winner!.claim);
    t.deepEqual((await world.cluster.readPod(pod.name))?.claim, winner!.claim);
    t.is(
      (await world.raw(`pods/${pod.name}`)).metadata.annotations['example.org/unrelated'],
      'written by another client',
    );
  });

  test.serial('inv 1, 5: of a claim and a retirement one wins, and a retired pod is never claimed', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    const [claimed, marked] = await Promise.all([
      world.cluster.claimPod(pod, claimOf('v')),
      world.cluster.retirePod(pod),
    ]);
    t.is([claimed, marked].filter((result) => result === 'conflict').length, 1);
    await world.cluster.deletePod(pod);

    const next = await world.podWhere(2, (now) => now.uid !== pod.uid && now.ready);
    const retired = await world.cluster.retirePod(next);
    if (retired === 'conflict') return t.fail();
    t.like(retired, { taken: true, retired: true, claim: undefined });
    t.is(await world.cluster.claimPod(next, claimOf('v')), 'conflict');
    t.is(await world.cluster.retirePod(next), 'conflict', 'whoever retires it must know what it is');
    t.like(await world.cluster.retirePod(retired), { retired: true });
    t.is(await world.cluster.retirePod({ ...retired, uid: pod.uid }), 'conflict');
    await world.cluster.deletePod(next);
    t.is(await world.cluster.retirePod(await world.podWhere(0, ({ taken }) => taken)), 'conflict', 'one in use');
  });

  test.serial('inv 1: a claim of a replaced or missing pod is a conflict', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(1);
    t.is(
      await world.cluster.claimPod({ ...pod, uid: 'ffffffff-0000-4000-8000-000000000000' }, claimOf('v')),
      'conflict',
    );
    t.is(await world.cluster.claimPod({ ...pod, name: 'contract-77' }, claimOf('v')), 'conflict');
    t.false((await world.cluster.readPod(pod.name))?.taken);
    t.is(await world.cluster.readPod('contract-77'), undefined);
  });

  test.serial('a pod without any annotation can be claimed too', async (t) => {
    const { world } = t.context;
    await world.removeAnnotations('contract-1');
    const pod = await world.podWhere(1, ({ annotated }) => !annotated);
    const stale = { ...pod, version: pod.version - 1 };
    t.is(await world.cluster.claimPod(stale, claimOf('v')), 'conflict');
    const claimed = await world.cluster.claimPod(pod, claimOf('v'));
    t.like(claimed, { taken: true, claim: { visitor: 'v', address: 'somewhere' } });
  });

  test.serial('the first connection is recorded on the pod with that UID only, and no later one', async (t) => {
    const { world } = t.context;
    const pod = await world.podWhere(1, ({ taken }) => taken);
    t.is(await world.cluster.markConnected({ ...pod, uid: 'ffffffff-0000-4000-8000-000000000000' }, 5_000), undefined);
    t.is((await world.cluster.readPod(pod.name))?.claim?.connectedAt, undefined);
    t.is((await world.cluster.markConnected(pod, 5_000))?.claim?.connectedAt, 5_000);
    t.is(await world.cluster.markConnected(pod, 6_000), undefined);
    t.is((await world.cluster.readPod(pod.name))?.claim?.connectedAt, 5_000);
  });

  test.serial('setLinkEpoch: changes the pod with that UID only', async (t) => {
    const { world } = t.context;
    const pod = await world.podWhere(1, ({ taken }) => taken);
    t.is(pod.linkEpoch, undefined);
    t.is(await world.cluster.setLinkEpoch({ ...pod, uid: 'ffffffff-0000-4000-8000-000000000000' }, 1), undefined);
    t.is((await world.cluster.setLinkEpoch(pod, 1))?.linkEpoch, 1);
    t.is((await world.cluster.setLinkEpoch(pod, 2))?.linkEpoch, 2);
    t.is((await world.cluster.readPod(pod.name))?.linkEpoch, 2);
  });

  test.serial('an end by the owner is recorded on the pod with that UID only', async (t) => {
    const { world } = t.context;
    const pod = await world.podWhere(1, ({ taken }) => taken);
    t.is(await world.cluster.markEndedByOwner({ ...pod, uid: 'ffffffff-0000-4000-8000-000000000000' }), undefined);
    t.is((await world.cluster.readPod(pod.name))?.endedByOwner, undefined);
    t.true((await world.cluster.markEndedByOwner(pod))?.endedByOwner);
  });

  test.serial('inv 7: a token names its pod, for its own audience only', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    const token = (await world.log(pod.name)).trim().split('\n')[0]!;
    t.deepEqual(await world.cluster.reviewToken(token), {
      serviceAccount: 'default',
      pod: { name: pod.name, uid: pod.uid },
    });
    const facts = await world.reviewedFacts(token);
    const node = (await world.get(`/api/v1/nodes/${pod.node}`)).metadata;
    const before = { 'pod-name': pod.name, 'pod-uid': pod.uid };
    const id = facts['credential-id'];
    const since = { ...before, 'node-name': node.name, 'node-uid': node.uid, 'credential-id': id };
    const accepted = acceptedAnswers(world.version, { before, since });
    t.true(
      accepted.some((answer) => isDeepStrictEqual(answer, facts)),
      `${world.version.gitVersion}: ${JSON.stringify(facts)}`,
    );
    t.regex(id ?? 'JTI=none', /^JTI=./);
    t.is(await world.cluster.reviewToken(`${token.slice(0, -4)}AAAA`), undefined);
    t.is(await world.cluster.reviewToken('garbage'), undefined);
  });

  test.serial('inv 1: deleting names the pod by UID; its successor is another pod, and unclaimed', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    const token = (await world.log(pod.name)).trim().split('\n')[0]!;
    t.is(await world.cluster.deletePod({ ...pod, uid: 'ffffffff-0000-4000-8000-000000000000' }), undefined);
    t.false((await world.cluster.readPod(pod.name))?.terminating);
    await world.cluster.deletePod(pod);
    const next = await world.podWhere(2, ({ uid, ready }) => uid !== pod.uid && ready);
    t.like(next, { taken: false, claim: undefined });
    // An API server caches a token review for ten seconds. Until then the token is valid for the deleted pod, by its
    // UID, and never for the successor, so it is harmless.
    const former = { serviceAccount: 'default', pod: { name: pod.name, uid: pod.uid } };
    await world.untilAsync(async () => {
      const identity = await world.cluster.reviewToken(token);
      if (identity) t.deepEqual(identity, former);
      return identity === undefined;
    });
    t.is(await world.cluster.deletePod(pod), undefined);
    t.is((await world.cluster.readPod(pod.name))?.uid, next.uid);
  });

  test.serial('inv 2: a terminating pod cannot be claimed, even if the watch has not delivered that yet', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    // The finalizer keeps the terminating pod.
    await world.setFinalizers(pod.name, ['warmterm.dev/test']);
    t.like(await world.cluster.deletePod(pod), { terminating: true });
    t.is(await world.cluster.claimPod(pod, claimOf('v')), 'conflict');
    t.like(await world.cluster.readPod(pod.name), { uid: pod.uid, taken: false });
    await world.setFinalizers(pod.name, null);
    await world.podWhere(2, ({ uid, ready }) => uid !== pod.uid && ready);
  });

  test.serial('inv 2: an ended pod cannot be claimed, and is replaced by another', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    await world.endPod(pod.name);
    t.is(await world.cluster.claimPod(pod, claimOf('v')), 'conflict');
    const next = await world.podWhere(2, ({ uid, ready }) => uid !== pod.uid && ready);
    t.like(next, { taken: false, claim: undefined });
  });

  test.serial('a pod with another pool’s label is neither claimed nor retired', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    await world.setPoolLabel(pod.name, 'quarantine');
    t.is(await world.cluster.claimPod(pod, claimOf('v')), 'conflict');
    t.is(await world.cluster.retirePod(pod), 'conflict');
    t.like(await world.cluster.readPod(pod.name), { uid: pod.uid, taken: false });
    const { uid, name } = world.pool();
    // The StatefulSet controller releases the pod.
    await world.untilAsync(async () => {
      const inTheWay = await world.cluster.readPodInTheWay(pod.name, { uid, name });
      if (!inTheWay) return false;
      t.deepEqual(inTheWay, { pool: 'quarantine' });
      return true;
    });
    // A pod without the label no longer belongs to the StatefulSet, but keeps its name.
    await world.cluster.deletePod(pod);
    await world.podWhere(2, ({ uid, ready }) => uid !== pod.uid && ready);
    t.is(await world.cluster.readPodInTheWay(pod.name, { uid, name }), undefined);
    t.is(await world.cluster.readPodInTheWay('contract-77', { uid, name }), undefined);
  });

  test.serial('inv 5: deleteAsSeen: deletes a pod only if it is unchanged since it was read', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    await world.annotate(pod.name, { 'example.org/unrelated': 'written since' });
    const now = await world.podWhere(2, ({ version }) => version > pod.version);
    t.is(await world.cluster.deleteAsSeen(pod), 'conflict');
    t.like(await world.cluster.readPod(pod.name), { uid: pod.uid, terminating: false });
    t.like(await world.cluster.deleteAsSeen(now), { uid: pod.uid, terminating: true });
    await world.podWhere(2, ({ uid, ready }) => uid !== pod.uid && ready);
    t.is(await world.cluster.deleteAsSeen({ ...now, name: 'contract-77' }), undefined);
  });

  test.serial('removeOrphan: does not wait for a kubelet, and refuses a changed pod', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(2);
    await world.annotate(pod.name, { 'example.org/unrelated': 'written since' });
    const now = await world.podWhere(2, ({ version }) => version > pod.version);
    t.is(await world.cluster.removeOrphan(pod), 'conflict');
    t.is(await world.cluster.removeOrphan(now), 'removed');
    t.not((await world.cluster.readPod(pod.name))?.uid, pod.uid, 'it is gone by the time of the answer');
    await world.podWhere(2, ({ uid, ready }) => uid !== pod.uid && ready);
    t.is(await world.cluster.removeOrphan(now), 'conflict', 'its successor is left alone');
    t.is(await world.cluster.removeOrphan({ ...now, name: 'contract-77' }), 'removed');
  });

  test.serial('readNode: returns the present node, if it exists', async (t) => {
    const { world } = t.context;
    const { node } = await world.readyPod(0);
    t.like(await world.cluster.readNode(node!), { name: node, ready: true });
    t.is(await world.cluster.readNode('no-such-node'), undefined);
  });

  test.serial('inv 5: scaling is refused if the replicas have changed since they were read', async (t) => {
    const { world } = t.context;
    const pool = world.pool();
    t.is(await world.cluster.scalePool({ ...pool, replicas: 7 }, 9), 'conflict');
    t.is(world.pool().replicas, 3);
    const scaled = await world.cluster.scalePool(pool, 4);
    t.like(scaled, { replicas: 4 });
    await world.readyPod(3);
  });

  test.serial(
    'inv 5: of ten concurrent scalings from one version, one succeeds; an empty pool can grow again',
    async (t) => {
      const { world } = t.context;
      const { cluster } = world;
      const idle = await world.createPool(describeIdlePool(here()));
      const racing = Array.from({ length: 10 }, (_, index) => cluster.scalePool(idle, 1 + (index % 2)));
      const won = (await Promise.all(racing)).filter((result) => result !== 'conflict');
      t.is(won.length, 1);
      const [grown] = won as ObservedPool[];
      await world.until(() => world.pool('idle').version >= grown!.version);
      // The current revision is known once the controller has observed the change.
      const { version, revision } = grown!;
      t.deepEqual({ ...world.pool('idle'), version, revision }, grown);

      const shrunk = await cluster.scalePool(grown!, 0);
      if (shrunk === 'conflict') return t.fail('nobody else scales it');
      t.is(shrunk.replicas, 0);
      t.is(await cluster.scalePool(grown!, 5), 'conflict');
      t.is(await cluster.scalePool({ ...shrunk, uid: 'ffffffff-0000-4000-8000-000000000000' }, 5), 'conflict');
      t.is(await cluster.scalePool({ ...shrunk, statefulSet: 'absent' }, 5), 'conflict');
      t.like(await cluster.scalePool(shrunk, 1), { replicas: 1 });
      await world.deletePool('idle');
    },
  );

  test.serial('each ordinal has one Service with a node port, which routes to its pod', async (t) => {
    const { world } = t.context;
    const service = await world.cluster.exposePod(world.pool(), 3);
    t.deepEqual(await world.cluster.exposePod(world.pool(), 3), service);
    await world.until(() => world.services.get(service.name)?.nodePort === service.nodePort);
    const pod = await world.readyPod(3);
    const url = `http://${world.nodes.get(pod.node!)}:${service.nodePort}/`;
    t.deepEqual(JSON.parse(await world.untilFetched(url)), pod.podAddress);
  });

  test.serial(
    'the end of a terminal is recorded on the Service of its ordinal, and on no other of that name',
    async (t) => {
      const { world } = t.context;
      const service = await world.cluster.exposePod(world.pool(), 3);
      const end = {
        reason: 'idle',
        idleMs: 900_000,
        name: service.name,
        claimedAt: '2026-01-01T09:00:00.000Z',
        visitor: 'v'.repeat(43),
      } as const;
      const other = { ...service, uid: 'ffffffff-0000-4000-8000-000000000000' };
      t.is(await world.cluster.recordEnd(other, end), undefined);
      t.is(await world.cluster.recordEnd({ ...service, name: 'absent' }, end), undefined);
      t.deepEqual(await world.cluster.recordEnd(service, end), { ...service, lastEnd: end });
      await world.until(() => world.services.get(service.name)?.lastEnd?.visitor === end.visitor);
    },
  );

  test.serial('a Service that was created for routes gets a node port once it needs one', async (t) => {
    const { world } = t.context;
    const made = await world.routed.Ingress!.exposePod(world.pool(), 5);
    t.is(made.nodePort, undefined);
    const exposed = await world.cluster.exposePod(world.pool(), 5);
    t.like(exposed, { uid: made.uid, ordinal: 5 });
    t.true(exposed.nodePort! >= 30_000);
    t.deepEqual(await world.routed.Ingress!.exposePod(world.pool(), 5), exposed);
    await world.until(() => world.services.get(made.name)?.nodePort === exposed.nodePort);
    await world.cluster.withdrawService({ ...exposed, uid: 'ffffffff-0000-4000-8000-000000000000' });
    t.deepEqual(await world.cluster.exposePod(world.pool(), 5), exposed);
    await world.cluster.withdrawService(exposed);
    await world.until(() => !world.services.has(made.name));
    await t.notThrowsAsync(world.cluster.withdrawService(exposed));
  });

  for (const kind of kinds) {
    test.serial(`each ordinal has one ${kind}, which is watched, restored and withdrawn`, async (t) => {
      const { world } = t.context;
      const cluster = world.routed[kind]!;
      const routes = world.routes[kind]!;
      const path = world.routePath(kind);
      const route = await cluster.routePod(world.pool(), 0);
      const { name } = route;
      const spec = (await world.get(`${path}/${name}`)).spec;
      t.deepEqual(route, { ...route, name: 'contract-0', pool: 'contract', ordinal: 0, asTemplate: true });
      t.regex(route.address!.host, /^(contract-0|0\.contract)\.terminals\.test$/);
      t.deepEqual(await cluster.routePod(world.pool(), 0), route);
      await world.until(() => routes.get(name)?.uid === route.uid);

      const elsewhere = JSON.parse(JSON.stringify(spec).replaceAll('terminals.test', 'elsewhere.test'));
      await world.patch(`${path}/${name}`, {
        metadata: { annotations: { 'example.org/of': 'others' } },
        spec: elsewhere,
      });
      await world.until(() => routes.get(name)?.asTemplate === false);
      t.regex(routes.get(name)!.address!.host, /elsewhere\.test$/);
      t.is(await cluster.restoreRoute({ ...route, uid: 'ffffffff-0000-4000-8000-000000000000' }), undefined);
      t.deepEqual(await cluster.restoreRoute(routes.get(name)!), route);
      await world.until(() => routes.get(name)?.asTemplate === true);
      const restored = await world.get(`${path}/${name}`);
      t.deepEqual(restored.spec, spec);
      t.is(restored.metadata.annotations['example.org/of'], 'others');

      await cluster.withdrawRoute({ ...route, uid: 'ffffffff-0000-4000-8000-000000000000' });
      t.deepEqual(await cluster.routePod(world.pool(), 0), route);
      await cluster.withdrawRoute(route);
      await world.until(() => !routes.has(name));
      await t.notThrowsAsync(cluster.withdrawRoute(route));
      t.is(await cluster.restoreRoute(route), undefined);
      t.not((await cluster.routePod(world.pool(), 0)).uid, route.uid);
      await world.until(() => routes.has(name));
    });

    test.serial(`inv 10: an ${kind} of another owner is left unchanged and reported as a conflict`, async (t) => {
      const { world } = t.context;
      const path = world.routePath(kind);
      const { metadata, ...route } = fillRoute(templates[kind], { name: 'contract-7', pool: 'contract', ordinal: 7 });
      await world.post(path, { ...route, metadata: { name: metadata.name } });
      await t.throwsAsync(world.routed[kind]!.routePod(world.pool(), 7), {
        code: 'conflict',
        message: /contract-7 is/,
      });
    });
  }

  test.serial('queue: created once, and simultaneous writes of different positions lose none', async (t) => {
    const { world } = t.context;
    const { cluster } = world;
    const [made, same] = [await cluster.ensureQueue(world.pool()), await cluster.ensureQueue(world.pool())];
    t.is(same.uid, made.uid);
    t.like(made, { name: 'contract-waiting', pool: 'contract' });
    const position = (index: number) => ({ since: 1_700_000_000_000 + index, seen: 1_700_000_100_000 });
    const visitors = Array.from({ length: 12 }, (_, index) => `visitor_${index}-`.padEnd(43, 'v'));
    const written = await Promise.all(
      visitors.map((visitor, index) => cluster.writePositions(made, new Map([[visitor, position(index)]]))),
    );
    t.false(written.includes('conflict'));
    await world.until(() => world.queues.get(made.name)?.positions.size === 12);
    const full = world.queues.get(made.name)!;
    // The API server keeps keys in any order; each position has its time.
    t.deepEqual(
      Object.fromEntries(full.positions),
      Object.fromEntries(visitors.map((visitor, index) => [visitor, position(index)])),
    );

    const [first, second] = visitors as [string, string];
    const left = { since: 1_700_000_000_000, seen: undefined };
    const changed = await cluster.writePositions(
      full,
      new Map([
        [first, left],
        [second, undefined],
      ]),
      { unchanged: true },
    );
    if (changed === 'conflict') return t.fail('nobody has written since');
    t.deepEqual(
      [changed.positions.get(first), changed.positions.has(second), changed.positions.size],
      [left, false, 11],
    );
    await world.until(() => world.queues.get(made.name)!.version >= changed.version);
    t.is(await cluster.writePositions(full, new Map([[first, undefined]]), { unchanged: true }), 'conflict');
    const other = { ...changed, uid: 'ffffffff-0000-4000-8000-000000000000' };
    t.is(await cluster.writePositions(other, new Map([[first, undefined]])), 'conflict');
    t.is(await cluster.writePositions({ ...changed, name: 'absent' }, new Map([[first, undefined]])), 'conflict');
    t.true(world.queues.get(made.name)!.positions.has(first));
  });

  test.serial('inv 10: queue: a foreign ConfigMap of the same name is left alone and reported', async (t) => {
    const { world } = t.context;
    const path = `/api/v1/namespaces/${here().namespace}/configmaps`;
    await world.post(path, { metadata: { name: 'other-waiting' }, data: { theirs: 'yes' } });
    const pool = { ...world.pool(), statefulSet: 'other' };
    await t.throwsAsync(world.cluster.ensureQueue(pool), { code: 'conflict', message: /other-waiting is/ });
  });

  test.serial('a Lease is created once, and changed only with its latest version', async (t) => {
    const { cluster } = t.context.world;
    const ours = {
      holder: 'manager-a',
      durationMs: 15_000,
      acquiredAt: 1_700_000_000_123,
      renewedAt: 1_700_000_002_456,
      transitions: 0,
    };
    t.is(await cluster.readLease('contract'), undefined);
    const made = await cluster.createLease('contract', ours);
    if (made === 'conflict') return t.fail('there was one already');
    t.deepEqual(made, { ...ours, version: made.version });
    t.is(await cluster.createLease('contract', { ...ours, holder: 'manager-b' }), 'conflict');
    t.deepEqual(await cluster.readLease('contract'), made);

    const racing = Array.from({ length: 10 }, (_, index) =>
      cluster.updateLease('contract', made.version, { ...ours, holder: `manager-${index}`, transitions: 1 }),
    );
    const won = (await Promise.all(racing)).filter((result) => result !== 'conflict');
    t.is(won.length, 1);
    t.deepEqual(await cluster.readLease('contract'), won[0]);

    const released = { ...ours, holder: '', durationMs: 1_000, transitions: 1 };
    t.like(await cluster.updateLease('contract', won[0]!.version, released), released);
    t.like(await cluster.readLease('contract'), released);
  });

  test.serial('each manager announces itself by a Lease until the Lease is removed', async (t) => {
    const { cluster } = t.context.world;
    const versions = new Map<string, string | undefined>();
    let heard = () => {};
    const until = async (holds: () => boolean) => {
      while (!holds()) {
        await new Promise<void>((resolve) => {
          heard = resolve;
        });
      }
    };
    const over = new AbortController();
    const watching = cluster.watchManagers((name, version) => {
      versions.set(name, version);
      heard();
    }, over.signal);
    const lease = { holder: 'a_1', durationMs: 30_000, acquiredAt: 1_700_000_000_123, transitions: 0 };
    await cluster.createLease('of-nobody', { ...lease, renewedAt: 1 });
    await cluster.reportManager('manager-a', { ...lease, renewedAt: 1_700_000_000_123 });
    await until(() => versions.has('manager-a'));
    const first = versions.get('manager-a')!;
    await cluster.reportManager('manager-a', { ...lease, renewedAt: 1_700_000_010_456 });
    await until(() => versions.get('manager-a') !== first);
    t.like(await cluster.readLease('manager-a'), { ...lease, renewedAt: 1_700_000_010_456 });

    await cluster.removeManager({ name: 'manager-a', version: first });
    t.not(await cluster.readLease('manager-a'), undefined, 'it was renewed since');
    await cluster.removeManager({ name: 'manager-a', version: versions.get('manager-a')! });
    await until(() => versions.get('manager-a') === undefined);
    await cluster.reportManager('manager-b', { ...lease, renewedAt: 1 });
    await cluster.removeManager({ name: 'manager-b' });
    await cluster.removeManager({ name: 'manager-b' });
    t.is(await cluster.readLease('manager-b'), undefined);
    t.false(versions.has('of-nobody'), 'a Lease without the label is no manager');
    over.abort();
    await watching;
  });

  test.serial('an Event names the StatefulSet or a pod, with its count and time', async (t) => {
    const { world } = t.context;
    const pod = await world.readyPod(0);
    const told = { message: 'it has happened', count: 3, firstAt: 1_700_000_000_000, lastAt: 1_700_000_030_000 };
    const { statefulSet, uid } = world.pool();
    const ofPool = { kind: 'StatefulSet', name: statefulSet, uid } as const;
    await world.cluster.recordEvent({ about: ofPool, type: 'Warning', reason: 'InvalidSettings', ...told });
    await world.cluster.recordEvent({
      about: { kind: 'Pod', name: pod.name, uid: pod.uid },
      type: 'Normal',
      reason: 'Reaped',
      ...told,
      message: 'x'.repeat(5_000),
    });
    const { items } = await world.raw('events');
    const find = (reason: string) => items.find((event) => event.reason === reason);
    const times = { count: 3, firstTimestamp: '2023-11-14T22:13:20Z', lastTimestamp: '2023-11-14T22:13:50Z' };
    const [warning, reaped] = [find('InvalidSettings'), find('Reaped')];
    t.like(warning, { type: 'Warning', message: 'it has happened', involvedObject: { ...ofPool }, ...times });
    t.like(reaped, { type: 'Normal', involvedObject: { kind: 'Pod', name: pod.name, uid: pod.uid }, ...times });
    t.is(reaped?.message.length, 1_000);
  });

  test.serial('readCreateFailure: returns the last Event of the StatefulSet with that UID only', async (t) => {
    const { world } = t.context;
    const { statefulSet } = world.pool();
    // The pool's own StatefulSet may have had a temporary failure.
    const uid = 'one';
    t.is(await world.cluster.readCreateFailure({ uid }), undefined);
    const failures = [
      [uid, 'the newest', 1_700_000_090_000],
      [uid, 'the oldest', 1_700_000_000_000],
      ['another', 'of another', 1_800_000_000_000],
    ] as const;
    for (const [of, message, at] of failures) {
      const about = { kind: 'StatefulSet', name: statefulSet, uid: of } as const;
      const event = { about, type: 'Warning', message, count: 1, firstAt: at, lastAt: at } as const;
      await world.cluster.recordEvent({ ...event, reason: 'FailedCreate' });
      await world.cluster.recordEvent({ ...event, reason: 'SuccessfulCreate', message: 'another reason' });
    }
    t.is(await world.cluster.readCreateFailure({ uid }), 'the newest');
  });

  test.serial('capacity: reports quotas, and pods that are no terminals', async (t) => {
    const { transport, world } = t.context;
    const core = `/api/v1/namespaces/${transport.namespace}`;
    const container = { name: 'neighbour', image: 'there-is-none', resources: { requests: { cpu: '10m' } } };
    const neighbour = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'neighbour' },
      spec: { containers: [container] },
    };
    await transport.request({ method: 'POST', path: `${core}/pods`, body: neighbour });
    const quota = { metadata: { name: 'contract' }, spec: { hard: { pods: '1k', services: '100' } } };
    const body = { kind: 'ResourceQuota', apiVersion: 'v1', ...quota };
    await transport.request({ method: 'POST', path: `${core}/resourcequotas`, body });
    const expected = { name: 'contract', hard: { pods: 1_000, services: 100 }, scoped: false };
    await world.untilAsync(async () => {
      const { quotas, neighbours } = await world.cluster.readCapacity();
      const [first] = quotas ?? [];
      if (!first?.used.pods || neighbours.length === 0) return false;
      t.like(first, expected);
      t.deepEqual(
        neighbours.map(({ requests }) => requests),
        [{ cpu: 0.01 }],
      );
      return true;
    });
    await transport.request({ method: 'DELETE', path: `${core}/resourcequotas/contract` });
    await transport.request({ method: 'DELETE', path: `${core}/pods/neighbour` });
  });

  test.serial('deleting the StatefulSet deletes its pods, Services, queue and routes', async (t) => {
    const { world } = t.context;
    await world.deletePool('contract');
    const left = () => [world.pods, world.services, world.queues, ...Object.values(world.routes)];
    await world.until(() => left().every(({ size }) => size === 0));
    t.pass();
  });

  test.serial('no request of this suite gets a warning about a deprecated API or an unknown field', (t) => {
    t.deepEqual(warnings, []);
  });
}

const claimOf = (visitor: string) => ({
  id: `claim-of-${visitor}`,
  visitor,
  address: 'somewhere',
  claimedAt: 1_700_000_000_000,
});

/** The fields that the suite reads in answers outside the port. */
type RawAnswer = {
  metadata: { name: string; uid: string; annotations: Record<string, string> };
  spec: object;
  items: {
    type: string;
    reason: string;
    message: string;
    involvedObject: { kind: string; name: string; uid: string };
    count: number;
    firstTimestamp: string;
    lastTimestamp: string;
  }[];
};

type Review = { status: { user: { extra?: Record<string, [string]> } } };

type World = Awaited<ReturnType<typeof startWorld>>;

/** A pool in the target's namespace, and the observations of its watch so far. */
async function startWorld(transport: Transport, target: ContractTarget, kinds: RouteKind[]) {
  const { namespace } = target;
  const cluster = createCluster({ transport, exposure: { mode: 'nodePort' }, log: silent });
  const pods = new Map<string, ObservedPod>();
  const pools = new Map<string, ObservedPool>();
  const services = new Map<string, ObservedService>();
  const nodes = new Map<string, string | undefined>();
  const queues = new Map<string, StoredQueue>();
  const routes: Partial<Record<RouteKind, Map<string, ObservedRoute>>> = {};
  const routed: Partial<Record<RouteKind, Cluster>> = {};
  const news = new EventTarget();
  const remember = <T>(map: Map<string, T>, name: string, value: T | undefined) =>
    value === undefined ? map.delete(name) : map.set(name, value);
  const observe = ({ kind, name, object }: Observation) => {
    if (kind === 'pod') remember(pods, name, object);
    if (kind === 'pool') remember(pools, name, object);
    if (kind === 'service') remember(services, name, object);
    if (kind === 'queue') remember(queues, name, object);
    if (kind === 'node') remember(nodes, name, object?.host);
    news.dispatchEvent(new Event('news'));
  };
  const abort = new AbortController();
  // One watch of each kind per port.
  setMaxListeners(0, abort.signal);
  const watching = [cluster.watch({ observe, synced: () => {} }, abort.signal)];
  for (const kind of kinds) {
    const seen = new Map<string, ObservedRoute>();
    const port = createCluster({ transport, exposure: { mode: 'ingress', template: templates[kind] }, log: silent });
    const observeRoute = (observation: Observation) => {
      if (observation.kind !== 'route') return;
      remember(seen, observation.name, observation.object);
      news.dispatchEvent(new Event('news'));
    };
    watching.push(port.watch({ observe: observeRoute, synced: () => {} }, abort.signal));
    routes[kind] = seen;
    routed[kind] = port;
  }
  const request = (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, contentType?: string) =>
    transport.request<RawAnswer>({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...(contentType && { contentType }),
    });
  const core = (rest: string) => `/api/v1/namespaces/${namespace}/${rest}`;
  const mergePatch = (path: string, body: unknown) => request('PATCH', path, body, 'application/merge-patch+json');

  async function until(holds: () => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(120_000);
    while (!holds()) await once(news, 'news', { signal: deadline });
  }
  async function podWhere(ordinal: number, holds: (pod: ObservedPod) => boolean): Promise<ObservedPod> {
    const find = () => [...pods.values()].find((pod) => pod.ordinal === ordinal && !pod.terminating && holds(pod));
    await until(() => find() !== undefined);
    return find()!;
  }

  async function createPool(statefulSet: { metadata: { name: string } }): Promise<ObservedPool> {
    const { name } = statefulSet.metadata;
    await request('POST', `/apis/apps/v1/namespaces/${namespace}/statefulsets`, statefulSet);
    await until(() => pools.has(name));
    return pools.get(name)!;
  }

  const version = readServerVersion(await transport.request({ method: 'GET', path: '/version' }));
  await createPool(describeContractPool(target));
  return {
    version,
    cluster,
    pods,
    services,
    nodes,
    queues,
    routes,
    routed,
    routePath: (kind: RouteKind) => routesPath(templates[kind], namespace),
    get: (path: string) => request('GET', path),
    post: (path: string, body: object) => request('POST', path, body),
    patch: mergePatch,
    until,
    podWhere,
    pool: (name = 'contract') => pools.get(name)!,
    createPool,
    async untilAsync(holds: () => Promise<boolean>): Promise<void> {
      const deadline = AbortSignal.timeout(60_000);
      while (!(await holds())) await delay(200, undefined, { signal: deadline });
    },
    readyPod: (ordinal: number) => podWhere(ordinal, ({ ready }) => ready),
    raw: (path: string) => request('GET', core(path)),
    annotate: (name: string, annotations: object) => mergePatch(core(`pods/${name}`), { metadata: { annotations } }),
    setFinalizers: (name: string, finalizers: string[] | null) =>
      mergePatch(core(`pods/${name}`), { metadata: { finalizers } }),
    setPoolLabel: (name: string, pool: string) =>
      mergePatch(core(`pods/${name}`), { metadata: { labels: { [labels.pool]: pool } } }),
    /** Evicts the pod as a kubelet does. */
    endPod: (name: string) =>
      mergePatch(core(`pods/${name}/status`), { status: { phase: 'Failed', reason: 'Evicted' } }),
    removeAnnotations: (name: string) => mergePatch(core(`pods/${name}`), { metadata: { annotations: null } }),
    /** The extra fields of a TokenReview, without the common prefix of their names. */
    async reviewedFacts(token: string): Promise<Record<string, string>> {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const body = { spec: { token, audiences: [managerAudience] } };
      const { status } = await transport.request<Review>({ method: 'POST', path, body });
      const facts = Object.entries(status.user.extra ?? {});
      return Object.fromEntries(facts.map(([name, [value]]) => [name.replace(/^authentication[^/]*\//, ''), value]));
    },
    deletePool: (name: string) => request('DELETE', `/apis/apps/v1/namespaces/${namespace}/statefulsets/${name}`),
    async log(name: string): Promise<string> {
      const stream = await transport.stream(core(`pods/${name}/log`), AbortSignal.timeout(10_000));
      return (await stream.setEncoding('utf8').toArray()).join('');
    },
    /**
     * A node port follows readiness after up to a second, and drops packets until then. Each try opens a new
     * connection, because a dropped one does not recover.
     */
    async untilFetched(url: string): Promise<string> {
      const deadline = AbortSignal.timeout(60_000);
      for (;;) {
        const text = await fetchOnce(url, AbortSignal.any([deadline, AbortSignal.timeout(500)])).catch(() => undefined);
        if (text !== undefined) return text;
        deadline.throwIfAborted();
      }
    },
    async stop() {
      abort.abort();
      await Promise.all(watching);
    },
  };
}

const fetchOnce = (url: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false, signal }, (answer) => {
      answer
        .setEncoding('utf8')
        .toArray()
        .then((chunks) => resolve(chunks.join('')), reject);
    }).once('error', reject);
  });

function describeContractPool({ node, image }: ContractTarget) {
  const marks = { [labels.pool]: 'contract' };
  const token = { path: 'token', audience: managerAudience, expirationSeconds: 3_600 };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'contract', labels: marks },
    spec: {
      replicas: 3,
      serviceName: 'contract',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: marks },
      template: {
        metadata: {
          labels: { ...marks, [labels.claimed]: 'false' },
          annotations: { 'example.org/template': 'contract' },
        },
        spec: {
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'server',
              image,
              command: [node, '-e', server],
              env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
              ports: [{ name: terminalPortName, containerPort: 3000 }],
              readinessProbe: { httpGet: { path: '/', port: terminalPortName }, periodSeconds: 1 },
              volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/warmterm', readOnly: true }],
            },
          ],
          volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: token }] } }],
        },
      },
    },
  };
}

/** A pool with 0 replicas. Its pods, if any, are not observed by the watch. */
function describeIdlePool({ node, image }: ContractTarget) {
  const marks = { 'example.org/idle': 'true' };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'idle', labels: { [labels.pool]: 'idle' }, annotations: { 'example.org/kept': 'yes' } },
    spec: {
      replicas: 0,
      serviceName: 'idle',
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'OnDelete' },
      selector: { matchLabels: marks },
      template: {
        metadata: { labels: marks },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [{ name: 'server', image, command: [node, '-e', server] }],
        },
      },
    },
  };
}
