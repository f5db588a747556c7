// The terminal's settings, checked by the terminal itself before there is a pool: in a pod they would end each container, again and
// again, and `npm start` would say nothing.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../common/errors.ts';
import { withoutHeading } from './supervisor.ts';

// What the pod adds.
const required = {
  WARMTERM_POD_NAME: 'none',
  WARMTERM_POD_UID: 'none',
  WARMTERM_MANAGER_URL: 'http://127.0.0.1',
  WARMTERM_MANAGER_TOKEN_FILE: 'none',
};

/** Throws `invalid-config` with what the terminal in `dist` says of `settings`. Starts no process when there are none. */
export function checkTerminalSettings(dist: URL, settings: Record<string, string>): void {
  if (Object.keys(settings).length === 0) return;
  const { status, stderr } = spawnSync(
    process.execPath,
    [fileURLToPath(new URL('terminal.mjs', dist)), '--check-settings'],
    { env: { ...required, ...settings }, encoding: 'utf8' },
  );
  if (status !== 0) throw new ServiceError('invalid-config', withoutHeading(stderr));
}
