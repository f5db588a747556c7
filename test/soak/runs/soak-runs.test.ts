// A short version of `npm run soak -- --runs 1000`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { soakRuns } from '../../../soak/runs/soak-runs.ts';
import { longOnly, seedOf } from '../../helpers/long.ts';

longOnly(test, 'soak runs: keep exit codes and output during faults, and leave no terminal', async (t) => {
  t.timeout(1_800_000);
  const directory = mkdtempSync(join(tmpdir(), 'warmterm-soak-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const { signal } = new AbortController();
  const report = await soakRuns({ directory, runs: 100, seed: seedOf(t), say: t.log, signal });
  t.like(report, { runs: 100, rightCodes: 100, equalHashes: 100, orphans: 0 });
  t.true(report.cuts > 0 && report.kills.manager > 0 && report.kills.webserver > 0 && report.kills.clients > 0);
});
