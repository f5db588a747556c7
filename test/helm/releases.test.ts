// Several releases in one namespace: a manager reads and writes only objects of its own release.

import anyTest from 'ava';
import { labels, leaseOf } from '../../common/names.ts';
import { helmProgram, render } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

for (const release of ['warmterm', 'shells', '2027', 'a.b']) {
  test(`release ${release}: pools and pods have the manager’s selector label`, async (t) => {
    const { objects, refusal } = await render({}, undefined, [], { release, namespace: 'ours' });
    t.is(refusal, '');
    const find = (kind: string, name: RegExp) =>
      objects.find((object) => object.kind === kind && name.test(object.metadata.name))!;
    const pool = find('StatefulSet', /^default$/);
    const { env } = find('Deployment', /-manager$/).spec.template.spec.containers[0];
    const given = env.find(({ name }: { name: string }) => name === 'WARMTERM_RELEASE').value;
    t.is(given, release);
    t.is(pool.metadata.labels[labels.release], given);
    t.is(pool.spec.template.metadata.labels[labels.release], given);
    t.is(find('Lease', /./).metadata.name, leaseOf(given));
  });
}
