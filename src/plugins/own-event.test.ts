import { array, boolean, integer, map, ref, string, struct } from '../model/define';
import { tellerOf } from './own-event';
import type { ToldEvent } from './type-schema';

const must = { provider: 'mandatory immutable', consumer: 'mandatory read-only' } as const;
const may = { provider: 'optional immutable', consumer: 'optional read-only' } as const;
const namespace = 'http://example.com/racks/1';
const subject = { tenant: 'acme', path: 'racks/1', type: 'Rack' };
const teller = tellerOf({
  namespace,
  events: {
    moved: {
      description: 'It moved.',
      severity: 'low',
      outcomes: ['Planned'],
      content: {
        to: string(must),
        units: integer({ ...may, minimum: 1, maximum: 60 }),
        side: string({ ...may, values: ['left', 'right'] }),
        by: ref('Machine', may),
        place: struct({ row: string(must) }, may),
        parts: array('part', { kind: 'string' }, may),
        lifted: boolean(may),
        labels: map(may),
      },
    },
  },
});
const one = (more: Partial<ToldEvent>): ToldEvent => ({ type: 'moved', content: { to: 'north' }, ...more });

test('an event is recorded under the URI of its type, with its severity and in the order of its declaration', () => {
  const content = {
    ...{ labels: { colour: 'red' }, lifted: true, parts: ['a', 'b'], place: { row: 'B' }, by: { href: 'machines/1' } },
    ...{ side: 'left', units: 42, to: 'north' },
  };
  const [record] = teller([one({ content })], subject);
  expect(record).toEqual({
    ...{ tenant: 'acme', resource: 'racks/1', resourceType: 'Rack', type: `${namespace}/event/moved` },
    ...{ content, outcome: 'Success', severity: 'low' },
  });
  expect(Object.keys(record?.content ?? {})).toEqual(['to', 'units', 'side', 'by', 'place', 'parts', 'lifted', 'labels']);
});

test('an event says its own outcome and severity, and leaves out what it does not know', () => {
  const told = teller(
    [one({ outcome: 'Planned', severity: 'critical', content: { to: 'x', units: null } }), one({ outcome: 'Failure' })],
    subject,
  );
  expect(told.map(({ outcome, severity, content }) => [outcome, severity, content])).toEqual([
    ['Planned', 'critical', { to: 'x' }],
    ['Failure', 'low', { to: 'north' }],
  ]);
  expect(teller(undefined, subject)).toEqual([]);
});

test.each<[string, ToldEvent, RegExp]>([
  ['of a type that is not declared', { type: 'lost' }, /of Rack is of the type 'lost', which its module does not declare/],
  ['without what is mandatory', one({ content: {} }), /'moved' of Rack is not as it is declared: .*\n.*content\.to/],
  ['without any content', { type: 'moved' }, /content\.to/],
  ['with more than is declared', one({ content: { to: 'x', pin: 'hush' } }), /Unrecognized key: "pin"/],
  ['of another kind', one({ content: { to: 5 } }), /content\.to/],
  ['beyond its bounds', one({ content: { to: 'x', units: 61 } }), /content\.units/],
  ['with none of the values', one({ content: { to: 'x', side: 'top' } }), /content\.side/],
  ['with no reference', one({ content: { to: 'x', by: 'machines/1' } }), /content\.by/],
  ['with a structure that lacks something', one({ content: { to: 'x', place: {} } }), /content\.place\.row/],
  ['with an outcome that is none', one({ outcome: 'Perhaps' }), /outcome/],
])('an event %s is refused', (_what, event, words) => {
  expect(() => teller([event], subject)).toThrow(words);
});
