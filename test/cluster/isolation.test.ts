// What somebody inside a terminal can reach and use up, tried from a shell in a browser on the real cluster. README's
// table of isolation says what happened. Each address that must be out of reach is seen to answer from outside first.

import { connect } from 'node:net';
import test from 'ava';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, stillAnswers, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { openTerminal, type RawPod, until } from '../helpers/system.ts';

let release: Release;
let browser: Browser;
/** Two visitors; the first does what the other must not notice. */
let page: Page;
let neighbour: Page;

test.before(async () => {
  release = await installRelease({
    'poolDefaults.spare': '2',
    'poolDefaults.homeSize': '48Mi',
    'poolDefaults.resources.requests.ephemeral-storage': '16Mi',
    'poolDefaults.resources.limits.ephemeral-storage': '64Mi',
  });
  browser = await launchBrowser();
  neighbour = (await openTerminal(release, browser)).page;
  ({ page } = await openTerminal(release, browser));
});
test.after.always(async () => {
  await browser?.close();
  await release?.discard();
});

let commands = 0;

/** What a command prints. It must not print more than the screen holds. */
async function output(command: string, timeoutMs = 60_000): Promise<string> {
  const number = ++commands;
  // In two parts, so that the command line itself does not count.
  await typeText(page, `clear; echo "be""gin-${number}"; ${command}; echo; echo "e""nd-${number}"\n`);
  const printed = new RegExp(`^begin-${number}$([^]*)^end-${number}$`, 'm');
  return printed.exec(await waitForScreen(page, printed, timeoutMs))![1]!.trim();
}

const core = () => `/api/v1/namespaces/${release.namespace}`;
const pods = async (component: string) => {
  const selector = encodeURIComponent(`app.kubernetes.io/component=${component}`);
  const path = `${core()}/pods?labelSelector=${selector}`;
  return (await release.transport.request<{ items: RawPod[] }>({ method: 'GET', path })).items;
};
const uidOf = async (name: string) =>
  (await pods('terminal')).find(({ metadata }) => metadata.name === name)?.metadata.uid;
const service = (name: string) =>
  release.transport.request<{ spec: { clusterIP: string; ports: { nodePort?: number }[] } }>({
    method: 'GET',
    path: `${core()}/services/${name}`,
  });

const answersTheTest = (address: string) =>
  new Promise<boolean>((resolve) => {
    const [host = '', port] = address.split(':');
    const socket = connect({ host, port: Number(port), timeout: 3_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once('connect', () => end(true))
      .once('error', () => end(false))
      .once('timeout', () => end(false));
  });

/** Which of these addresses take a connection from inside the terminal. */
async function reached(addresses: string[]): Promise<string[]> {
  const program = [
    'import socket,sys',
    'for a in sys.argv[1:]:',
    ' h,p=a.split(":")',
    ' try: socket.create_connection((h,int(p)),3); print("reached",a)',
    ' except OSError: pass',
  ].join('\\n');
  await output(`printf '${program}' > /tmp/probe.py`);
  const printed = await output(`python3 /tmp/probe.py ${addresses.join(' ')}`, 10_000 + addresses.length * 4_000);
  return [...printed.matchAll(/^reached (\S+)$/gm)].map((match) => match[1]!);
}

test.serial(
  'from inside only the manager and DNS can be reached: no API, no neighbour, no webserver, no node',
  async (t) => {
    const [terminals, webservers, managers, api] = await Promise.all([
      pods('terminal'),
      pods('webserver'),
      pods('manager'),
      release.transport.request<{ spec: { clusterIP: string } }>({
        method: 'GET',
        path: '/api/v1/namespaces/default/services/kubernetes',
      }),
    ]);
    const self = await output('echo $HOSTNAME');
    const neighbours = terminals.filter(({ metadata, status }) => metadata.name !== self && status.podIP);
    t.true(neighbours.length > 0);
    const nodePorts = await Promise.all(
      [...neighbours.map(({ metadata }) => metadata.name), 'warmterm-webserver'].map(
        async (name) => (await service(name)).spec.ports[0]?.nodePort,
      ),
    );
    const node = new URL(release.pageUrl).hostname;
    const outOfReach = [
      `${api.spec.clusterIP}:443`,
      ...neighbours.map(({ status }) => `${status.podIP}:3000`),
      ...webservers.map(({ status }) => `${status.podIP}:5252`),
      `${(await service('warmterm-webserver')).spec.clusterIP}:80`,
      ...nodePorts.map((port) => `${node}:${port}`),
    ];
    // A neighbour may have become Ready just now: its node port follows a little later.
    for (const address of outOfReach) await until(`${address} answers from outside`, () => answersTheTest(address));
    const withinReach = managers.map(({ status }) => `${status.podIP}:5253`);
    // The kubelet, and the metadata service of every cloud: whether they answer anybody depends on the cluster.
    const elsewhere = [`${node}:10250`, `${node}:22`, '169.254.169.254:80', '1.1.1.1:443'];
    t.deepEqual((await reached([...outOfReach, ...elsewhere, ...withinReach])).toSorted(), withinReach.toSorted());
  },
);

test.serial('inv 7: a terminal’s token opens its own two routes of the manager, and no other', async (t) => {
  const request = (method: string, path: string, more = '') =>
    `curl -s -o /dev/null -w '%{http_code} ' -m 5 -X ${method} ${more} http://warmterm-manager${path}`;
  const token = `-H "Authorization: Bearer $(cat /var/run/secrets/warmterm/token)" -H 'content-type: application/json'`;
  const visitor = 'v'.repeat(43);
  const others = [
    ['POST', '/api/terminals', `-d '{"visitor":"${visitor}"}'`],
    ['POST', '/api/terminals/restart', `-d '{"visitor":"${visitor}"}'`],
    ['GET', `/api/terminals/${visitor}`],
    ['DELETE', `/api/terminals/${visitor}`],
    ['GET', '/api/pools'],
  ] as const;
  for (const [method, path, body = ''] of others) {
    t.is(await output(request(method, path, `${token} ${body}`)), '403', `${method} ${path}`);
    t.is(await output(request(method, path, body)), '401', `${method} ${path} without a token`);
  }
  t.is(await output(request('POST', '/api/self/report', `${token} -d '{"connections":1}'`)), '200');
  t.is(await output('ls /var/run/secrets'), 'warmterm', 'no token for Kubernetes');
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: `system:serviceaccount:${release.namespace}:warmterm-terminal`,
      resourceAttributes: { namespace: release.namespace, verb: 'get', resource: 'pods' },
    },
  };
  const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
  const { status } = await release.transport.request<{ status: { allowed: boolean } }>({
    method: 'POST',
    path,
    body: review,
  });
  t.false(status.allowed, 'and its account may do nothing there');
});

