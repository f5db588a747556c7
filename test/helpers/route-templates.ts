// Templates of routes, as administrators write them.

import { parseRouteTemplate, type RouteTemplate } from '../../manager/exposure/route-template.ts';

export const ingressTemplate = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { annotations: { 'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600' } },
  spec: {
    rules: [
      {
        host: '{name}.terminals.test',
        http: {
          paths: [
            { path: '/', pathType: 'Prefix', backend: { service: { name: '{service}', port: { name: 'terminal' } } } },
          ],
        },
      },
    ],
    tls: [{ hosts: ['{name}.terminals.test'], secretName: 'terminals' }],
  },
};

export const httpRouteTemplate = {
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  spec: {
    parentRefs: [{ name: 'gateway', namespace: 'edge' }],
    hostnames: ['{ordinal}.{pool}.terminals.test'],
    rules: [{ backendRefs: [{ name: '{service}', port: 80 }] }],
  },
};

/** A valid template. */
export function templateOf(object: object, protocol?: 'http' | 'https'): RouteTemplate {
  const template = parseRouteTemplate(JSON.stringify(object), protocol);
  if (Array.isArray(template)) throw new Error(template.join('\n'));
  return template;
}
