// Renders the chart with the real helm: the one that WARMTERM_TEST_HELM names, else the one on the PATH. It needs no cluster.

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

export const chart = fileURLToPath(new URL('../../helm', import.meta.url));

/** The helm program; undefined if there is none. */
export const helmProgram = [
  process.env.WARMTERM_TEST_HELM,
  ...(process.env.PATH ?? '').split(':').map((directory) => join(directory, 'helm')),
].find((path) => path !== undefined && isProgram(path));

/** The part of a rendered object that most tests read; `t.like` reads the rest. */
export type Rendered = {
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: of any kind
  spec: any;
  /** Of a ConfigMap. */
  data?: Record<string, string>;
};

/** The release name and the namespace that an administrator chooses. */
export type Installation = { release: string; namespace: string };
const usual: Installation = { release: 'warmterm', namespace: 'ours' };

export type Rendering = { objects: Rendered[]; refusal: string };

const renderings = new Map<string, Promise<Rendering>>();

/**
 * Renders the chart with `values`, a file or an object, for a cluster that also has `apiVersions`. `refusal` is the error of
 * helm. Tests of one file with the same arguments share one run of helm.
 */
export async function render(
  values: string | object,
  kubeVersion = '1.33.0',
  apiVersions: string[] = [],
  installation: Installation = usual,
): Promise<Rendering> {
  const key = JSON.stringify([values, kubeVersion, apiVersions, installation]);
  const rendering = renderings.get(key) ?? runHelm(chart, values, kubeVersion, apiVersions, installation);
  renderings.set(key, rendering);
  return structuredClone(await rendering);
}

async function runHelm(
  folder: string,
  values: string | object,
  kubeVersion: string,
  apiVersions: string[],
  { release, namespace }: Installation = usual,
): Promise<Rendering> {
  const file = typeof values === 'string' ? values : '-';
  const args = ['template', release, folder, '--namespace', namespace, '--kube-version', kubeVersion, '--values', file];
  args.push(...apiVersions.flatMap((version) => ['--api-versions', version]));
  const running = promisify(execFile)(helmProgram ?? 'helm', args, { maxBuffer: 2 ** 24 });
  running.child.stdin?.end(typeof values === 'string' ? '' : JSON.stringify(values));
  try {
    const { stdout } = await running;
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Rendered | null);
    return { objects: objects.filter((object) => object !== null), refusal: '' };
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (stderr === undefined) throw error;
    return { objects: [], refusal: stderr };
  }
}

/** Renders a test's own template together with those of the chart. */
export async function renderText(template: string, values: string | object = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'warmterm-chart-'));
  try {
    await cp(chart, folder, { recursive: true });
    await writeFile(join(folder, 'templates/_test.tpl'), `{{ define "test" }}${template}{{ end }}`);
    await writeFile(join(folder, 'templates/test.yaml'), 'kind: Test\ndata: {text: {{ include "test" . | toJson }}}\n');
    const { objects, refusal } = await runHelm(folder, values, '1.33.0', []);
    if (refusal) throw new Error(refusal);
    return objects.find(({ kind }) => kind === 'Test')!.data!.text!;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Renders a parent chart with ours as its only dependency, with `condition: warmterm.enabled` or without a condition. */
export async function renderParent(values: object, condition = 'warmterm.enabled'): Promise<Rendering> {
  const folder = await mkdtemp(join(tmpdir(), 'warmterm-parent-'));
  try {
    await cp(chart, join(folder, 'charts/warmterm'), { recursive: true });
    const dependency = { name: 'warmterm', version: '*', ...(condition && { condition }) };
    const parent = { apiVersion: 'v2', name: 'school', version: '1.0.0', dependencies: [dependency] };
    await writeFile(join(folder, 'Chart.yaml'), JSON.stringify(parent));
    await mkdir(join(folder, 'templates'));
    const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own', labels: {} } };
    await writeFile(join(folder, 'templates/own.yaml'), JSON.stringify(own));
    return await runHelm(folder, values, '1.33.0', []);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The chart with other defaults, as `--reuse-values` passes those of an older version to a newer one. */
export async function renderWithDefaults(defaults: object, values: string | object = {}): Promise<Rendering> {
  const folder = await mkdtemp(join(tmpdir(), 'warmterm-chart-'));
  try {
    await cp(chart, folder, { recursive: true });
    await writeFile(join(folder, 'values.yaml'), JSON.stringify(defaults));
    return await runHelm(folder, values, '1.33.0', []);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The notes that `helm install` prints, which `helm template` does not render. */
export const renderNotes = async (values: string | object): Promise<string> =>
  renderText(await readFile(join(chart, 'templates/NOTES.txt'), 'utf8'), values);

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
