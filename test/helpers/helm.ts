// The real helm, rendering the chart: the one that WARMTERM_TEST_HELM names, else the one on the PATH. It needs no cluster.

import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

export const chart = fileURLToPath(new URL('../../helm', import.meta.url));

/** The program; undefined where there is none. */
export const helmProgram = [
  process.env.WARMTERM_TEST_HELM,
  ...(process.env.PATH ?? '').split(':').map((directory) => join(directory, 'helm')),
].find((path) => path !== undefined && isProgram(path));

/** As much of a rendered object as tests look at; the rest is for `t.like`. */
export type Rendered = {
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: of any kind
  spec: any;
  /** Of a ConfigMap. */
  data?: Record<string, string>;
};

export type Rendering = { objects: Rendered[]; refusal: string };

/** Renders the chart with `values`, as a file or as an object, for a cluster that knows `apiVersions` too. `refusal` is what helm said instead. */
export async function render(
  values: string | object,
  kubeVersion = '1.33.0',
  apiVersions: string[] = [],
): Promise<Rendering> {
  const file = typeof values === 'string' ? values : '-';
  const args = ['template', 'warmterm', chart, '--namespace', 'ours', '--kube-version', kubeVersion, '--values', file];
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

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
