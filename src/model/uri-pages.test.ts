import { standardCatalogue } from './catalogue';
import { EXTENSION, string } from './define';
import { ownContent } from './event-types';
import { pathOfPage, uriPages } from './uri-pages';

const NAMESPACE = 'https://cloud.example.org/things/1';
const shown = { provider: 'optional immutable', consumer: 'optional read-only' } as const;
const type = { name: 'moved', uri: `${NAMESPACE}/event/moved`, namespace: NAMESPACE, description: 'It <moved> & "more".' };
const catalogue = standardCatalogue([], 'singular', {
  resources: [],
  collections: [],
  eventTypes: [{ ...type, content: ownContent({ to: string(shown) }) }],
});

test('the standard’s own URIs have no page; those of actions of ours and of others have one each, with their namespace', () => {
  const ours = [`${EXTENSION}/action/export`, EXTENSION];
  expect([...uriPages(standardCatalogue()).keys()]).toEqual(ours);
  expect([...uriPages(catalogue).keys()].toSorted()).toEqual([...ours, type.uri, NAMESPACE].toSorted());
});

test('what a module says is text on its page', () => {
  expect(uriPages(catalogue).get(type.uri)).toContain('It &lt;moved&gt; &amp; &quot;more&quot;.');
});

test('a URI below the public URL is its own page; others are named below it', () => {
  expect(pathOfPage(type.uri, 'https://cloud.example.org')).toBe('/things/1/event/moved');
  expect(pathOfPage(type.uri, 'https://cloud.example.org/things')).toBe('/1/event/moved');
  expect(pathOfPage(type.uri, 'https://cloud.example.or')).toBe('/namespaces/cloud.example.org/things/1/event/moved');
  expect(pathOfPage(type.uri, 'http://127.0.0.1:8080')).toBe('/namespaces/cloud.example.org/things/1/event/moved');
});

test('two declarations of one event type contradict each other', () => {
  const twice = { resources: [], collections: [], eventTypes: [...catalogue.eventTypes.slice(-1), ...catalogue.eventTypes.slice(-1)] };
  expect(() => standardCatalogue([], 'singular', twice)).toThrow(/event type .*moved is declared twice/);
});
