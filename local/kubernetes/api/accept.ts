// In which form an answer is wanted: plain JSON, a Table, or metadata only.

import { notAcceptable } from './status.ts';

export type Form = 'json' | 'table' | 'partial';

/** The first form in an Accept header that is served. Throws 406 when there is none. */
export function formOf(accept: string | undefined): Form {
  for (const wanted of (accept || '*/*').split(',')) {
    const [type = '', ...parameters] = wanted.split(';').map((text) => text.trim());
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith('as='))?.slice(3);
    if (as === undefined) return 'json';
    if (!parameters.includes('g=meta.k8s.io') || !parameters.includes('v=v1')) continue;
    if (as === 'Table') return 'table';
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return 'partial';
  }
  throw notAcceptable();
}
