import type { Catalogue } from '../model/catalogue';
import { openApiDocument } from '../model/openapi';
import { pathOfPage, uriPages } from '../model/uri-pages';
import { offersOf } from '../operations/offers';
import type { ResourceHandler } from '../operations/resource-handler';

const HTML = 'text/html; charset=utf-8';

/** Text with its media type, made when it is first asked for. */
export interface PublicDocument {
  contentType: string;
  make: () => string;
}

/** Documents by path; anyone may read them. */
export type Documents = Readonly<Record<string, PublicDocument>>;

/** The OpenAPI document of what may be asked for below the base URI, and pages about URIs that are not the standard's. */
export function publicDocuments(catalogue: Catalogue, handlers: readonly ResourceHandler[], base: string, publicUrl: string): Documents {
  const openApi = () => JSON.stringify(openApiDocument(catalogue, { base, offers: offersOf(catalogue, handlers) }));
  const pages: [string, PublicDocument][] = [...uriPages(catalogue)].map(([uri, page]) => [
    pathOfPage(uri, publicUrl),
    { contentType: HTML, make: () => page },
  ]);
  return { ...Object.fromEntries(pages), '/openapi.json': { contentType: 'application/json', make: openApi } };
}
