/** How pages are indexed and searched: the builder and the browser have to agree on it. */
export const SEARCHED = { fields: ['title', 'page', 'text'], storeFields: ['title', 'page', 'url', 'start'] };
