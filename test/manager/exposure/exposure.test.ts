import test from 'ava';
import { readConfig } from '../../../manager/config.ts';
import { readExposure } from '../../../manager/exposure/exposure.ts';
import { ingressTemplate } from '../../helpers/route-templates.ts';

const read = (settings: Record<string, string>, text = JSON.stringify(ingressTemplate)) =>
  readExposure(readConfig({ WARMTERM_SIGNING_KEY_FILE: '/key', ...settings }), (path) => {
    if (path !== '/template.json') throw new Error(`there is no ${path}`);
    return text;
  });
const routed = { WARMTERM_EXPOSURE: 'ingress', WARMTERM_ROUTE_TEMPLATE_FILE: '/template.json' };

test('exposure: node ports, unless a route template is configured', (t) => {
  t.deepEqual(read({}), { mode: 'nodePort' });
  t.like(read(routed), { mode: 'ingress', template: { kind: 'Ingress', protocol: 'https' } });
  t.like(read({ ...routed, WARMTERM_ROUTE_PROTOCOL: 'http' }), { template: { protocol: 'http' } });
});

for (const [what, settings, text, message] of [
  ['no template', { WARMTERM_EXPOSURE: 'ingress' }, '', /^WARMTERM_ROUTE_TEMPLATE_FILE is not set, but required/],
  [
    'a template that nobody asks for',
    { WARMTERM_ROUTE_TEMPLATE_FILE: '/template.json', WARMTERM_ROUTE_PROTOCOL: 'https' },
    '',
    /^WARMTERM_ROUTE_TEMPLATE_FILE=\/template.json: .*\nWARMTERM_ROUTE_PROTOCOL=https: has a meaning with WARMTERM_EXPOSURE=ingress only$/,
  ],
  [
    'a wrong mode',
    { WARMTERM_EXPOSURE: 'gateway' },
    '',
    /WARMTERM_EXPOSURE="gateway": must be one of nodePort, ingress/,
  ],
  [
    'a template with two problems',
    routed,
    JSON.stringify(ingressTemplate).replaceAll('{name}', '{pod}'),
    /\{pod\} is no placeholder.*\n.*WARMTERM_ROUTE_TEMPLATE_FILE=\/template.json: host \{pod\}.terminals.test: must have/s,
  ],
] as const) {
  test(`inv 10: exposure: reports ${what}`, (t) => {
    t.throws(() => read({ ...settings }, text), { code: 'invalid-config', message });
  });
}
