// How a contract reads the version of an API server, and what it accepts from it.

import test from 'ava';
import { acceptedAnswers, readServerVersion } from './server-version.ts';

const version = (minor: string) => readServerVersion({ major: '1', minor, gitVersion: `v1.${minor}` });

test('server version: the minor version is a number, with or without the plus sign of a distribution', (t) => {
  t.deepEqual(version('36'), { gitVersion: 'v1.36', minor: 36 });
  t.is(version('30+').minor, 30);
});

test('server version: an answer that names no version of Kubernetes 1 is refused', (t) => {
  for (const body of [
    {},
    { major: '1', minor: '', gitVersion: 'v1' },
    { major: '2', minor: '0', gitVersion: 'v2.0' },
  ]) {
    t.throws(() => readServerVersion(body), { message: /not a version of Kubernetes 1/ });
  }
});

test('server version: only a cluster between the measured versions may give either answer', (t) => {
  const answers = (minor: string) => acceptedAnswers(version(minor), { before: 500, since: 400 });
  t.deepEqual(answers('20'), [500]);
  t.deepEqual(answers('30'), [500, 400]);
  t.deepEqual(answers('36'), [400]);
  t.deepEqual(answers('40'), [400]);
});
