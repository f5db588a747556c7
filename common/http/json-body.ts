// The JSON body of a request.

import { json, type RequestHandler } from 'express';

/**
 * Reads at most `limit` bytes. Refuses compressed bodies: our clients send none, and each brotli decompressor takes megabytes before the
 * first byte is counted.
 */
export const jsonBody = (limit: '1kb' | '4kb' | '16kb'): RequestHandler => json({ limit, inflate: false });
