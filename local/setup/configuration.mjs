// Writes the files generated from helm/values.yaml and each service's config.ts: the tables of docs/configuration.md, and the defaults that
// the chart's templates read. Run `node local/setup/configuration.mjs` after a change of these; test/local/setup/configuration.test.ts
// fails until that is done.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chartDefaults, chartTables, replacePart, settingsTable } from './configuration-tables.mjs';
import { root } from './run.mjs';

const read = (path) => readFileSync(join(root, path), 'utf8');
const page = join(root, 'docs/configuration.md');

/** The expected content of docs/configuration.md. */
export function makeConfigurationPage() {
  let text = replacePart(readFileSync(page, 'utf8'), 'chart', chartTables(read('helm/values.yaml')));
  for (const service of ['webserver', 'manager', 'terminal', 'local']) {
    text = replacePart(text, service, settingsTable(read(`${service}/config.ts`)));
  }
  return text;
}

/** The expected content of helm/files/defaults.json. */
export const makeDefaults = () => `${JSON.stringify(chartDefaults(read('helm/values.yaml')), undefined, 2)}\n`;

export const defaultsFile = join(root, 'helm/files/defaults.json');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(page, makeConfigurationPage());
  writeFileSync(defaultsFile, makeDefaults());
}
