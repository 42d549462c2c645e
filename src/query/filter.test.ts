import { bounded } from '../../test/harness/wait';
import { array, boolean, bytes, collection, dateTime, duration, integer, map, ref, string, uri, any } from '../model/define';
import type { Values } from '../model/values';
import { QueryError } from './errors';
import { compileFilter, referenceForms } from './filter';
import { MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, type Operator, parseFilter } from './grammar';

const readWrite = { provider: 'mandatory mutable', consumer: 'optional read-write' } as const;
const attributes = {
  id: uri(readWrite),
  name: string(readWrite),
  description: string(readWrite),
  created: dateTime(readWrite),
  labels: { ...map(readWrite), itemName: 'label' },
  properties: map(readWrite),
  key: bytes(readWrite),
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
    ['a date with a plus sign decoded to a blank', 'created>2015-06-30 02:00 and cpu=4'],
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
    ['cpu', '4', [3, 4, 5]],
    ['value', '4', [3, 4, 5]],
    ['created', '2015-06-30T12:00:00Z', ['2015-06-30T11:59:59Z', '2015-06-30T14:00:00+02:00', '2015-06-30T12:00:01Z']],
    ['created', "'2015-06-30T12:00:00Z'", ['2015-06-30', '2015-06-30T12:00:00', '2015-07-01']],
    ['value', '2015-06-30T12:00:00Z', ['2015-06-30T11:59:59Z', '2015-06-30T12:00:00Z', '2015-06-30T12:00:01Z']],
  ])('%s is ordered against %s by every operator, on either side', (name, literal, [less, same, more]) => {
    const holds: Record<Operator, [boolean, boolean, boolean]> = {
      '<': [true, false, false],
      '<=': [true, true, false],
      '=': [false, true, false],
      '>=': [false, true, true],
      '>': [false, false, true],
      '!=': [true, false, true],
    };
    const turned: Record<Operator, Operator> = { '<': '>', '<=': '>=', '=': '=', '>=': '<=', '>': '<', '!=': '!=' };
    for (const [operator, expected] of Object.entries(holds) as [Operator, boolean[]][]) {
      const found = (text: string): boolean[] => [less, same, more].map((value) => matches(text, { [name]: value } as Values));
      expect([operator, found(`${name}${operator}${literal}`)]).toEqual([operator, expected]);
      expect([operator, found(`${literal}${turned[operator]}${name}`)]).toEqual([operator, expected]);
    }
  });

  it.each([
    ['name', "'a'", 'a', 'b'],
    ['key', "'0aff'", '0aff', '0afe'],
    ['bootable', 'true', true, false],
    ['bootable', 'false', false, true],
    ['timeout', "'PT60S'", 'PT1M', 'PT1S'],
    ['id', "'machines/1'", 'https://cloud.example/cimi/machines/1', 'machines/2'],
    ['image', "'machineImages/1'", { href: 'machineImages/1' }, { href: 'machineImages/2' }],
    ['disks', "'/cimi/machines/1/disks'", { href: 'machines/1/disks' }, { href: 'machines/2/disks' }],
    ['value', "'a'", 'a', 'b'],
    ['value', 'true', true, false],
  ])('%s is the same as %s, or another', (name, literal, same, other) => {
    const found = (text: string): boolean[] => [same, other].map((value) => matches(text, { [name]: value } as Values));
    expect(found(`${name}=${literal}`)).toEqual([true, false]);
    expect(found(`${name}!=${literal}`)).toEqual([false, true]);
  });

  it('a property is the same, or another, or not there', () => {
    const items: Values[] = [{ a: 'x' }, { a: 'y' }, { b: 'x' }, { a: undefined }].map((properties) => ({
      properties,
      labels: { a: 'x' },
    }));
    expect(items.map((item) => matches("property['a']='x'", item))).toEqual([true, false, false, false]);
    expect(items.map((item) => matches("property['a']!='x'", item))).toEqual([false, true, false, false]);
    for (const properties of [null, undefined, ['x'], 'x']) expect(matches("property['a']!='y'", { properties })).toBe(false);
    const without = { name: string(readWrite) };
    expect(compileFilter(parseFilter("property['a']!='y'"), without, { base })({ properties: { a: 'x' } })).toBe(false);
  });

  it('and needs both, or one of them', () => {
    const found = (word: string): boolean[] =>
      [1, 2].flatMap((cpu) => ['a', 'b'].map((name) => matches(`cpu=1 ${word} name='a'`, { cpu, name })));
    expect(found('and')).toEqual([true, false, false, false]);
    expect(found('or')).toEqual([true, true, true, false]);
  });

  it.each([
    ['cpu!=1', { cpu: '2' }],
    ['created!=2015-06-30', { created: ['2014-06-30'] }],
    ['bootable!=true', { bootable: 'false' }],
    ["timeout!='PT1S'", { timeout: ['PT2S'] }],
    ["image!='a'", { image: null }],
    ["image!='a'", { image: { href: 1 } }],
    ["image!='a'", { image: ['b'] }],
    ['value!=2015-06-30', { value: ['2014-06-30'] }],
    ["value!='a'", { value: 1 }],
    ['value!=true', { value: 'x' }],
  ])('%s does not match a value of another type than is declared', (text, values) => {
    expect(matches(text, values as Values)).toBe(false);
  });

  it('every form in which a filter may name a reference', () => {
    const forms = ['machines/1', 'https://cloud.example/cimi/machines/1', '/cimi/machines/1'];
    for (const form of forms) expect(referenceForms(form, base)).toEqual(forms);
    expect(referenceForms('machines/1', '/cimi/')).toEqual(['machines/1', '/cimi/machines/1']);
    // At the host's root every path is below the entry point.
    expect(referenceForms('machines/1', 'https://cloud.example/')).toEqual([
      'machines/1',
      'https://cloud.example/machines/1',
      '/machines/1',
    ]);
    for (const form of referenceForms('x', base)) expect(matches(`id='${form}'`, { id: 'x' })).toBe(true);
  });

  it('a tree is as flat as its text', () => {
    const literal = { kind: 'integer', value: 4, text: '4' };
    const comparison = { kind: 'comparison', attribute: 'cpu', operator: '=', literal, position: 1 };
    expect(parseFilter('cpu=4')).toEqual(comparison);
    expect(parseFilter('(cpu=4)')).toEqual({ ...comparison, position: 2 });
    expect(parseFilter('cpu=4 and cpu=4')).toEqual({ kind: 'and', terms: [comparison, { ...comparison, position: 11 }] });
    expect(parseFilter('cpu=4 or cpu=4')).toEqual({ kind: 'or', terms: [comparison, { ...comparison, position: 10 }] });
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
    ["name<'x'", 1, /can't be ordered: text is compared by = or !=/],
    ['cpu=4 and bootable>true', 11, /can't be ordered: true and false is compared by = or !=/],
    ["value<'x'", 1, /can't be ordered: text is compared by = or !=/],
    ['value>=true', 1, /can't be ordered: true and false is compared by = or !=/],
    ['=4', 1, /found '=', expected an attribute, a value or an opening parenthesis/],
    ['cpu=)', 5, /found '\)', expected an attribute or a value after the operator/],
    ['cpu=(', 5, /found '\(', expected an attribute or a value after the operator/],
    ["property[a]='b'", 10, /found "a", expected the key of a property in quotes/],
    ["property['a'", 13, /the expression ends, expected '\]'/],
    ["'x'['a']='b'", 4, /found '\[', expected one of < <= = >= > !=/],
    ['cpu 4', 5, /found "4", expected one of < <= = >= > !=/],
    ['cpu', 4, /the expression ends, expected one of/],
    ["x2015-06='a'", 1, /neither an attribute name/],
    ["property['a']<='b'", 14, /properties are text and are compared by = or !=, not by <=/],
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
    expect(matches(`cpu=4${' '.repeat(MAX_FILTER_LENGTH - 5)}`)).toBe(true);
    expect(refusal(`cpu=4${' '.repeat(MAX_FILTER_LENGTH - 4)}`).message).toMatch(/has 8193 characters; at most 8192 are allowed/);
    expect(refusal(nested(MAX_FILTER_DEPTH + 1)).message).toMatch(/nested deeper/);
    expect(refusal(`name='${'x'.repeat(MAX_FILTER_LENGTH)}'`).message).toMatch(/at most 8192/);
    expect(refusal(`name='${'x'.repeat(MAX_FILTER_LENGTH)}'`).message.length).toBeLessThan(200);
  });

  it('reads the longest hostile texts in time that goes with their length', () => {
    const fill = (unit: string): string => unit.repeat(Math.floor(MAX_FILTER_LENGTH / unit.length));
    for (const unit of ["'", "''", '(', 'a', '1', '2015-06-30 ', '2015-06-30T', 'cpu=1 or ', '<', ' ', '-', "property['"]) {
      expect(() => bounded(() => parseFilter(fill(unit)))).toThrow(QueryError);
    }
  });
});
