// What a shell in a terminal can reach and exhaust, tried in a browser on the real cluster. README's table of
// isolation has the results. The test first checks from outside that each forbidden address answers.

import { connect } from 'node:net';
import test from 'ava';
import type { Page } from 'playwright-core';
import { shareBrowser, stillAnswers, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { installRelease, type Release } from '../helpers/release.ts';
import { fileScope } from '../helpers/scope.ts';
import { openTerminal, type RawPod, until } from '../helpers/system.ts';

let release: Release;
const scope = fileScope(test);
const browser = shareBrowser(test);
/** Two visitors; the actions of the first must not affect the second. */
let page: Page;
let neighbour: Page;

test.before(async () => {
  release = await installRelease({
    'poolDefaults.spare': '2',
    'poolDefaults.homeSize': '48Mi',
    'poolDefaults.resources.requests.ephemeral-storage': '16Mi',
    'poolDefaults.resources.limits.ephemeral-storage': '64Mi',
  });
  neighbour = (await openTerminal(scope, release, browser())).page;
  ({ page } = await openTerminal(scope, release, browser()));
});
test.after.always(() => release?.discard());

let commands = 0;

/** The output of a command, which must fit on the screen. */
async function output(command: string, timeoutMs = 60_000): Promise<string> {
  const number = ++commands;
  // Split the marker, so that the command line itself does not match.
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

/** The addresses that accept a connection from inside the terminal. */
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
  'isolation: a terminal reaches only the manager and DNS: no API server, terminal, webserver or node',
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
      ...neighbours.flatMap(({ status }) => [`${status.podIP}:3000`, `${status.podIP}:3900`]),
      ...webservers.map(({ status }) => `${status.podIP}:5252`),
      `${(await service('warmterm-webserver')).spec.clusterIP}:80`,
      ...nodePorts.map((port) => `${node}:${port}`),
    ];
    // A neighbour may have become Ready just now, and its node port follows a little later.
    for (const address of outOfReach) await until(`${address} answers from outside`, () => answersTheTest(address));
    const withinReach = managers.map(({ status }) => `${status.podIP}:5253`);
    // The kubelet, and the metadata service of every cloud. Whether they answer other clients depends on the cluster.
    const elsewhere = [`${node}:10250`, `${node}:22`, '169.254.169.254:80', '1.1.1.1:443'];
    t.deepEqual((await reached([...outOfReach, ...elsewhere, ...withinReach])).toSorted(), withinReach.toSorted());
  },
);

