import { assert } from './kit/assert';
import { check, clause } from './kit/define';
import { idOf } from './kit/ingredients';
import { isCollection } from './kit/links';
import { PLAYGROUND, playground, playgroundOf } from './kit/playground';
import { everything, populated } from './kit/population';
import { JsonValue } from './kit/json';
import { MEDIA } from './kit/wire';
import { XmlValue } from './kit/xml';

const onlyJson = { only: { format: 'json', because: 'JSON carries resourceURI as a member' } } as const;
const onlyXml = { only: { format: 'xml', because: 'XML carries it on the Collection element' } } as const;
const onceForBoth = { only: { format: 'json', because: 'it compares both formats itself' } } as const;

export const clauses = [
  clause('4.1', 'Introduction', [
    check('everything that is linked answers with a representation whose id leads back to it', ['R4.1-01', 'R4.1-03'], {}, async (c) => {
      for (const { uri, value } of await everything(c)) assert.equal(c.session.absolute(idOf(value)), uri);
    }),
    check('no two resources share an id', ['R4.1-02', 'R5.10.1-05', 'R5.10.1-06'], {}, async (c) => {
      const seen = new Map<string, string>();
      for (const { value } of await everything(c)) {
        assert.equal(seen.get(idOf(value)), undefined, `${idOf(value)} stands for two resources`);
        seen.set(idOf(value), value.resourceURI ?? '');
        const ids = isCollection(value) ? value.items().map(idOf) : [];
        assert.equal(new Set(ids).size, ids.length, `an item of ${idOf(value)} is there twice`);
      }
    }),
    check('what was made is found by following links from the Cloud Entry Point', ['R4.1-05'], {}, async (c) => {
      const made = await populated(c);
      assert.ok(made.length > 0 || c.skip('nothing can be made here'));
      const collections = (await everything(c)).filter(({ value }) => isCollection(value));
      const listed = new Set(collections.flatMap(({ value }) => value.items().map(idOf)));
      for (const uri of made) assert.ok(listed.has(uri), `${uri} is in no Collection`);
    }),
  ]),
  clause('4.1.4', 'Media types', [
    check('every representation has the media type of its format', ['R4.1.4-01', 'R4.1.4-02'], {}, async (c) => {
      for (const { answer } of await everything(c)) assert.equal(answer.mediaType, MEDIA[c.format], answer.request);
    }),
    check('every JSON representation names its type in resourceURI', ['R4.1.4-03'], onlyJson, async (c) => {
      for (const { uri, value } of await everything(c)) {
        assert.ok(value instanceof JsonValue);
        assert.match(value.text('resourceURI') ?? '', /^http:\/\/schemas\.dmtf\.org\/cimi\/1\/[A-Z][A-Za-z]+$/, uri);
      }
    }),
    check('every XML Collection names its type in resourceURI', ['R4.1.4-05'], onlyXml, async (c) => {
      const collections = (await everything(c)).filter(({ value }) => value instanceof XmlValue && value.element.name === 'Collection');
      assert.ok(collections.length > 0);
      for (const { uri, value } of collections)
        assert.match(value.resourceURI ?? '', /^http:\/\/schemas\.dmtf\.org\/cimi\/1\/[A-Z][A-Za-z]+Collection$/, uri);
    }),
    check('each resource is there in both formats, with the same type', ['R4.1.4-08', 'R4.1.4-09'], onceForBoth, async (c) => {
      const types = async (format: 'json' | 'xml') =>
        new Map((await everything(c.in(format))).map(({ uri, value }) => [uri, value.resourceURI]));
      const [json, xml] = [await types('json'), await types('xml')];
      const jobs = (uri: string): boolean => /\/Job$/.test(json.get(uri) ?? xml.get(uri) ?? '');
      assert.deepEqual([...xml].filter(([uri]) => !jobs(uri)).sort(), [...json].filter(([uri]) => !jobs(uri)).sort());
    }),
    check('Accept chooses the format', ['R4.1.4-09', 'R4.2.1.1-04'], {}, async (c) => {
      const collection = await c.get(c.link('machines'));
      assert.equal(collection.is(200).mediaType, MEDIA[c.format]);
      const refused = await c.get(c.link('machines'), { headers: { accept: 'image/png' } });
      assert.ok(refused.status === 406 || refused.mediaType in { 'application/json': 1, 'application/xml': 1 }, refused.said());
    }),
    check(
      'a body in one format is answered in the other where Accept says so',
      ['R4.1.4-09', 'R4.2.1.1-04'],
      { needs: playground },
      async (c) => {
        const other = c.format === 'json' ? 'xml' : 'json';
        const answer = await c.post(
          await c.addUri(PLAYGROUND),
          'MachineConfiguration',
          { cpu: 1, memory: 1048576 },
          { headers: { accept: MEDIA[other] } },
        );
        await c.owned(answer);
        await c.done(answer);
        if (!answer.empty) assert.equal(answer.mediaType, MEDIA[other]);
      },
    ),
  ]),
  clause('4.1.6', 'Request query parameters', [
    check('unknown query parameters are ignored', ['R4.1.6-05'], { needs: playground }, async (c) => {
      const { uris } = await playgroundOf(c);
      const query = { nosuch: '1', $nosuch: 'x', 'a b': '' };
      const unknown: [string, string][] = [...Object.entries({ nosuch: '1', $nosuch: 'x' }), ['nosuch', '2']];
      for (const uri of [c.session.url, c.link(PLAYGROUND), uris[0] ?? '']) {
        const plain = await c.read(uri);
        for (const one of [{ nosuch: query.nosuch }, unknown]) assert.deepEqual(await c.read(uri, one), plain);
      }
    }),
    check('unknown query parameters are ignored in changes, too', ['R4.1.6-05'], { needs: playground }, async (c) => {
      const answer = await c.post(
        await c.addUri(PLAYGROUND),
        'MachineConfiguration',
        { cpu: 1, memory: 1048576 },
        { query: { nosuch: '1' } },
      );
      const uri = (await c.owned(answer)) ?? '';
      await c.done(answer);
      const edit = c.offered(await c.read(uri), 'edit');
      const query: [string, string][] = [
        ['$select', 'description'],
        ['nosuch', '1'],
      ];
      await c.done(await c.put(edit, 'MachineConfiguration', { description: 'changed' }, { query }));
      assert.equal((await c.read(uri)).text('description'), 'changed');
    }),
  ]),
];
