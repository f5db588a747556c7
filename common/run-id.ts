// The id of a run (runs.ts): a file of its own, because both socket protocols name it.

import * as z from 'zod';

export const runIdPattern = /^[a-z0-9]{8,32}$/;

/** Made by the client, and its own: with it, it finds the run again. */
export const runIdSchema = z.string().regex(runIdPattern, 'must be 8 to 32 of a-z and 0-9');