test.serial('inv 7: isolation: a terminal’s token is valid for its own two manager endpoints only', async (t) => {
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

test.serial('isolation: no raw sockets, mounts, namespaces, devices or other users', async (t) => {
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
  // Processes of other users are invisible, so there is nothing to trace.
  t.is(await output('ps -eo user= | sort -u'), 'visitor');
  t.is(
    await output('grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status | cut -f2 | xargs'),
    ['0'.repeat(16), '0'.repeat(16), '1', '2'].join(' '),
  );
});

// One process for each way into another, and its result.
const intruder = `
import ctypes,glob,os,sys
libc=ctypes.CDLL(None,use_errno=True)
libc.ptrace.argtypes=[ctypes.c_long]*4
def check(result):
  if result<0: raise OSError(ctypes.get_errno(),"refused")
  return result
def trace(pid):
  check(libc.ptrace(16,pid,0,0)); os.waitpid(pid,0x40000000); libc.ptrace(17,pid,0,0)
ways={
  "mem": lambda pid: open(f"/proc/{pid}/mem","rb"),
  "maps": lambda pid: open(f"/proc/{pid}/maps").read(),
  "environ": lambda pid: open(f"/proc/{pid}/environ").read(),
  "fd": lambda pid: os.listdir(f"/proc/{pid}/fd"),
  "log": lambda pid: open(f"/proc/{pid}/fd/1","w").write("forged\\n"),
  "trace": trace,
  "memory": lambda pid: check(libc.process_vm_readv(pid,0,0,0,0,0)),
  "descriptor": lambda pid: check(libc.syscall(438,check(libc.syscall(434,pid,0)),1,0)),
}
for pid in sys.argv[1:]:
  open_ways=[]
  for name,way in ways.items():
    try: way(int(pid)); open_ways.append(name)
    except OSError: pass
  print("ways into",pid,*open_ways)
`;

test.serial('isolation: the shell cannot read the server’s memory or files, or write to its log', async (t) => {
  await output(`printf '%s' '${Buffer.from(intruder).toString('base64')}' | base64 -d > /tmp/intruder.py`);
  // The first process is tini; the server is its child.
  const server = await output(`ps --ppid 1 -o pid=,comm= | awk '$2 ~ /node|MainThread/ {print $1}'`);
  t.regex(server, /^\d+$/);
  const ways = await output(`python3 /tmp/intruder.py 1 ${server} $$`);
  t.regex(ways, /^ways into 1$/m);
  t.regex(ways, new RegExp(`^ways into ${server}$`, 'm'));
  // It can access its own shell as far as seccomp allows, which proves that the program works.
  t.regex(ways, /^ways into \d+ mem maps environ fd log trace/m);
  t.is(await output(`ls -l /usr/local/bin/node /usr/bin/tini | cut -d' ' -f1,3 | sort -u`), '-rwx--x--x root');
  // kubectl describe would print its text.
  t.is(await output('find / -xdev -name "termination-log*" 2> /dev/null; ls /dev/termination-log 2> /dev/null'), '');
  t.is(await output('(echo forged > /opt/warmterm/private/termination-log) 2> /dev/null || echo refused'), 'refused');
  t.is(await output('node --print 6*7'), '42', 'Node is there for whoever wants it');
});

test.serial('isolation: manager and webserver connect only where they need to', async (t) => {
  const [terminal, webserver, manager] = await Promise.all(
    ['terminal', 'webserver', 'manager'].map(async (component) => (await pods(component))[0]),
  );
  const node = new URL(release.pageUrl).hostname;
  const api = await release.transport.request<{ spec: { clusterIP: string } }>({
    method: 'GET',
    path: '/api/v1/namespaces/default/services/kubernetes',
  });
  const addresses = {
    terminal: `${terminal!.status.podIP}:3000`,
    health: `${terminal!.status.podIP}:3900`,
    webserver: `${webserver!.status.podIP}:5252`,
    manager: `${manager!.status.podIP}:5253`,
    api: `${api.spec.clusterIP}:443`,
    kubelet: `${node}:10250`,
    metadata: '169.254.169.254:80',
  };
  for (const name of ['terminal', 'health', 'webserver', 'manager', 'api'] as const) {
    await until(`${name} answers from outside`, () => answersTheTest(addresses[name]));
  }
  t.deepEqual(await reachedBy('manager', addresses), ['api', 'health']);
  t.deepEqual(await reachedBy('webserver', addresses), ['manager', 'terminal']);
});

/** The addresses that a pod with a component's labels reaches, under the same policies. It is never Ready, so no Service selects it. */
async function reachedBy(component: string, addresses: Record<string, string>): Promise<string[]> {
  const name = `probe-${component}`;
  const [model] = await pods(component);
  const { image } = (model as unknown as { spec: { containers: { image: string }[] } }).spec.containers[0]!;
  const { 'pod-template-hash': _hash, ...labels } = model!.metadata.labels;
  const program = `
    const { connect } = require('node:net');
    const reaches = (address) => new Promise((resolve) => {
      const [host, port] = address.split(':');
      const socket = connect({ host, port, timeout: 3000 });
      const end = (answer) => { socket.destroy(); resolve(answer); };
      socket.once('connect', () => end(true)).once('error', () => end(false)).once('timeout', () => end(false));
    });
    (async () => {
      const found = [];
      for (const [name, address] of Object.entries(${JSON.stringify(addresses)})) if (await reaches(address)) found.push(name);
      console.log('reached: ' + found.sort().join(' '));
    })();`;
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: {
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image,
          command: ['node', '-e', program],
          securityContext,
          readinessProbe: { exec: { command: ['false'] } },
        },
      ],
    },
  };
  await release.transport.request({ method: 'POST', path: `${core()}/pods`, body });
  let said: string | undefined;
  await until(
    `${name} to have tried`,
    async () => {
      let log = '';
      try {
        for await (const chunk of await release.transport.stream(
          `${core()}/pods/${name}/log`,
          AbortSignal.timeout(5_000),
        )) {
          log += chunk;
        }
      } catch {
        // The process has not started yet.
      }
      said = /^reached: (.*)$/m.exec(log)?.[1];
      return said !== undefined;
    },
    90_000,
  );
  return said!.split(' ').filter(Boolean);
}

test.serial('isolation: a memory hog is killed without effect on another terminal', async (t) => {
  await output(`python3 -c $'x=[]\\nwhile True: x.append(bytearray(10**7))' 2>&1 | tail -1`).catch(() => {});
  await stillAnswers(neighbour, 'beside-a-hog');
  await page.reload();
  t.is(await output('echo $((6 * 7))'), '42');
});

test.serial('isolation: file size is limited, and a pod with too many files is evicted', async (t) => {
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

test.serial('isolation: a fork bomb ends within seconds without effect on another terminal', async (t) => {
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
  // If the bomb fills the memory before the processes are counted, the kernel may kill the server too; then
  // the terminal restarts.
  const told = page.getByRole('heading', { name: 'Too many programs' });
  const over = async () => (await told.isVisible()) || (await restarts()) !== before;
  await until('the end of all that ran', over, 60_000);
  await stillAnswers(neighbour, 'after-a-bomb');
  t.pass();
});
