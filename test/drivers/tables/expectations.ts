import { imageStates, machineStates, networkPortStates, networkStates, volumeStates } from '../../../src/model/states';

/**
 * Tables of drivers held against expectations that are written from the provider's documentation, apart from the tables: what
 * a page lists is read as expected, what no page lists is unknown, and whatever entry is changed, a check fails.
 */

/** CIMI's states by resource type (5.14.1, 5.16.1, …); `absent` stands for what the provider still shows although it is gone. */
export const STATES: Readonly<Record<string, readonly string[]>> = {
  Machine: machineStates,
  MachineImage: imageStates,
  Volume: volumeStates,
  VolumeImage: imageStates,
  Network: networkStates,
  NetworkPort: networkPortStates,
};

/** Reading of one word of a provider: what it becomes, and the word itself where the table does not know it. */
export interface Reading {
  state: string;
  unmapped?: string | undefined;
}

/** One table of a driver, and what the provider's documentation makes of it. */
export interface Expected {
  /** The table in words, for the name of its test. */
  name: string;
  /** Address of the provider's page that lists the words. */
  source: string;
  /** Reading of a word: a resource type with states, or the values themselves. */
  to: string | readonly string[];
  /** Each word of that page, and what it is to become. */
  words: Readonly<Record<string, string>>;
  /** Words that the provider's own library lists, where it has such a list: each has to be expected. */
  listed?: readonly string[];
  table: Readonly<Record<string, string>>;
  read(word: string): Reading;
  /** Reading of a word that is on no page; default: ERROR, and named. */
  unknown?: (word: string) => Reading;
}

/** Words on no page of any provider. The others are names that every JavaScript object has. */
const UNKNOWN = ['melting', 'constructor', '__proto__'];
const named = (word: string): Reading => ({ state: 'ERROR', unmapped: word });
const targetsOf = ({ to }: Expected): readonly string[] => (typeof to === 'string' ? [...(STATES[to] ?? []), 'absent'] : to);

/** Tells where a table differs from what is expected of it, in words; nothing where it does not. */
export function differences({ words, listed = [], table, read, unknown = named }: Expected): string[] {
  const said = (word: string, { state, unmapped }: Reading) => {
    const seen = read(word);
    const same = seen.state === state && seen.unmapped === unmapped;
    return same ? [] : [`${word} is ${seen.state}${seen.unmapped === undefined ? '' : ' (unknown)'}, not ${state}`];
  };
  return [
    ...Object.entries(words).flatMap(([word, state]) => said(word, { state })),
    ...listed.filter((word) => !Object.hasOwn(words, word)).map((word) => `${word} is listed by the provider and not expected`),
    ...Object.keys(table).flatMap((word) => (Object.hasOwn(words, word) ? [] : [`${word} is in the table and on no page`])),
    ...UNKNOWN.flatMap((word) => said(word, unknown(word))),
  ];
}

/** One change of a table, in words, with the way to make it and to take it back. */
interface Mutation {
  name: string;
  make(): void;
  undo(): void;
}

/** Every entry made another, every entry taken out, and one added for each thing that words become. */
function mutations(expected: Expected): Mutation[] {
  const table = expected.table as Record<string, string>;
  const change = (word: string, to: string | undefined): Mutation => {
    const before = Object.getOwnPropertyDescriptor(table, word);
    return {
      name: `${word} → ${to ?? 'nothing'}`,
      make: () => void (to === undefined ? Reflect.deleteProperty(table, word) : Reflect.set(table, word, to)),
      undo: () => void (before ? Object.defineProperty(table, word, before) : Reflect.deleteProperty(table, word)),
    };
  };
  const targets = targetsOf(expected);
  return [
    ...Object.entries(table).flatMap(([word, is]) => [undefined, ...targets.filter((to) => to !== is)].map((to) => change(word, to))),
    ...targets.map((to) => change('melting', to)),
  ];
}

/** Changes of the table that no check would see, in words. */
export function survivors(expected: Expected): string[] {
  return mutations(expected).flatMap(({ name, make, undo }) => {
    make();
    try {
      return differences(expected).length === 0 ? [name] : [];
    } finally {
      undo();
    }
  });
}

/** Registers the tests of a driver's tables. */
export function tableTests(driver: string, all: readonly Expected[]): void {
  describe.each(all.map((expected) => [expected.name, expected] as const))(`${driver}: %s`, (_name, expected) => {
    test(`is as ${expected.source} has it`, () => expect(differences(expected)).toEqual([]));
    test('knows only what words may become', () => {
      const targets = targetsOf(expected);
      expect(Object.values(expected.words).filter((to) => !targets.includes(to))).toEqual([]);
    });
    test('cannot be changed unseen', () => {
      expect(survivors(expected)).toEqual([]);
      expect(differences(expected)).toEqual([]);
    });
  });
}

/** One list of a driver that holds some of the provider's words, and which of them the provider's documentation puts there. */
export interface ExpectedList {
  name: string;
  source: string;
  /** Each word of that page, and whether the list is to have it. */
  words: Readonly<Record<string, boolean>>;
  listed?: readonly string[];
  list: readonly string[];
}

/** Registers the tests of a driver's lists: a word more, or less, is seen. */
export function listTests(driver: string, all: readonly ExpectedList[]): void {
  test.each(all.map((expected) => [expected.name, expected] as const))(`${driver}: %s`, (_name, { words, listed = [], list }) => {
    expect([...list].sort()).toEqual(
      Object.keys(words)
        .filter((word) => words[word])
        .sort(),
    );
    expect(listed.filter((word) => !Object.hasOwn(words, word))).toEqual([]);
  });
}
