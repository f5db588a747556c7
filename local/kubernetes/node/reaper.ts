// Ends the processes of pods when this process is killed. Without a sandbox nothing else does, and a sandbox that is just starting may not
// notice. A shell waits for the end of its standard input, then kills every process that has the cluster's mark.

import { spawn } from 'node:child_process';

const script = `cat > /dev/null
for i in 1 2 3; do
  for p in /proc/[0-9]*; do
    if tr '\\0' '\\n' < "$p/environ" 2> /dev/null | grep -qxF "$1"; then kill -9 "\${p#/proc/}"; fi
  done
done 2> /dev/null`;

/** Once this process is gone, kills every process with `mark` (NAME=value) in its environment. Returns how to cancel it. */
export function startReaper(mark: string): () => void {
  const child = spawn('/bin/sh', ['-c', script, 'reaper', mark], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  child.on('error', () => {});
  child.unref();
  return () => child.kill('SIGKILL');
}
