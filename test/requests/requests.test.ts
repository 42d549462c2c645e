import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatewayCatalogue } from '../../src/model/catalogue';
import { requestPages } from './pages';
import { operationsOf } from './recorder';
import { stableText } from './stable';

const folder = join(__dirname, '../../docs/requests');
const catalogue = gatewayCatalogue();

test('the recorded requests are what the gateway answers now (node scripts/make-requests.cjs records them)', async () => {
  const pages = await requestPages(catalogue);
  expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
  for (const [name, page] of pages) expect(readFileSync(join(folder, name), 'utf8').split('\n')).toEqual(page.split('\n'));
});

test('each operation of each type has a request and an answer in both formats, and most do what they say', () => {
  const all = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  let [operations, refused] = [0, 0];
  for (const [type, names] of operationsOf(catalogue))
    for (const name of names) {
      const [, section = ''] = new RegExp(`^### ${type} ${name}\\n(.*?)(?=^##|$(?![^]))`, 'ms').exec(all) ?? [];
      const answers = [...section.matchAll(/^HTTP\/1\.1 (\d)/gm)].map(([, first]) => first);
      expect([type, name, answers.length, section.match(/^Accept: application\/(json|xml)$/gm)]).toEqual([
        type,
        name,
        2,
        ['Accept: application/json', 'Accept: application/xml'],
      ]);
      // Both formats are answered alike.
      expect([type, name, answers[0]]).toEqual([type, name, answers[1]]);
      operations += 1;
      if (answers[0] !== '2') refused += 1;
    }
  expect(operations).toBeGreaterThan(250);
  expect(refused).toBeLessThan(20);
});

test('nothing of one run is left in a text', () => {
  const told =
    'GET http://127.0.0.1:4711/cimi/machines/xt3nkw6cgcc0ehdrgketxdnv0r\nETag: "abc"\n\n{"created":"2026-12-02T00:54:24.040Z","disk":"sim.disk-5828a4eeca28"}';
  const shown = stableText(told, 'http://127.0.0.1:4711/cimi/', new Map([['xt3nkw6cgcc0ehdrgketxdnv0r', 'web-1']]), 'json');
  expect(shown).toBe(
    'GET https://cimi.example.org/cimi/machines/web-1\nETag: "…"\n\n{\n  "created": "2026-12-01T12:00:00.000Z",\n  "disk": "sim.disk-ID"\n}',
  );
});
