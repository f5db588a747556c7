// The chart as a dependency of another chart.

import anyTest from 'ava';
import { helmProgram, type Rendered, render, renderParent } from '../helpers/helm.ts';
import { skipIf } from '../helpers/skip.ts';

const test = skipIf(helmProgram ? undefined : 'helm is not installed', anyTest, anyTest.skip);

const specs = (objects: Rendered[]) =>
  objects
    .filter(({ kind }) => ['Deployment', 'StatefulSet', 'Pod'].includes(kind))
    .map(({ kind, spec }) => (kind === 'Pod' ? spec : spec.template.spec));
const images = (objects: Rendered[]): string[] =>
  specs(objects).flatMap(({ containers }) => containers.map(({ image }: { image: string }) => image));

test('subchart: condition warmterm.enabled switches it on and off', async (t) => {
  const on = await renderParent({ warmterm: { enabled: true } });
  t.is(on.refusal, '');
  t.true(on.objects.some(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'warmterm-webserver'));
  const off = await renderParent({ warmterm: { enabled: false } });
  t.is(off.refusal, '');
  t.deepEqual(
    off.objects.map(({ metadata }) => metadata.name),
    ['own'],
  );
});

test('inv 10: subchart: refuses enabled: false without a condition', async (t) => {
  for (const { refusal } of [
    await renderParent({ warmterm: { enabled: false } }, ''),
    await render({ enabled: false }),
  ]) {
    t.regex(refusal, /enabled: false has an effect in a parent chart only, .*condition: warmterm\.enabled/);
  }
  t.regex((await render({ enabled: 'yes' })).refusal, /enabled: Invalid type/);
});

test('subchart: global.imageRegistry replaces the host of every image, and keeps the folder', async (t) => {
  const imagesWith = async (registry: string) => {
    const { objects, refusal } = await renderParent({
      global: { imageRegistry: 'mirror.example.org:5000/', other: true },
      warmterm: { images: { registry, tag: '7' } },
    });
    t.is(refusal, '');
    return images(objects).sort();
  };
  const of = (registry: string) =>
    ['manager', 'terminal', 'webserver', 'webserver'].map((name) => `${registry}/warmterm-${name}:7`);
  t.deepEqual(await imagesWith(''), of('mirror.example.org:5000'));
  t.deepEqual(await imagesWith('ghcr.io/school/tools/'), of('mirror.example.org:5000/school/tools'));
  t.deepEqual(await imagesWith('localhost/tools'), of('mirror.example.org:5000/tools'));
  t.deepEqual(await imagesWith('school/tools'), of('mirror.example.org:5000/school/tools'));
});

test('subchart: a full image name is not changed', async (t) => {
  const image = 'registry.example.org/shell@sha256:1';
  const { objects } = await render({ global: { imageRegistry: 'mirror.example.org' }, poolDefaults: { image } });
  t.true(images(objects).includes(image));
});

test('subchart: every pod has the secrets of global.imagePullSecrets and images.pullSecrets, a pool its own too', async (t) => {
  const { objects, refusal } = await renderParent({
    global: { imagePullSecrets: ['text', { name: 'map' }] },
    warmterm: { images: { pullSecrets: ['own', 'text'] }, pools: [{ name: 'a', pullSecrets: ['pool'] }] },
  });
  t.is(refusal, '');
  const pods = specs(objects);
  t.is(pods.length, 4);
  for (const { imagePullSecrets, containers } of pods) {
    const names = imagePullSecrets.map(({ name }: { name: string }) => name);
    t.deepEqual(names, ['text', 'map', 'own', ...(containers[0].name === 'terminal' ? ['pool'] : [])]);
  }
});

test('inv 10: wrong global values are refused by their names', async (t) => {
  const { refusal } = await render({ global: { imageRegistry: 'https://mirror', imagePullSecrets: [{ nom: 'a' }] } });
  t.true(
    refusal.includes('global.imageRegistry: global.imageRegistry must be one of the following: "a registry'),
    refusal,
  );
  t.true(refusal.includes('global.imagePullSecrets.0: name is required'), refusal);
});
