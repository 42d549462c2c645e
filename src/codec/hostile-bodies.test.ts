import { bounded } from '../../test/harness/wait';
import { standardCatalogue } from '../model/catalogue';
import type { BodyError, Format, Shape } from './codec';
import { createBodyReader } from './reader';

const catalogue = standardCatalogue();
const readers = { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') };
const machineCreate: Shape = { kind: 'create', type: 'Machine' };

function refusal(format: Format, body: string): BodyError {
  try {
    readers[format](new TextEncoder().encode(body), [machineCreate], { base: 'http://cimi.example.com/cimi/' });
  } catch (error) {
    return error as BodyError;
  }
  throw new Error('was accepted');
}

describe('hostile bodies are answered in linear time', () => {
  const size = 1 << 20;
  const cases: [string, Format, string, number][] = [
    ['deep arrays', 'json', '['.repeat(size), 413],
    ['deep objects', 'json', '{"a":'.repeat(size / 5), 413],
    ['wide array', 'json', `[${'1,'.repeat(size / 2)}1]`, 413],
    ['wide object', 'json', `{${Array.from({ length: 49_000 }, (_, i) => `"k${i}":"${'x'.repeat(8)}"`).join(',')}}`, 400],
    ['a long unknown name', 'json', `{"${'k'.repeat(size)}":1}`, 400],
    ['backslashes', 'json', `{"${'\\\\'.repeat(size / 2)}":1}`, 400],
    ['deep elements', 'xml', '<a>'.repeat(size / 3), 413],
    ['wide elements', 'xml', `<MachineCreate>${'<a/>'.repeat(size / 4)}</MachineCreate>`, 413],
    ['attributes', 'xml', `<MachineCreate ${Array.from({ length: size / 10 }, (_, i) => `a${i}="x"`).join(' ')}/>`, 413],
    ['one endless attribute', 'xml', `<MachineCreate a="${'x'.repeat(size)}"/>`, 400],
    ['character references', 'xml', `<MachineCreate><nmae>${'&#65;'.repeat(size / 5)}</nmae></MachineCreate>`, 400],
    ['an entity bomb', 'xml', `<!DOCTYPE a [${'<!ENTITY a "&b;&b;">'.repeat(size / 20)}]><MachineCreate/>`, 400],
    ['comments', 'xml', `${'<!---->'.repeat(size / 7)}<a/>`, 400],
  ];
  test.each(cases)('%s', (_name, format, body, status) => {
    // A megabyte takes tens of milliseconds where the time is linear, and minutes where it is not.
    expect(bounded(() => refusal(format, body)).status).toBe(status);
  });
});
