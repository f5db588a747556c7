// What is changed in xterm.js while bundling. The build fails when xterm.js has changed, rather than a page at a visitor's.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const replacements = [
  // It writes <style> elements and style attributes, which a strict Content-Security-Policy refuses: both become CSSOM,
  // which it allows.
  { what: /[\w.]+\.createElement\("style"\)/g, by: 'createStyleElement()', times: 3 },
  {
    what: /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}\$\{(\w+)\};`\)/g,
    by: '$1.style.cssText+=$2+";"',
    times: 1,
  },
  // With a minimum contrast, its DOM renderer takes reversed text for one in the colour of its own background, and greys it.
  {
    what: /(_applyMinimumContrast\(\w+,\w+,)(\w+)\.foreground(,[^)]*\)\|\|)(\w+)&&/g,
    by: '$1($4?$2.background:$2.foreground)$3$4&&',
    times: 1,
  },
];

export const patchedXterm = {
  name: 'patched-xterm',
  setup(build) {
    build.onLoad({ filter: /@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/ }, async ({ path }) => ({
      contents: patch(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

function patch(source) {
  const shim = fileURLToPath(new URL('../terminal/style-element.ts', import.meta.url));
  let result = source;
  for (const { what, by, times } of replacements) {
    const found = result.match(what)?.length ?? 0;
    if (found !== times) throw new Error(`xterm.js has ${found} of ${what}, not ${times}: adapt ${import.meta.url}`);
    result = result.replace(what, by);
  }
  return `import { createStyleElement } from ${JSON.stringify(shim)};\n${result}`;
}
