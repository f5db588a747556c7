// The name that a guest gives, or the label of a link. It is data of a stranger: shown as text only, on one line.

import * as z from 'zod';

export const maxNameLength = 40 as const;

/** 1 to 40 characters without control characters, line ends or characters that change the direction of text. */
export const personNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(maxNameLength)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line without control characters');
