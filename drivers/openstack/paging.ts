import { type Doc, docs, text } from './documents';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A query as text, `?` included; undefined members are left out, lists are repeated. */
export function queryText(query: Query | undefined): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    const values: readonly (string | number | boolean | undefined)[] = Array.isArray(value) ? value : [value];
    for (const each of values) if (each !== undefined) parameters.append(name, String(each));
  }
  const message = parameters.toString();
  return message === '' ? '' : `?${message}`;
}

/** Parameters of the next page's link: Nova, Cinder and Neutron have `KEY_links`, Glance `next`. Hosts in links are not trusted. */
export function nextPage(page: Doc, key: string): Query | undefined {
  const href = text(docs(page[`${key}_links`]).find(({ rel }) => rel === 'next')?.href) ?? text(page.next);
  if (href === undefined || !URL.canParse(href, 'http://none')) return undefined;
  const parameters = new URL(href, 'http://none').searchParams;
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}
