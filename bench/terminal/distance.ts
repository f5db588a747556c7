// `npm run bench -- distance`: a remote terminal, over a line with a round trip of 200 ms and 2 % packet loss, as TCP handles it. The line is a proxy
// (test/helpers/line.ts), because few kernels that benches run on have netem.

import { createRandom } from '../../test/helpers/fuzz-packets.ts';
import { rateOf, startLine } from '../../test/helpers/line.ts';
import { type Measure, measure, median, quantile } from '../statistics.ts';
import { collectTeardowns, warmterm } from './peers.ts';
import { echo, echoBesideFlood, interrupt, paste } from './rounds.ts';
import { watch } from './watcher.ts';

const size = { cols: 120, rows: 40 };
const roundTripMs = 200;
const loss = 0.02;
const pasteKB = 200;

export async function benchDistance(directory: string): Promise<Measure[]> {
  const t = collectTeardowns();
  const running = await warmterm.start(directory);
  const line = await startLine(
    t,
    { host: '127.0.0.1', port: running.port },
    { delayMs: roundTripMs / 2, loss, rate: rateOf(roundTripMs, loss), chance: createRandom(1).next },
  );
  const connect = async () => {
    const startedAt = performance.now();
    const terminal = watch(await running.connect(size, line.port));
    await terminal.sees('ready>');
    return { terminal, ms: performance.now() - startedAt };
  };
  try {
    const { terminal, ms } = await connect();
    const typing = await echo(terminal);
    const beside = await echoBesideFlood(terminal);
    const interrupts = [];
    for (let round = 0; round < 5; round++) interrupts.push(await interrupt(terminal, 'yes'));
    const pasted = await paste(terminal, pasteKB * 1_000);
    terminal.close();
    const again = await connect();
    again.terminal.close();
    const far = (what: string, value: number, unit = 'ms') => measure(`200 ms, 2 % loss: ${what}`, value, unit);
    return [
      far('connection → first prompt', ms),
      far('reconnection → prompt', again.ms),
      far('echo of a key, p50', median(typing)),
      far('echo of a key, p99', quantile(typing, 0.99)),
      far('echo of a key beside a flood, p50', median(beside)),
      far('echo of a key beside a flood, p99', quantile(beside, 0.99)),
      far('Ctrl-C → prompt during yes, median of 5', median(interrupts)),
      far(`paste of ${pasteKB} KB, all of it taken`, pasted / 1_000, 's'),
    ];
  } finally {
    await t.run();
    await running.stop();
  }
}
