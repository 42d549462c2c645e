import { array, boolean, collection, dateTime, duration, integer, map, ref, string, uri, any } from '../model/define';
import type { Values } from '../model/values';
import { QueryError } from './errors';
import { compileFilter } from './filter';
import { MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, parseFilter } from './grammar';

const readWrite = { provider: 'mandatory mutable', consumer: 'optional read-write' } as const;
const attributes = {
  id: uri(readWrite),
  name: string(readWrite),
  description: string(readWrite),
  created: dateTime(readWrite),
  properties: map(readWrite),
  state: string(readWrite),
  cpu: integer(readWrite),
  memory: integer(readWrite),
  bootable: boolean(readWrite),
  timeout: duration(readWrite),
  image: ref('MachineImage', readWrite),
  disks: collection('DiskCollection', readWrite),
  tags: array('tag', { kind: 'string' }, readWrite),
  value: any(readWrite),
  and: string(readWrite),
  password: string({ provider: 'mandatory mutable', consumer: 'optional write-only' }),
};
const base = 'https://cloud.example/cimi/';
const machine: Values = {
  id: 'machines/1',
  name: "o'hara",
  created: '2015-06-30T12:00:00+02:00',
  properties: { owner: 'me', 'a b': '' },
  state: 'STARTED',
  cpu: 4,
  memory: -1,
  bootable: true,
  timeout: 'PT1H',
  image: { href: 'machineImages/7' },
  disks: { href: 'machines/1/disks' },
  tags: ['x'],
  value: 12,
  and: 'both',
  password: 'hunter2',
};
const matches = (text: string, values = machine): boolean => compileFilter(parseFilter(text), attributes, { base })(values);
const refusal = (text: string): QueryError => {
  try {
    matches(text);
  } catch (error) {
    if (error instanceof QueryError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text}`);
};

describe('$filter (4.1.6.1)', () => {
  it.each([
    ['integers: every operator', 'cpu=4 and cpu>=4 and cpu<=4 and cpu>3 and cpu<5 and cpu!=5 and memory>-2'],
    ['the value on the left turns the operator round', "5>cpu and 3<cpu and 4<=cpu and 'STARTED'=state"],
    ['and binds tighter than or', 'cpu=4 or cpu=5 and cpu=6'],
    ['parentheses group', "(cpu=4 or cpu=5) and (state='STARTED')"],
    ['no blanks are needed', "(cpu=4)and(state='STARTED')or(cpu=9)"],
    ['double quotes', 'state="STARTED"'],
    ['a doubled quote is a quote', `name='o''hara' and name="o'hara"`],
    ['dates compare as instants', 'created=2015-06-30T10:00:00Z and created>2015-06-30 and created<2015-07-01'],
    ['dates with offset', 'created=2015-06-30T12:00:00+02:00 and created>=2015-06-30T05:00:00.000-05:00'],
    ['a plus sign decoded to a blank', 'created=2015-06-30T12:00:00 02:00 and cpu=4'],
    ['dates in quotes', "created='2015-06-30T10:00:00Z'"],
    ['booleans (D101)', 'bootable=true and bootable!=false and true=bootable'],
    ['properties by key', "property['owner']='me' and property[\"a b\"]='' and property['owner']!='you'"],
    ['durations by length', "timeout='PT60M'"],
    ['references: absolute', "image='https://cloud.example/cimi/machineImages/7'"],
    ['references: path', "image='/cimi/machineImages/7'"],
    ['references: relative', "image='machineImages/7' and image!='machineImages/8'"],
    ['ids and collections', "id='https://cloud.example/cimi/machines/1' and disks='machines/1/disks'"],
    ['values of any type', 'value>11 and value!=13'],
    ['an attribute named like a keyword', "and='both' and cpu=4"],
    ['text that is not there is empty (5.5.14)', "description='' and description!='x'"],
  ])('%s', (_, text) => {
    expect(matches(text)).toBe(true);
  });

  it.each([
    ['unknown attributes, whatever the operator (D100)', "format='ntfs' or format!='ntfs' or format<1"],
    ['names from the object prototype', "constructor!='x' or toString='' or __proto__!='x'"],
    ['write-only attributes, which could be guessed otherwise', "password='hunter2' or password!='x' or password=''"],
    ['properties that are not there', "property['none']='x' or property['none']!='x' or property['constructor']!='x'"],
    ['case matters', "name='O''HARA' or State='STARTED'"],
  ])('never matches: %s', (_, text) => {
    expect(matches(text)).toBe(false);
  });

  it('never matches absent values that are not text', () => {
    for (const text of ['cpu!=1', 'cpu<1', 'created!=2015-06-30', 'bootable!=true', "image!='a'", "timeout!='PT1S'", "value!='a'"]) {
      expect([text, matches(text, {})]).toEqual([text, false]);
    }
  });

  it.each([
    ["name<'x'", 1, /text is compared by = or !=/],
    ['cpu=4 and bootable>true', 11, /= or !=/],
    ["cpu='4'", 1, /whole number/],
    ['cpu=2015-06-30', 1, /whole number/],
    ['name=4', 1, /text in quotes/],
    ['created>4', 1, /a date/],
    ["created>'soon'", 1, /a date/],
    ["bootable='true'", 1, /true or false/],
    ["timeout='long'", 1, /duration/],
    ["tags='x'", 1, /several values/],
    ["image<'x'", 1, /ordered/],
    ["property['a']<'b'", 14, /not by </],
    ["property['a']=4", 15, /value of a property in quotes/],
    ["properties['a']='b'", 1, /property\[/],
    ['state=STARTED', 7, /quotes/],
    ['4=5', 1, /two values/],
    ["name='x", 6, /no closing quote/],
    ["name='x''", 6, /no closing quote/],
    ['(cpu=4', 7, /expected '\)'/],
    ['cpu=4)', 6, /'and', 'or' or the end/],
    ['cpu=4 cpu=5', 7, /'and', 'or' or the end/],
    ['cpu=4 and', 10, /the expression ends/],
    ['', 1, /the expression ends/],
    ['cpu!4', 4, /only in !=/],
    ['cpu==4', 5, /found '='/],
    ['created>2015-02-29', 9, /no date/],
    ['created>2015-06-30T25:00:00Z', 9, /no date/],
    ['created>2015-06-30T00:00:00+15:00', 9, /no date/],
    ['a/b=4', 1, /neither an attribute name/],
    ['cpu=+4', 5, /neither an attribute name|two names/],
  ])('refuses %s with the place', (text, position, words) => {
    const error = refusal(text);
    expect(error.status).toBe(400);
    expect(error.message).toMatch(words);
    expect(error.position).toBe(position);
    expect(error.message).toContain(`$filter, character ${position}`);
  });

  it('bounds length and depth', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}cpu=4${')'.repeat(depth)}`;
    expect(matches(nested(MAX_FILTER_DEPTH))).toBe(true);
    expect(refusal(nested(MAX_FILTER_DEPTH + 1)).message).toMatch(/nested deeper/);
    expect(refusal(`name='${'x'.repeat(MAX_FILTER_LENGTH)}'`).message).toMatch(/at most 8192/);
    expect(refusal(`name='${'x'.repeat(MAX_FILTER_LENGTH)}'`).message.length).toBeLessThan(200);
  });

  it('reads the longest hostile texts quickly', () => {
    const fill = (unit: string): string => unit.repeat(Math.floor(MAX_FILTER_LENGTH / unit.length));
    const started = Date.now();
    for (const unit of ["'", "''", '(', 'a', '1', '2015-06-30 ', '2015-06-30T', 'cpu=1 or ', '<', ' ', '-', "property['"]) {
      expect(() => parseFilter(fill(unit))).toThrow(QueryError);
    }
    expect(Date.now() - started).toBeLessThan(1000);
  });
});
