import { createRequire } from 'node:module';
import { filesIn, textOf } from './files';
import { calledIn, declaredIn, importsOf, roomImports, SOURCES } from './imports';
import { flowArrows, messages, participants, picturesOf } from './mermaid';

const page = textOf('docs/architecture.md');
const rules = createRequire(__filename)('../../.dependency-cruiser.cjs') as {
  forbidden: readonly { name: string; to: { pathNot?: string } }[];
};

describe('the picture of the rooms', () => {
  const imports = roomImports();
  const [picture = ''] = picturesOf(page, 'flowchart');
  const arrows = flowArrows(picture);

  /** Rooms that a room reaches by one import or more. */
  function reached(room: string, seen = new Set<string>()): Set<string> {
    for (const next of imports.get(room) ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        reached(next, seen);
      }
    return seen;
  }

  test('there are no circles', () => {
    expect([...imports.keys()].filter((room) => reached(room).has(room))).toEqual([]);
  });

  test('each room may import just what it imports', () => {
    const allowed = rules.forbidden.flatMap(({ name, to }) => {
      const room = /^room-(\w+)$/.exec(name)?.[1];
      const others = /^\^src\/\(([\w|]+)\)/.exec(to.pathNot ?? '')?.[1]?.split('|') ?? [];
      return room === undefined ? [] : [[room, others.filter((other) => other !== room).sort()] as const];
    });
    const inRooms = [...imports].filter(([room]) => !['drivers', 'gateway', 'main'].includes(room));
    expect(Object.fromEntries(allowed)).toEqual(Object.fromEntries(inRooms.map(([room, to]) => [room, [...to].sort()])));
  });

  test('its arrows are the imports that no longer way makes', () => {
    const direct = [...imports].flatMap(([room, to]) =>
      [...to].filter((next) => ![...to].some((other) => other !== next && reached(other).has(next))).map((next) => `${room} ${next}`),
    );
    expect(arrows.map(({ from, to }) => `${from} ${to}`).sort()).toEqual(direct.sort());
  });

  test('it is drawn whole: each line of it is an arrow', () => {
    expect(arrows).toHaveLength(picture.trim().split('\n').length - 1);
  });

  test('the dotted arrow is the one that is loaded when it is needed', () => {
    const lazy = arrows.filter(({ kind }) => kind === '-.->').map(({ from, to }) => `${from} ${to}`);
    expect(lazy).toEqual(['gateway drivers']);
    expect(textOf('src/gateway.ts')).not.toMatch(/^import .* from '\.\.\/drivers\//m);
  });

  test('the table below it has every room with what it imports', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` +\| [^|]+ \| (.*?) *\|$/gm)].map(([, room = '', list = '']) => [
      room,
      list.split(', ').filter(Boolean),
    ]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries([...imports].map(([room, to]) => [room, [...to].sort()])));
  });
});

describe.each(picturesOf(page, 'sequenceDiagram').map((picture, index) => ({ picture, number: index + 1 })))(
  'way $number',
  ({ picture }) => {
    const modules = new Map([...participants(picture)].map(([name, words]) => [name, `src/${words}`]));
    const arrows = messages(picture);
    const moduleOf = (name: string): string => modules.get(name) ?? '';

    // To Mermaid a semicolon is the end of a line.
    test('each line of it is read as one', () => expect(picture).not.toContain(';'));

    test('each participant is a module, and takes part', () => {
      expect([...modules.values()].filter((path) => !SOURCES.includes(path))).toEqual([]);
      const parts = new Set(arrows.flatMap(({ from, to }) => [from, to]));
      expect([...modules.keys()].sort()).toEqual([...parts].sort());
      expect(arrows.length + modules.size + 1).toBe(picture.trim().split('\n').length);
    });

    const calls = arrows
      .filter(({ kind }) => kind !== '-->>')
      .map(({ from, kind, to, words }) => ({ from, kind, to, name: /^(\w+)\(\)/.exec(words)?.[1] ?? '' }));

    test.each(calls)('$from calls $name() of $to', ({ from, to, name }) => {
      expect(calledIn(moduleOf(from))).toContain(name);
      expect(declaredIn(moduleOf(to))).toContain(name);
    });

    test('a closed arrow is an import, an open one is none', () => {
      const imports = (from: string, to: string) => from === to || importsOf(moduleOf(from)).includes(moduleOf(to));
      expect(calls.filter(({ from, kind, to }) => imports(from, to) !== (kind === '->>'))).toEqual([]);
    });

    test('an answer goes back to who called', () => {
      const answers = arrows.filter(({ kind }) => kind === '-->>');
      const called = new Set(calls.map(({ from, to }) => `${to} ${from}`));
      expect(answers.filter(({ from, to }) => !called.has(`${from} ${to}`))).toEqual([]);
    });
  },
);

test('the drivers are those that come with the gateway', () => {
  const told = [...page.matchAll(/^\| \[(\w+)\]\(\.\.\/drivers\//gm)].map(([, name]) => name);
  expect(told.sort()).toEqual([...new Set(filesIn('drivers').map((path) => path.split('/')[1]))].sort());
});
