// The id of a run (runs.ts). In its own file because both socket protocols use it.

import * as z from 'zod';

export const runIdPattern = /^[a-z0-9]{8,32}$/;

/** Chosen by the client, which finds the run again by it. */
export const runIdSchema = z.string().regex(runIdPattern, 'must be 8 to 32 of a-z and 0-9');
