// The contract of the API on the stand-in. test/cluster/api-semantics.test.ts runs it on a real cluster.

import test from 'ava';
import { testApiSemantics } from '../../contracts/api-semantics.ts';
import { startTestCluster, type TestCluster } from '../../helpers/local-cluster.ts';

let cluster: TestCluster;
const ends: (() => Promise<unknown>)[] = [];
test.before(async () => {
  cluster = await startTestCluster({ teardown: (end) => ends.push(end) });
});
test.after.always(async () => {
  for (const end of ends) await end();
});

testApiSemantics(test, () => cluster);
