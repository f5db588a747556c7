// Terminals behind an ingress: a page by https, and each terminal by https at a host of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openBrowser, typeText, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { type IngressController, startIngressController } from '../../helpers/ingress-controller.ts';
import { knock } from '../../helpers/knock.ts';
import { openApi } from '../../helpers/local-api.ts';
import { ingressTemplate } from '../../helpers/route-templates.ts';
import {
  createVisitor,
  isClaimed,
  type LocalSystem,
  poolIsReady,
  poolStatus,
  startOnMachine,
  temporaryDirectory,
  until,
} from '../../helpers/system.ts';

const domain = 'terminals.test';
const page = `page.${domain}`;

async function start(t: ExecutionContext) {
  const template = join(temporaryDirectory(t), 'route-template.json');
  writeFileSync(template, JSON.stringify(ingressTemplate));
  const system = await startOnMachine(t, {
    replicas: 3,
    settings: { spare: '2', max: '4' },
    env: {
      manager: { WARMTERM_EXPOSURE: 'ingress', WARMTERM_ROUTE_TEMPLATE_FILE: template },
      webserver: { WARMTERM_ADDRESS: `https://{name}.${domain}`, WARMTERM_TRUST_PROXY: '1', WARMTERM_HOSTS: page },
    },
  });
  const { hostname: host, port } = new URL(system.pageUrl);
  const webserver = { name: page, host, port: Number(port) };
  const controller = await startIngressController(t, system.cluster, { domain, page: webserver });
  await poolIsReady(system, 3);
  return { system, controller, routes: await talkToRoutes(system) };
}

async function talkToRoutes({ cluster }: LocalSystem) {
  const api = await openApi(cluster.kubeconfig);
  const path = `/apis/networking.k8s.io/v1/namespaces/${cluster.namespace}/ingresses`;
  return {
    names: async () =>
      ((await api.call('GET', path)).body.items as { metadata: { name: string } }[]).map(
        ({ metadata }) => metadata.name,
      ),
    delete: (name: string) => api.call('DELETE', `${path}/${name}`),
  };
}

/** Connects to a terminal through its host name. */
const knockAt = (t: ExecutionContext, { port }: IngressController, url: string, ticket: string) =>
  knock(t, `https://127.0.0.1:${port}`, ticket, {
    extraHeaders: { host: new URL(url).host },
    rejectUnauthorized: false,
  });

test.serial('ingress: an https page gets an https terminal at its own host, also after a reload', async (t) => {
  const { system, controller } = await start(t);
  const browser = await openBrowser(t, controller.browserArgs);
  const tab = await (await browser.newContext()).newPage();
  const answer = await tab.goto(`https://${page}/?renderer=dom`);
  t.regex(answer?.headers()['content-security-policy'] ?? '', /connect-src 'self' wss:\/\/\*\.terminals\.test;/);
  await waitForState(tab, 'connected');
  await typeText(tab, 'echo $((6 * 7)) is the answer; remember=elephant\n');
  await waitForScreen(tab, /^42 is the answer$/m);
  await tab.reload();
  await waitForState(tab, 'connected');
  await typeText(tab, 'clear; echo it was $remember\n');
  await waitForScreen(tab, /^it was elephant$/m);
  const [pod] = (await system.kubernetes.pods()).filter(isClaimed);
  t.deepEqual(controller.upgrades, Array(2).fill(`${pod!.metadata.name}.${domain}/socket.io/`));
});

test.serial('inv 8: ingress: a ticket is valid once, for its own pod', async (t) => {
  const { system, controller } = await start(t);
  const visitor = createVisitor(system);
  const [own, foreign] = [await visitor.claim(), await createVisitor(system).claim()];
  t.is(own.url, `https://${own.name}.${domain}`);
  t.is(await knockAt(t, controller, own.url, foreign.ticket), 'invalid-ticket');
  t.is(await knockAt(t, controller, own.url, own.ticket), 'attached');
  t.is(await knockAt(t, controller, own.url, own.ticket), 'invalid-ticket');
});

test.serial('inv 5: ingress: routes follow the replicas and are restored after deletion', async (t) => {
  const { system, controller, routes } = await start(t);
  const { url, ticket, name } = await createVisitor(system).claim();
  t.is(await knockAt(t, controller, url, ticket), 'attached');
  await until('a route to each ordinal', async () => `${await routes.names()}` === 'default-0,default-1,default-2');
  await system.kubernetes.annotate({ 'warmterm.dev/spare': '1' });
  await until('the new spare', async () => {
    const { replicas, ready } = await poolStatus(system);
    return replicas === 3 && ready === 2;
  });
  await system.kubernetes.scale(2);
  await until('the route of the last ordinal gone', async () => `${await routes.names()}` === 'default-0,default-1');
  t.is(await system.kubernetes.pod('default-2'), undefined, 'its pod went first');
  await routes.delete(name);
  await until('the route of the session in use', async () => `${await routes.names()}` === 'default-0,default-1');
});
