import { standardCatalogue } from '../model/catalogue';
import type { Format } from './codec';
import { createWriter } from './writer';

const catalogue = standardCatalogue();
const writers = { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') };
const options = { base: 'http://cimi.example.com/cimi/' };
const CIMI = 'http://schemas.dmtf.org/cimi/1';

function write(format: Format, type: string, values: Parameters<(typeof writers)['json']['document']>[0]['values']): string {
  return new TextDecoder().decode(writers[format].document({ type, values }, options));
}
const HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n';

test('resourceURI comes first in JSON and is not there in XML (4.1.4)', () => {
  expect(write('json', 'Machine', { cpu: 0, id: 'machines/1' })).toBe(
    `{"resourceURI":"${CIMI}/Machine","id":"http://cimi.example.com/cimi/machines/1","cpu":0}`,
  );
  expect(write('xml', 'Machine', { cpu: 0, id: 'machines/1' })).toBe(
    `${HEADER}<Machine xmlns="${CIMI}"><id>http://cimi.example.com/cimi/machines/1</id><cpu>0</cpu></Machine>`,
  );
});

test('empty strings, maps and arrays are left out, false and 0 are not (5.5.14)', () => {
  const values = { name: '', properties: {}, disks: [], cpu: 0, unheardOf: 1 };
  expect(write('json', 'MachineConfiguration', values)).toBe(`{"resourceURI":"${CIMI}/MachineConfiguration","cpu":0}`);
  expect(write('xml', 'MachineConfiguration', values)).toBe(
    `${HEADER}<MachineConfiguration xmlns="${CIMI}"><cpu>0</cpu></MachineConfiguration>`,
  );
  expect(write('json', 'VolumeImage', { bootable: false })).toContain('"bootable":false');
});

test('the Job that was never stored has an empty id (D152)', () => {
  expect(write('json', 'Job', { id: '', state: 'FAILED' })).toBe(`{"resourceURI":"${CIMI}/Job","id":"","state":"FAILED"}`);
  expect(write('xml', 'Job', { id: '', state: 'FAILED' })).toBe(`${HEADER}<Job xmlns="${CIMI}"><id/><state>FAILED</state></Job>`);
});

test.each<Format>(['json', 'xml'])('%s: write-only attributes are written nowhere, inline and expanded included (5.4)', (format) => {
  const secret = { userName: 'u', password: 'MARKER' };
  expect(write(format, 'Credential', secret)).not.toContain('MARKER');
  expect(write(format, 'MachineTemplate', { credential: { href: 'credentials/1', ...secret } })).not.toContain('MARKER');
  const machineTemplate = { credential: secret };
  const componentDescriptors = [{ type: `${CIMI}/Machine`, machineTemplate }];
  const written = write(format, 'SystemTemplate', { componentDescriptors });
  expect(written).not.toContain('MARKER');
  expect(written).toContain('userName');
  expect(write(format, 'SystemCredential', { credential: { href: 'credentials/1', ...secret } })).not.toContain('MARKER');
});

test('an expanded reference and an expanded collection (4.1.6.4)', () => {
  const disk = { id: 'machines/1/disks/1', capacity: 1, operations: [{ rel: 'edit', href: 'machines/1/disks/1' }] };
  const disks = { href: 'machines/1/disks', id: 'machines/1/disks', count: 1, disks: [disk] };
  const parsed = JSON.parse(write('json', 'Machine', { disks })) as Record<string, unknown>;
  const id = 'http://cimi.example.com/cimi/machines/1/disks';
  expect(parsed['disks']).toEqual({
    href: id,
    id,
    count: 1,
    disks: [{ resourceURI: `${CIMI}/Disk`, id: `${id}/1`, capacity: 1, operations: [{ rel: 'edit', href: `${id}/1` }] }],
  });
  expect(write('xml', 'Machine', { disks })).toContain(
    `<disks href="${id}"><id>${id}</id><count>1</count><Disk><id>${id}/1</id><capacity>1</capacity><operation rel="edit" href="${id}/1"/></Disk></disks>`,
  );
});

test('XML carries every text unchanged, and U+FFFD for what it cannot', () => {
  expect(write('xml', 'Machine', { name: 'a\r\n\t<&>"]]>\u{1F600}' })).toContain('<name>a&#13;\n\t&lt;&amp;&gt;"]]&gt;\u{1F600}</name>');
  expect(write('xml', 'Machine', { name: '\u0000\uD800\uFFFE' })).toContain('<name>\uFFFD\uFFFD\uFFFD</name>');
  expect(write('xml', 'Machine', { properties: { 'a\r\n\t"<': 'x' } })).toContain('key="a&#13;&#10;&#9;&quot;&lt;"');
});

test.each<Format>(['json', 'xml'])('%s: a long collection is written in slices that let other work run', async (format) => {
  const items = Array.from({ length: 1001 }, (_, index) => ({ type: 'Machine', values: { id: `machines/${index}`, name: `n${index}` } }));
  let turns = 0;
  const count = () => {
    turns++;
    timer = setImmediate(count);
  };
  let timer = setImmediate(count);
  const slices = await writers[format].collection({ type: 'MachineCollection', id: 'machines', count: 1001, items }, options);
  clearImmediate(timer);
  expect(slices).toHaveLength(5);
  expect(turns).toBeGreaterThanOrEqual(3);
  const text = Buffer.concat(slices).toString();
  if (format === 'json') expect((JSON.parse(text) as { machines: unknown[] }).machines).toHaveLength(1001);
  else expect(text.match(/<Machine>/g)).toHaveLength(1001);
});

test('a bare extension attribute stands in its own namespace after the standard', () => {
  expect(write('xml', 'Machine', { cloud: 'a', cpu: 1 })).toContain(
    '<cpu>1</cpu><cloud xmlns="http://cimi-gateway.org/extension/1">a</cloud></Machine>',
  );
  expect(write('json', 'Machine', { cloud: 'a', cpu: 1 })).toContain('"cpu":1,"cloud":"a"}');
});
