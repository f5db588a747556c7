// Pods under user ids that their images do not know, as OpenShift assigns them.

import test from 'ava';
import { createCli } from '../helpers/cli.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { poolIsReady } from '../helpers/system.ts';

const uid = 1_000_660_000;
const assigned = (part: string) =>
  Object.fromEntries(
    Object.entries({ runAsUser: uid, runAsGroup: 0, fsGroup: uid }).map(([name, id]) => [
      `${part}.podSecurityContext.${name}`,
      String(id),
    ]),
  );

let release: Release;
test.before(async () => {
  release = await installRelease({
    assignUserIds: 'false',
    'poolDefaults.spare': '1',
    ...assigned('poolDefaults'),
    ...assigned('manager'),
    ...assigned('webserver'),
    ...assigned('test'),
  });
  await poolIsReady(release, 1);
});
test.after.always(() => release?.discard());

test.serial('assigned-ids: a shell under any user id has a name and a home, and ssh runs', async (t) => {
  const script = [
    'id -u; whoami; echo ~; touch ~/file && echo written',
    'ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519 </dev/null && ls ~/.ssh',
    // The port has no listener. Without a user name, ssh fails before it connects.
    'ssh -o ConnectTimeout=5 -p 1 127.0.0.1 2>&1 | tail -n 1 | tr -d "\\r"',
  ].join('; mkdir -p -m 700 ~/.ssh; ');
  const { code, stdout, stderr } = await createCli(t, release.pageUrl).run(['run', '--', 'sh', '-c', script]);
  t.deepEqual([code, stderr], [0, '']);
  t.deepEqual(String(stdout).trim().split('\n'), [
    String(uid),
    'visitor',
    '/home/visitor',
    'written',
    'id_ed25519',
    'id_ed25519.pub',
    'ssh: connect to host 127.0.0.1 port 1: Connection refused',
  ]);
});

test.serial('assigned-ids: helm test passes', async (t) => {
  t.regex(await release.test(), /Phase:\s+Succeeded/);
});
