// xterm.js writes <style> elements and style attributes, which a strict Content-Security-Policy refuses. While bundling,
// both become CSSOM, which it allows. The build fails when xterm.js has changed, rather than a page at a visitor's.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const replacements = [
  { what: /[\w.]+\.createElement\("style"\)/g, by: 'createStyleElement()', times: 3 },
  {
    what: /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}\$\{(\w+)\};`\)/g,
    by: '$1.style.cssText+=$2+";"',
    times: 1,
  },
];

export const strictCsp = {
  name: 'strict-csp',
  setup(build) {
    build.onLoad({ filter: /@xterm[/\\]xterm[/\\]lib[/\\]xterm\.mjs$/ }, async ({ path }) => ({
      contents: withoutInlineStyles(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

function withoutInlineStyles(source) {
  const shim = fileURLToPath(new URL('../terminal/style-element.ts', import.meta.url));
  let result = source;
  for (const { what, by, times } of replacements) {
    const found = result.match(what)?.length ?? 0;
    if (found !== times) throw new Error(`xterm.js has ${found} of ${what}, not ${times}: adapt ${import.meta.url}`);
    result = result.replace(what, by);
  }
  return `import { createStyleElement } from ${JSON.stringify(shim)};\n${result}`;
}
