import type { RequestId } from './ids.ts';

/** Where a page of requests, newest first, begins: with the newest, or beside the request that another page ended with. */
export type PageFrom = 'newest' | { readonly before: RequestId } | { readonly after: RequestId };
