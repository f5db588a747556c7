// `npm run test:image-node`: the services' tests on the Node version of their images, whatever version this machine has. Takes what
// `npm test` takes: files, `--failed`. npm's package `node` brings the program; it stays in node_modules/.cache.

import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root, run } from './run.mjs';

const services = ['manager', 'terminal', 'webserver'];
const version = imageVersion(services.map((name) => readFileSync(join(root, name, 'Dockerfile'), 'utf8')));
const cache = join(root, 'node_modules/.cache', `node-${version}`);
const node = join(cache, 'node_modules/node/bin/node');
if (!existsSync(node)) {
  console.log(`Installing Node ${version}, the version of the images`);
  mkdirSync(cache, { recursive: true });
  run('npm', [
    ...['install', '--prefix', cache, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'],
    `node@${version}`,
  ]);
}
const args = process.argv.slice(2);
const selected = args.some((arg) => arg === '--failed' || !arg.startsWith('-'));
const paths = services.map((name) => `test/${name}`);
run(node, [join(root, 'local/setup/test.mjs'), ...args, ...(selected ? [] : paths)], {
  ...process.env,
  // Tests and their programs start `node` by its name too.
  PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
  // `npm test` may run beside this, and keeps its own.
  WARMTERM_TEST_FAILED: 'failed-image-node.json',
});

/** The major version in `ARG NODE_IMAGE=node:24-…`, which all images share. */
function imageVersion(dockerfiles) {
  const versions = new Set(dockerfiles.map((text) => /^ARG NODE_IMAGE=node:(\d+)/m.exec(text)?.[1]));
  const [only] = versions;
  if (versions.size === 1 && only !== undefined) return only;
  throw new Error(`The Dockerfiles name several versions of Node, or none: ${[...versions].join(', ')}`);
}
