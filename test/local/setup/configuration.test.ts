import { readFileSync } from 'node:fs';
import test from 'ava';
import { defaultsFile, makeConfigurationPage, makeDefaults } from '../../../local/setup/configuration.mjs';
import { chartDefaults, chartTables, replacePart, settingsTable } from '../../../local/setup/configuration-tables.mjs';

test('docs/configuration.md has the values and settings that there are; else run: node local/setup/configuration.mjs', (t) => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  t.is(page, makeConfigurationPage());
});

test('helm/files/defaults.json has the defaults that there are; else run: node local/setup/configuration.mjs', (t) => {
  t.is(readFileSync(defaultsFile, 'utf8'), makeDefaults());
});

const values = `# The name.
name: ""
# The page.
page:
  # Its port.
  port: 80
  # Requests
  # and limits.
  resources: {cpu: 1}
  service:
    # a|b, or *.example.org:
    #   kind: a
    kind: null
`;

test('chart tables: one row for each value, one section for each group, and a map without comments is a value', (t) => {
  t.is(
    chartTables(values),
    `| value | default | meaning |
| --- | --- | --- |
| \`name\` | \`""\` | The name. |

### page

The page.

| value | default | meaning |
| --- | --- | --- |
| \`page.port\` | \`80\` | Its port. |
| \`page.resources\` | \`{"cpu":1}\` | Requests and limits. |
| \`page.service.kind\` | \`null\` | a\\|b, or \\*.example.org:<br>\`kind: a\` |
`,
  );
});

test('chart defaults: a value for each path, and a map without comments is a value', (t) => {
  t.deepEqual(chartDefaults(values), {
    ...{ name: '', 'page.port': 80, 'page.resources': { cpu: 1 }, 'page.service.kind': null },
  });
});

test('chart tables: a value without a comment is refused by name', (t) => {
  t.throws(() => chartTables(values.replace('  # Its port.\n', '')), { message: /no comment above page\.port$/ });
});

const source = `const shape = {
  /** The port. */
  PORT: setting.port().default(80),
  /**
   * How long
   * it waits.
   */
  WARMTERM_WAIT: setting.duration('1s', '7d').default(90_000),
  /** Bytes. */
  WARMTERM_SIZE: setting
    .bytes('1KiB', '1GiB')
    .default(4 * 1_024),
  /** Names. */
  WARMTERM_NAMES: setting.list().default(['a']),
  /** A URL. */
  WARMTERM_URL: setting.url(),
  /** A file. */
  WARMTERM_FILE: setting.text().optional(),
};
`;

test('settings table: defaults have the unit in which they are written', (t) => {
  t.deepEqual(settingsTable(source).split('\n').slice(2), [
    '| `PORT` | `80` | The port. |',
    '| `WARMTERM_WAIT` | `90s` | How long it waits. |',
    '| `WARMTERM_SIZE` | `4KiB` | Bytes. |',
    '| `WARMTERM_NAMES` | `a` | Names. |',
    '| `WARMTERM_URL` | must be set | A URL. |',
    '| `WARMTERM_FILE` | none | A file. |',
    '',
  ]);
  t.throws(() => settingsTable(source.replace('  /** A URL. */\n', '')), {
    message: /no comment above `WARMTERM_URL`$/,
  });
});

test('configuration: replaces a part of a page between its marks', (t) => {
  const page = 'a\n<!-- begin one -->\nold\n<!-- end one -->\nb';
  t.is(replacePart(page, 'one', 'new\n'), 'a\n<!-- begin one -->\n\nnew\n\n<!-- end one -->\nb');
  t.throws(() => replacePart(page, 'two', ''), { message: 'the page has no markers of the part two' });
});
