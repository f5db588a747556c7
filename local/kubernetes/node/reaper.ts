// Without a sandbox nothing ends a pod's processes when this one is killed, and a sandbox that is just being made may
// miss it too. So a shell waits for that (its standard input ends), and then kills every process that carries the
// cluster's mark.

import { spawn } from 'node:child_process';

const script = `cat > /dev/null
for i in 1 2 3; do
  for p in /proc/[0-9]*; do
    if tr '\\0' '\\n' < "$p/environ" 2> /dev/null | grep -qxF "$1"; then kill -9 "\${p#/proc/}"; fi
  done
done 2> /dev/null`;

/** Kills what has \`mark\` (NAME=value) in its environment once this process is gone. Returns how to call it off. */
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
