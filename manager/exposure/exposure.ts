// How browsers reach terminals in this installation, from the manager's settings: through node ports, or through routes that are
// created from a template. The caller reads the file.

import { ServiceError } from '../../common/errors.ts';
import type { Config } from '../config.ts';
import { parseRouteTemplate, type RouteTemplate } from './route-template.ts';

export type Exposure = { mode: 'nodePort' } | { mode: 'ingress'; template: RouteTemplate };

type Settings = Pick<Config, 'WARMTERM_EXPOSURE' | 'WARMTERM_ROUTE_TEMPLATE_FILE' | 'WARMTERM_ROUTE_PROTOCOL'>;

/** Throws `invalid-config` with a line for each error. `readFile` may throw any error. */
export function readExposure(settings: Settings, readFile: (path: string) => string): Exposure {
  const { WARMTERM_EXPOSURE: mode, WARMTERM_ROUTE_TEMPLATE_FILE: path, WARMTERM_ROUTE_PROTOCOL: protocol } = settings;
  if (mode === 'nodePort') {
    const idle = Object.entries({ WARMTERM_ROUTE_TEMPLATE_FILE: path, WARMTERM_ROUTE_PROTOCOL: protocol })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}: has a meaning with WARMTERM_EXPOSURE=ingress only`);
    if (idle.length > 0) throw new ServiceError('invalid-config', idle.join('\n'));
    return { mode };
  }
  if (path === undefined) {
    const why = 'WARMTERM_ROUTE_TEMPLATE_FILE is not set, but required, with WARMTERM_EXPOSURE=ingress';
    throw new ServiceError('invalid-config', why);
  }
  const template = parseRouteTemplate(readFile(path), protocol);
  if (!Array.isArray(template)) return { mode, template };
  const lines = template.map((problem) => `WARMTERM_ROUTE_TEMPLATE_FILE=${path}: ${problem}`);
  throw new ServiceError('invalid-config', lines.join('\n'));
}
