// A manager may answer claims once it has listed all objects.

import test from 'ava';
import { createCluster } from '../../../manager/kubernetes/cluster.ts';
import type { Transport } from '../../../manager/kubernetes/transport.ts';
import { silent } from '../../helpers/manager.ts';
import { nextTurn } from '../../helpers/model-cluster.ts';

for (const last of ['pods', 'statefulsets', 'services', 'configmaps', 'nodes']) {
  test(`inv 3: sync: a manager is not synced before it has listed the ${last}`, async (t) => {
    let release = () => {};
    let streams = 0;
    const transport: Transport = {
      namespace: 'ns',
      async request<T>({ path }: { path: string }) {
        const kind = /\/(\w+)\?/.exec(path)![1]!;
        if (kind === last) await new Promise<void>((resolve) => (release = resolve));
        return { metadata: { resourceVersion: '1' }, items: [] } as T;
      },
      stream(_path, signal) {
        streams++;
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        );
      },
      close() {},
    };
    const cluster = createCluster({ transport, exposure: { mode: 'nodePort' }, log: silent });
    const abort = new AbortController();
    t.teardown(() => abort.abort());
    let synced = 0;
    const watch = cluster.watch({ observe() {}, synced: () => synced++ }, abort.signal);
    // Each kind is watched after its list.
    while (streams < 4) await nextTurn();
    t.is(synced, 0);
    release();
    while (streams < 5) await nextTurn();
    t.is(synced, 1);
    abort.abort();
    await watch;
  });
}
