// Generates the tables of docs/configuration.md: the chart's values from values.yaml, the services' settings from their config.ts. The
// description of each is the comment above it. Pure: text in, text out.

import { isMap, parseDocument } from 'yaml';

/**
 * The values of a chart: one table for each top-level key, and the single ones in a table at the head. A map whose entries have comments
 * is a group; another one is a value. Throws with the names of values that have no comment.
 */
export function chartTables(valuesYaml) {
  const { contents } = parseDocument(valuesYaml);
  const missing = [];
  const single = [];
  const sections = [];
  for (const pair of contents.items) {
    const name = pair.key.value;
    if (!isGroup(pair.value)) {
      single.push(valueRow(name, commentOf(contents, pair), pair.value, missing));
      continue;
    }
    const intro = commentOf(contents, pair);
    const rows = [...groupRows(name, pair.value, missing)];
    sections.push(`### ${name}\n\n${intro ? `${paragraph(intro)}\n\n` : ''}${table('value', rows)}`);
  }
  if (missing.length > 0) throw new Error(`values.yaml: no comment above ${missing.join(', ')}`);
  return [table('value', single), ...sections].join('\n');
}

function* groupRows(path, map, missing) {
  for (const pair of map.items) {
    const name = `${path}.${pair.key.value}`;
    if (isGroup(pair.value)) yield* groupRows(name, pair.value, missing);
    else yield valueRow(name, commentOf(map, pair), pair.value, missing);
  }
}

function valueRow(name, comment, value, missing) {
  if (!comment) missing.push(name);
  return [`\`${name}\``, code(JSON.stringify(value?.toJSON() ?? null)), paragraph(comment ?? '')];
}

const isGroup = (value) => isMap(value) && value.items.some((pair) => commentOf(value, pair) !== undefined);

// The parser keeps the comment above the first key of a map with the map.
const commentOf = (map, pair) => pair.key.commentBefore ?? (map.items[0] === pair ? map.commentBefore : undefined);

/** The default of each value except groups, by its path, such as `webserver.replicas`. */
export const chartDefaults = (valuesYaml) => Object.fromEntries(leaves('', parseDocument(valuesYaml).contents));

function* leaves(path, map) {
  for (const pair of map.items) {
    const name = `${path}${pair.key.value}`;
    if (isGroup(pair.value)) yield* leaves(`${name}.`, pair.value);
    else yield [name, pair.value?.toJSON() ?? null];
  }
}

/** The settings of a service: a row for each key of `shape`. Throws with the names of those that have no comment. */
export function settingsTable(source) {
  const rows = [...readShape(source)];
  const missing = rows.filter(([, , meaning]) => meaning === '').map(([name]) => name);
  if (missing.length > 0) throw new Error(`no comment above ${missing.join(', ')}`);
  return table('variable', rows);
}

function* readShape(source) {
  const [, body = ''] = /^const shape = \{\n([\s\S]*?)^\};/m.exec(source) ?? [];
  for (const [, comment = '', name, type] of body.matchAll(
    /^(?: {2}\/\*\*([\s\S]*?)\*\/\n)? {2}([A-Z_]+): (.*\n(?: {3,}.*\n)*)/gm,
  )) {
    yield [`\`${name}\``, defaultOf(type), paragraph(comment.replace(/^ *\*/gm, ''))];
  }
}

function defaultOf(type) {
  const [, written] = /\.default\((.*)\)/.exec(type) ?? [];
  if (written === undefined) return type.includes('.optional()') ? 'none' : 'must be set';
  if (/^[\d_* ]+$/.test(written)) {
    const number = written.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1);
    if (type.includes('.duration(')) return code(withUnit(number, durations));
    if (type.includes('.bytes(')) return code(withUnit(number, sizes));
    return code(String(number));
  }
  return written === "''" ? 'none' : code(written.replace(/[[\]']/g, ''));
}

const durations = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
const sizes = { GiB: 1_024 ** 3, MiB: 1_024 ** 2, KiB: 1_024 };

function withUnit(number, units) {
  const [unit, factor] = Object.entries(units).find(([, factor]) => number >= factor && number % factor === 0) ?? [
    's',
    1,
  ];
  return `${number / factor}${unit}`;
}

/** `text` with the part between the markers of `name` replaced. Throws if the markers are missing. */
export function replacePart(text, name, part) {
  const [begin, end] = [`<!-- begin ${name} -->\n`, `<!-- end ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no markers of the part ${name}`);
  return `${text.slice(0, from + begin.length)}\n${part}\n${text.slice(to)}`;
}

const table = (what, rows) =>
  [[what, 'default', 'meaning'], ['---', '---', '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');

// Indented lines are an example.
function paragraph(comment) {
  const lines = comment.split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  const text = lines
    .filter((line) => !/^ {2}/.test(line))
    .map((line) => line.trim())
    .join(' ')
    .trim();
  const example = lines.filter((line) => /^ {2}/.test(line)).map((line) => line.trim());
  return [escapeCell(text), ...example.map(code)].join('<br>');
}

const code = (text) => `\`${text.replaceAll('|', '\\|')}\``;

// Asterisks and underscores in comments belong to names, such as *.example.org, so escape them outside of backquotes.
const escapeCell = (text) =>
  text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part.replaceAll('|', '\\|') : part.replace(/[|*<]/g, '\\$&')))
    .join('');
