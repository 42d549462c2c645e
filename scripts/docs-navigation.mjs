// The navigation of the built documentation: docs/README.md says it. Its sections are the groups, the pages that its lists link to are the
// entries; the pages beside a README in a folder of docs stand below that one.
import { posix } from 'node:path';

const INDEX = 'docs/README.md';

/** Makes a relative link from one page of the site to another. */
export function between(from, to) {
  const path = posix.relative(posix.dirname(from), to);
  // A folder's page goes by the folder.
  return path.replace(/(^|\/)index\.html$/, '$1') || './';
}

/**
 * Makes the navigation.
 * @returns the markup for one page, by its file
 */
export function navigationOf(pages) {
  const groups = groupsOf(pages);
  return (file) => {
    const { url } = pages.get(file);
    const item = (entry, more = '') => {
      const { url: to, title } = pages.get(entry);
      return `<li><a href="${between(url, to)}"${entry === file ? ' aria-current="page"' : ''}>${title}</a>${more}</li>`;
    };
    const list = (files, below) => `<ul>${files.map((each) => item(each, below?.(each))).join('')}</ul>`;
    const open = (entry) => {
      const children = entry === INDEX ? [] : childrenOf(pages, entry);
      return children.length > 0 && posix.dirname(entry) === posix.dirname(file) ? list(children) : '';
    };
    return groups.map(({ title, entries }) => `<h2>${title}</h2>${list(entries, open)}`).join('');
  };
}

/** Pages in the folder of a README that lies below docs. */
function childrenOf(pages, entry) {
  if (!/^docs\/.+\/README\.md$/.test(entry)) return [];
  const isBeside = (file) => file !== entry && posix.dirname(file) === posix.dirname(entry);
  return [...pages.keys()].filter(isBeside).sort();
}

function groupsOf(pages) {
  const named = new Set();
  const groups = [];
  for (const { title, links } of pages.get(INDEX).lists) {
    const entries = links.filter((file) => !named.has(file) && !isChild(pages, file));
    for (const file of entries) named.add(file);
    if (entries.length > 0) groups.push({ title, entries: [...new Set(entries)] });
  }
  return groups;
}

const isChild = (pages, file) => {
  const above = `${posix.dirname(file)}/README.md`;
  return above !== INDEX && above !== file && pages.has(above) && childrenOf(pages, above).includes(file);
};
