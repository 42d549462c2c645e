import type { Catalogue } from './catalogue';
import { CIMI, EXTENSION } from './define';
import { escapeHtml } from './html';
import { contentRows } from './reference';

/**
 * Pages about the URIs that are not the standard's, by URI: whoever looks one up that stands in a representation reads what it means
 * (5.2, 5.17.13: they should be dereferencable). All of it follows from the declarations.
 */
export function uriPages(catalogue: Catalogue): ReadonlyMap<string, string> {
  const pages = new Map<string, string>();
  const names = new Map<string, string[]>();
  const add = (namespace: string, uri: string, words: readonly string[]): void => {
    pages.set(uri, page(uri, [...words, `<p>Of the namespace <a href="${escapeHtml(namespace)}">${escapeHtml(namespace)}</a>.</p>`]));
    names.set(namespace, [...(names.get(namespace) ?? []), uri]);
  };
  for (const { name, namespace, typeURI, actions = {}, capabilities = {} } of catalogue.resources) {
    for (const { uri, description } of Object.values(actions))
      if (namespace === CIMI && uri.startsWith(`${EXTENSION}/`)) add(EXTENSION, uri, [paragraph(`An action of ${name}. ${description}`)]);
    if (namespace === CIMI) continue;
    add(namespace, typeURI, [paragraph(`A type of resources. Its attributes are in the gateway's ResourceMetadata of ${name}.`)]);
    for (const { uri, description } of Object.values(actions)) add(namespace, uri, [paragraph(`An action of ${name}. ${description}`)]);
    for (const [capability, { description, unit }] of Object.entries(capabilities))
      add(namespace, `${namespace}/capability/${name}/${capability}`, [
        paragraph(`A capability of ${name}. ${description}${unit === undefined ? '' : ` In: ${unit}.`}`),
      ]);
  }
  for (const type of catalogue.eventTypes) {
    if (type.namespace === CIMI) continue;
    const { severity, outcomes = [] } = type;
    add(type.namespace, type.uri, [
      paragraph(`A type of events. ${type.description}`),
      ...(severity === undefined ? [] : [paragraph(`Severity, where an event says no other: ${severity}.`)]),
      ...(outcomes.length === 0 ? [] : [paragraph(`Outcomes beside those of the standard: ${outcomes.join(', ')}.`)]),
      table(['content', 'type', 'values', 'there'], contentRows(type)),
    ]);
  }
  for (const [namespace, uris] of names) {
    const items = uris.map((uri) => `<li><a href="${escapeHtml(uri)}">${escapeHtml(uri)}</a></li>`);
    pages.set(namespace, page(namespace, [paragraph('A namespace. What is named in it:'), `<ul>${items.join('')}</ul>`]));
  }
  return pages;
}

/**
 * Finds the path below the public URL at which the page of a URI is served: its own, where it is below that, else one that names it.
 * @param publicUrl without a slash at its end
 */
export function pathOfPage(uri: string, publicUrl: string): string {
  if (uri.startsWith(`${publicUrl}/`)) return uri.slice(publicUrl.length);
  const { host, pathname } = new URL(uri);
  return `/namespaces/${host}${pathname}`;
}

function page(title: string, parts: readonly string[]): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body><h1>${escapeHtml(title)}</h1>${parts.join('')}</body></html>\n`;
}

const paragraph = (words: string): string => `<p>${escapeHtml(words)}</p>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], cell: string): string =>
    `<tr>${cells.map((one) => `<${cell}>${escapeHtml(one)}</${cell}>`).join('')}</tr>`;
  return `<table>${line(head, 'th')}${rows
    .map((row) =>
      line(
        row.map((one) => one.replaceAll('`', '')),
        'td',
      ),
    )
    .join('')}</table>`;
}
