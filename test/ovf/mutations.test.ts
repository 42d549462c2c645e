import * as fc from 'fast-check';
import { OvfError } from '../../src/ovf/error';
import { writeDescriptor } from '../../src/ovf/writer';
import { govmomiAvailable } from '../backends/govmomi';
import { describeWith } from '../backends/need';
import { besides, corpus, tryReading } from './corpus';

/** Number of mutated descriptors; `OVF_MUTATIONS=10000` reads more of them. */
const RUNS = Number(process.env['OVF_MUTATIONS'] ?? 5_000);
/** Longest descriptor that is mutated, bytes: the others are of the same kinds. */
const LONGEST = 40_000;

/** Texts that somebody might put in the place of a value, or anywhere. */
const ODD = [
  ...['', '0', '-1', '1e9', '9223372036854775808', '99999999999999999999', 'NaN', '٣', '${x}', '${', 'byte * 2^999999999', 'byte*byte'],
  ...[
    '../../etc/passwd',
    '%2e%2e%2f',
    '%',
    '\u0000',
    '\ud800',
    '\u202e',
    'constructor',
    '__proto__',
    'true',
    'TRUE ',
    'a b',
    'x'.repeat(70_000),
  ],
  ...[
    '<',
    '&',
    '&amp;',
    '&#0;',
    ']]>',
    '<![CDATA[',
    '<!--',
    '<!DOCTYPE a>',
    '<a/>',
    '<x:y/>',
    'xmlns="urn:x"',
    'xmlns:ovf=""',
    '<Item/>',
    '</Item>',
  ],
  ...['<VirtualSystemCollection ovf:id="n"><Info/>', '<Section/>', '<Section required="maybe"/>', '<Disk/>', '<File/>', '<Property/>'],
];

const place = fc.double({ min: 0, max: 1, noNaN: true });
/** A change of a text, told by places in it from 0 to 1. */
const change: fc.Arbitrary<(text: string) => string> = fc.oneof(
  // A value of an attribute or of an element.
  fc.tuple(place, fc.constantFrom(...ODD)).map(([where, odd]) => (text: string) => {
    const values = [...text.matchAll(/"[^"]*"|>[^<]*</g)];
    const found = values[Math.floor(where * (values.length - 1))];
    return found ? text.slice(0, found.index + 1) + odd + text.slice(found.index + found[0].length - 1) : text;
  }),
  // A whole element, taken away, or there once more at another place.
  fc.tuple(place, place, fc.boolean()).map(([from, to, again]) => (text: string) => {
    const elements = [...text.matchAll(/<([\w:]+)[^>]*?(?:\/>|>[^<]*<\/\1>)/g)];
    const found = elements[Math.floor(from * (elements.length - 1))];
    const target = elements[Math.floor(to * (elements.length - 1))];
    if (!found || !target) return text;
    return again
      ? text.slice(0, target.index) + found[0] + text.slice(target.index)
      : text.slice(0, found.index) + text.slice(found.index + found[0].length);
  }),
  fc.tuple(place, fc.constantFrom(...ODD)).map(([where, odd]) => (text: string) => {
    const at = Math.floor(where * text.length);
    return text.slice(0, at) + odd + text.slice(at);
  }),
  fc.tuple(place, place).map(([from, to]) => (text: string) => {
    const [first, last] = [Math.min(from, to), Math.max(from, to)].map((each) => Math.floor(each * text.length));
    return text.slice(0, first) + text.slice(last);
  }),
);

describeWith('govmomi', govmomiAvailable(), () => {
  test('a descriptor that is changed anyhow is read or refused, and what is read can be written', async () => {
    const samples = (await corpus()).filter(({ bytes }) => bytes.length > 0 && bytes.length < LONGEST);
    expect(samples.length).toBeGreaterThan(800);
    let read = 0;
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(change, { minLength: 1, maxLength: 4 }), ({ bytes }, changes) => {
        const text = changes.reduce((before, each) => each(before), besides(bytes).toString('utf8'));
        const result = tryReading(Buffer.from(text));
        if (result instanceof OvfError) return;
        writeDescriptor(result);
        read++;
      }),
      { numRuns: RUNS },
    );
    // Neither all of them nor none: else nothing was tried.
    expect(read).toBeGreaterThan(RUNS / 20);
    expect(read).toBeLessThan(RUNS * 0.95);
  });
});
