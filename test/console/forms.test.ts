import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as estree from 'prettier/plugins/estree';
import * as typescript from 'prettier/plugins/typescript';
import { format } from 'prettier/standalone';
import { base64Of, curlWith, placeIn, placesAround, tidy, withMember } from '../../console/body';
import { standardCatalogue } from '../../src/model/catalogue';
import { clientForms } from '../../src/model/client-forms';

/** Parts of the console's forms, without a browser. */
const root = join(__dirname, '../..');

test('the forms are those of the catalogue (node scripts/make-client-types.cjs writes them)', async () => {
  const style = JSON.parse(readFileSync(join(root, '.prettierrc.json'), 'utf8')) as object;
  const made = await format(clientForms(standardCatalogue()), { ...style, parser: 'typescript', plugins: [typescript, estree] });
  expect(readFileSync(join(root, 'console/catalogue.generated.ts'), 'utf8') === made).toBe(true);
});

test('what was left empty is not sent, but items of lists keep their places', () => {
  expect(tidy({ name: '', cpu: 0, start: false, properties: {}, template: { href: undefined } })).toEqual({ cpu: 0, start: false });
  expect(tidy({ disks: [{}, { capacity: 1 }], tags: ['', 'a'], none: [] })).toEqual({ disks: [{}, { capacity: 1 }], tags: ['', 'a'] });
  expect(tidy({ template: {} })).toBeUndefined();
});

test('a member is set or taken away, and the rest stays', () => {
  expect(withMember({ a: 1, b: 2 }, 'b', 3)).toEqual({ a: 1, b: 3 });
  expect(withMember({ a: 1, b: 2 }, 'b', undefined)).toEqual({ a: 1 });
  expect(withMember(undefined, 'a', 1)).toEqual({ a: 1 });
});

test('places are called as refusals call them, and the parts around one are known', () => {
  expect(placeIn(placeIn(placeIn('', 'machineTemplate'), 'volumes'), 0)).toBe('machineTemplate.volumes[0]');
  expect(placeIn('properties', 'a.b')).toBe('properties["a.b"]');
  expect(placesAround('machineTemplate.volumes[0].href')).toEqual([
    'machineTemplate.volumes[0].href',
    'machineTemplate.volumes[0]',
    'machineTemplate.volumes',
    'machineTemplate',
  ]);
  expect(placesAround('properties["a.\\"]b"]')).toEqual(['properties["a.\\"]b"]', 'properties']);
  expect(placesAround('')).toEqual([]);
});

test('a command quotes what it sends for a shell', () => {
  expect(curlWith('POST', 'http://h/cimi/machines', { name: "a'b $(id)" })).toContain(`-d '{"name":"a'\\''b $(id)"}'`);
});

test('user data are sent as the bytes of their UTF-8', () => {
  expect(Buffer.from(base64Of('#cloud-config\nä'), 'base64').toString('utf8')).toBe('#cloud-config\nä');
});
