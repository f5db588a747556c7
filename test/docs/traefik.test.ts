// docs/examples/proxies/traefik.yaml. Debian has no Traefik, so no test starts it: this one reads the file.

import test from 'ava';
import { parse } from 'yaml';
import { readExample } from '../helpers/reverse-proxy.ts';

type Router = { entryPoints: string[]; rule: string; middlewares?: string[]; service: string; tls?: object };
type Example = { http: { routers: Record<string, Router>; middlewares: object; services: object } };

test('traefik.yaml: each router names a service and middlewares of the file, and has TLS at websecure', (t) => {
  const { routers, middlewares, services } = (parse(readExample('traefik.yaml')) as Example).http;
  t.deepEqual(Object.keys(routers), ['to-https', 'page', 'page-below-path']);
  for (const { entryPoints, middlewares: used = [], service, tls } of Object.values(routers)) {
    t.true(service in services, service);
    for (const name of used) t.true(name in middlewares, name);
    t.is(tls !== undefined, entryPoints.includes('websecure'));
  }
});
