// Search over the pages, in the reader's browser; the index is fetched when somebody begins to search.
import MiniSearch from 'minisearch';
import { SEARCHED } from './searched.mjs';

const MOST = 20;
const box = document.querySelector('.search');
const field = box.querySelector('input');
const list = box.querySelector('ol');
const said = box.querySelector('[role=status]');
/** Where the site begins, relative to this page. */
const home = new URL(box.dataset.home, document.baseURI);
box.hidden = false;

let loading;
/** Fetches the index once; after a failure, again. */
function indexed() {
  loading ??= fetch(new URL(box.dataset.index, document.baseURI))
    .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
    .then((text) => MiniSearch.loadJSON(text, SEARCHED));
  loading.catch(() => (loading = undefined));
  return loading;
}

const OPTIONS = { boost: { title: 4, page: 2 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 0.15 : false), combineWith: 'AND' };

async function search() {
  const asked = field.value.trim();
  if (asked === '') return show([], '');
  try {
    const index = await indexed();
    // Somebody typed on meanwhile.
    if (field.value.trim() !== asked) return;
    const found = index.search(asked, OPTIONS);
    show(found.slice(0, MOST), found.length === 0 ? 'Nothing found' : `${found.length} found`);
  } catch {
    show([], 'The search could not be loaded; try again');
  }
}

function show(found, words) {
  said.textContent = words;
  list.hidden = found.length === 0;
  list.replaceChildren(...found.map(entry));
}

function entry({ title, page, url, start }) {
  const link = document.createElement('a');
  link.href = new URL(url, home).href;
  const where = document.createElement('small');
  where.textContent = title === page ? start : `${page}: ${start}`;
  link.append(title, where);
  const item = document.createElement('li');
  item.append(link);
  return item;
}

field.addEventListener('input', search);
field.addEventListener('focus', () => void indexed().catch(() => undefined));
box.addEventListener('keydown', (event) => {
  const links = [field, ...list.querySelectorAll('a')];
  const at = links.indexOf(document.activeElement);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === 'Escape') {
    field.value = '';
    show([], '');
    field.focus();
  } else if (event.key === 'Enter' && at === 0) links[1]?.click();
  else if (step && links[at + step]) links[at + step].focus();
  else return;
  event.preventDefault();
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || document.activeElement === field) return;
  event.preventDefault();
  field.focus();
});
