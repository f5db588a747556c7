// Builds into dist/: one file per service, so that a process starts in milliseconds, and the page. Everything, or only
// what is named: `node esbuild.config.mjs webserver page`.

import { copyFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { buildCli } from './cli/build.mjs';
import { buildFrontend } from './frontend/build.mjs';

const outdir = new URL('./dist/', import.meta.url).pathname;

const service = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  outdir,
  outExtension: { '.js': '.mjs' },
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  // node-pty is native, and finds its binary beside its own files.
  external: ['node-pty'],
  // ws would ask for two modules that we do not ship, and Node also looks for such in ~/.node_modules: in a terminal, the visitor's home.
  define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
  // Some CommonJS packages inside the bundle still call require() for Node's own modules.
  banner: {
    js: "import{createRequire as warmtermRequire}from'node:module';const require=warmtermRequire(import.meta.url);",
  },
};

// The terminal runs once per pod, so each megabyte and millisecond counts as often. It is reached by WebSocket only, with
// a ticket: what negotiates encodings and origins, and logs for developers, is never used there.
const stubs = {
  debug:
    'const off=()=>Object.assign(()=>{},{enabled:false});module.exports=Object.assign(off,{debug:off,default:off})',
  accepts: 'module.exports=()=>({encodings:()=>false})',
  cors: 'module.exports=()=>(request,response,next)=>next()',
};
const socketIo = createRequire(import.meta.url).resolve('socket.io');
const engine = dirname(createRequire(socketIo).resolve('engine.io'));
const slim = {
  name: 'slim',
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(stubs).join('|')})$`) }, ({ path }) => ({
      path,
      namespace: 'stub',
    }));
    onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: stubs[path] }));
    // Each that uses them would bring its own.
    onResolve({ filter: /^(ws|socket\.io-parser)$/ }, ({ path, pluginData }) =>
      pluginData === 'once'
        ? undefined
        : resolve(path, { kind: 'require-call', pluginData: 'once', resolveDir: engine }),
    );
  },
};

const bundle = (name) => build({ ...service, entryPoints: { [name]: `${name}/main.ts` } });
const parts = {
  manager: () => bundle('manager'),
  webserver: () => bundle('webserver'),
  local: () => bundle('local'),
  async terminal() {
    await build({
      ...service,
      entryPoints: { terminal: 'terminal/main.ts' },
      minify: true,
      sourcemap: false,
      plugins: [slim],
    });
    await copyFile('terminal/tmux.conf', `${outdir}tmux.conf`);
  },
  page: () => buildFrontend({ outdir: `${outdir}public` }),
  cli: () => buildCli({ outdir: `${outdir}cli`, archive: `${outdir}cli.tgz`, options: service }),
};

const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: there is no such part. There are ${Object.keys(parts).join(', ')}.`);
  process.exit(1);
}
await rm(outdir, { recursive: true, force: true });
await Promise.all((named.length > 0 ? named : Object.keys(parts)).map((name) => parts[name]()));
