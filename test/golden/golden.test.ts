import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Format } from '../../src/codec/codec';
import { createWriter } from '../../src/codec/writer';
import { standardCatalogue } from '../../src/model/catalogue';
import { sampleValues } from '../codec/samples';

/**
 * The wire, as files: whoever changes what clients see changes these on purpose (`GOLDEN=write` writes them anew).
 */
const catalogue = standardCatalogue();
const options = { base: 'http://cimi.example.com/cimi/' };
const operations = [
  { rel: 'edit', href: 'things/1' },
  { rel: 'http://schemas.dmtf.org/cimi/1/action/start', href: 'things/1' },
];

function golden(name: string, actual: string): void {
  const file = join(__dirname, name);
  if (process.env['GOLDEN'] === 'write') writeFileSync(file, actual);
  expect(existsSync(file)).toBe(true);
  expect(actual).toBe(readFileSync(file, 'utf8'));
}

/** Puts one element or member on a line, so that a difference can be read. */
function broken(format: Format, text: string): string {
  return format === 'json' ? `${JSON.stringify(JSON.parse(text), null, 2)}\n` : `${text.replaceAll('><', '>\n<')}\n`;
}

describe.each<Format>(['json', 'xml'])('%s', (format) => {
  const writer = createWriter(catalogue, format);

  test.each(['Machine', 'MachineTemplate', 'Job', 'ResourceMetadata', 'Credential', 'SystemTemplate', 'Sample'])('%s', (type) => {
    const bytes = writer.document({ type, values: sampleValues(catalogue, type), operations }, options);
    golden(`${type}.${format}`, broken(format, new TextDecoder().decode(bytes)));
  });

  test('MachineCollection', async () => {
    const item = { type: 'Machine', values: sampleValues(catalogue, 'Machine'), operations };
    const document = {
      type: 'MachineCollection',
      id: 'machines',
      count: 2,
      items: [item, { type: 'Machine', values: { id: 'machines/2', name: '' } }],
      operations: [{ rel: 'add', href: 'machines' }],
      extensions: { unavailableClouds: ['west'] },
    };
    const { body } = await writer.collection(document, options);
    golden(`MachineCollection.${format}`, broken(format, Buffer.concat(body).toString()));
  });
});