test.serial('no raw sockets, mounts, namespaces, devices, other users or way to become one', async (t) => {
  const refused = {
    'a raw socket': 'python3 -c "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)"',
    'a packet socket': 'python3 -c "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"',
    'a mount': 'mount -t tmpfs none /mnt',
    'a user namespace': 'unshare --user --map-root-user true',
    'a device': 'mknod /tmp/disk b 8 0',
    'another user': 'setpriv --reuid 1001 true',
    'root by a setuid program': 'cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id && [ "$(/tmp/id -u)" = 0 ]',
    'the file system': 'touch /usr/bin/x',
    'the kernel’s log': 'dmesg',
    'the kernel’s settings': 'echo 1 > /proc/sys/kernel/sysrq',
    'the host name': 'hostname x',
  };
  for (const [what, command] of Object.entries(refused)) {
    t.is(await output(`( ${command} ) > /dev/null 2>&1 && echo allowed || echo refused`), 'refused', what);
  }
  // Nothing of another user is to be seen, so there is nothing of theirs to trace.
  t.is(await output('ps -eo user= | sort -u'), 'visitor');
  t.is(
    await output('grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status | cut -f2 | xargs'),
    ['0'.repeat(16), '0'.repeat(16), '1', '2'].join(' '),
  );
});

test.serial('a memory hog is ended, and the neighbour does not notice', async (t) => {
  await output(`python3 -c $'x=[]\\nwhile True: x.append(bytearray(10**7))' 2>&1 | tail -1`).catch(() => {});
  await stillAnswers(neighbour, 'beside-a-hog');
  await page.reload();
  t.is(await output('echo $((6 * 7))'), '42');
});

test.serial('a file can not outgrow what the pod may store, and who writes many is evicted', async (t) => {
  await output('yes > ~/file');
  t.is(Number(await output('stat -c %s ~/file')), 32 * 2 ** 20);
  const name = await output('echo $HOSTNAME');
  const before = await uidOf(name);
  await typeText(page, 'for i in 1 2 3; do cp ~/file ~/file$i; done\n');
  await until('another pod in its place', async () => (await uidOf(name)) !== before, 180_000);
  await stillAnswers(neighbour, 'beside-a-writer');
  await page.reload();
  await waitForScreen(page, '$', 60_000);
  t.is(await output('ls ~ | wc -l'), '0');
});

test.serial('a fork bomb is over in seconds, and the neighbour does not notice', async (t) => {
  await page.reload();
  await waitForState(page, 'connected', 60_000);
  const name = await output('echo $HOSTNAME');
  const restarts = async () => {
    const pod = (await pods('terminal')).find(({ metadata }) => metadata.name === name);
    return pod?.status.containerStatuses?.[0]?.restartCount;
  };
  const before = await restarts();
  await typeText(page, 'b() { b | b & }; b\n');
  await stillAnswers(neighbour, 'beside-a-bomb');
  // Where the bomb was the quicker, memory was full before it was counted, and the kernel may have ended the server too: then
  // the terminal was started again.
  const told = page.getByRole('heading', { name: 'Too many processes' });
  const over = async () => (await told.isVisible()) || (await restarts()) !== before;
  await until('the end of all that ran', over, 60_000);
  await stillAnswers(neighbour, 'after-a-bomb');
  t.pass();
});
