import { driverProblems } from './check-driver';
import type { Driver } from './driver';

const read = { list: () => [], getMany: () => [] };
const least = { capabilities: { settleMs: 0, types: {} }, check: () => [], close: () => undefined };
const problems = (more: object) => driverProblems({ ...least, ...more } as unknown as Driver);

/** A group as most drivers have it. */
class Volumes {
  list = (): [] => [];
  getMany = (): [] => [];
  find(): [] {
    return [];
  }
  create(): void {}
  rename(): void {}
  holds(): object {
    return {};
  }
}

test('a driver of one group that is only read is one, and so is one of classes', () => {
  expect(problems({ machines: read })).toEqual([]);
  expect(problems({ volumes: new Volumes() })).toEqual([]);
  expect(problems({ machineImages: { ...read, download: () => ({}) } })).toEqual([]);
  expect(problems({ credentials: { import: () => ({}), keyOf: () => '', delete: () => undefined } })).toEqual([]);
});

test.each([
  ['a group that can not be read', { machines: { list: read.list } }, ['machines.getMany() is missing']],
  [
    'a create that can not be found again',
    { machines: { ...read, create: () => ({}) } },
    ['machines.find() is missing: it tells whether create took effect where its answer was lost'],
  ],
  [
    'an upload that can not be found again',
    { machineImages: { ...read, upload: () => ({}) } },
    ['machineImages.find() is missing: it tells whether upload took effect where its answer was lost'],
  ],
  [
    'a slip in the name of a method',
    { machines: { ...read, strat: () => undefined } },
    ['machines.strat() is no method of the contract; what a group needs for itself is kept outside of it'],
  ],
  [
    'a method of credentials',
    { credentials: { import: () => ({}), delete: () => undefined, remove: () => undefined } },
    ['credentials.remove() is no method of the contract; what a group needs for itself is kept outside of it'],
  ],
  ['meters that can not be read', { meters: { offers: () => [] } }, ['meters.sample() is missing']],
  ['events that have no since', { events: { of: () => [] } }, ['events.since() is missing']],
  [
    'a slip among the meters',
    { meters: { offers: () => [], sample: () => [], ofers: () => [] } },
    ['meters.ofers() is no method of the contract; what a group needs for itself is kept outside of it'],
  ],
  ['no check', { check: undefined }, ['check() is missing']],
  ['no close', { close: undefined }, ['close() is missing']],
  ['capabilities without a time', { capabilities: { types: {} } }, ['capabilities must say settleMs (ms) and types']],
  ['capabilities without types', { capabilities: { settleMs: 0 } }, ['capabilities must say settleMs (ms) and types']],
  ['no capabilities', { capabilities: undefined }, ['capabilities must say settleMs (ms) and types']],
])('%s is told', (_what, more, words) => {
  expect(problems(more)).toEqual(words);
});

test.each([undefined, null, 'a driver'])('%j is no driver', (answer) => {
  expect(driverProblems(answer as unknown as Driver)).toEqual(['connect() must answer with a driver']);
});
