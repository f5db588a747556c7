import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import anyTest from 'ava';
import { builtService } from '../../helpers/built.ts';
import { skipIf } from '../../helpers/skip.ts';

const isPod = existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token');
const test = skipIf(isPod ? 'this is a pod with a token' : undefined, anyTest, anyTest.skip);

test('inv 12: manager: exits in a pod without a token, so that the kubelet restarts it', async (t) => {
  const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', WARMTERM_KEYS_SECRET: 'keys', HOME: '/nonexistent', PORT: '0' };
  const args = [builtService('manager')];
  const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, args, { env, timeout: 20_000 }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
  t.is(code, 2, stderr);
  t.regex(stderr, /this pod has no token/);
});
