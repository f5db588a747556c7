// The build output that `npm test` makes before it runs the tests: the files that images contain.

import { fileURLToPath } from 'node:url';

/** The folder of the built services, as a file: URL that ends in `/`. */
export const dist = new URL('../../dist/', import.meta.url);

/** The folder of the built page. */
export const builtPage = fileURLToPath(new URL('public', dist));

/** The program of a service. */
export const builtService = (name: 'manager' | 'webserver' | 'terminal'): string =>
  fileURLToPath(new URL(`${name}.mjs`, dist));
