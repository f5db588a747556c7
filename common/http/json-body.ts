// The JSON body of a request.

import { json, type RequestHandler } from 'express';

/**
 * Reads at most `limit` bytes. What is compressed is refused: no client of ours compresses, and each decompressor of brotli takes
 * megabytes before the first byte is counted.
 */
export const jsonBody = (limit: '1kb' | '4kb' | '16kb'): RequestHandler => json({ limit, inflate: false });
