/** Change to a right answer: one member of it is not as it should be. */
export interface Mutation {
  /** Place and kind of the change. */
  name: string;
  text: string;
  /** The member belongs to a thing, and not to what is around things. */
  inThing: boolean;
}

/** Every mutation of an answer: each member removed, null, empty and of another type; none of what is neither JSON nor XML. */
export function mutationsOf(text: string): Mutation[] {
  if (/^\s*[{[]/.test(text)) return ofJson(JSON.parse(text) as unknown);
  return /^\s*</.test(text) && !/^\s*<(!doctype|html)/i.test(text) ? ofXml(text) : [];
}

type Path = readonly (string | number)[];

function ofJson(root: unknown): Mutation[] {
  return membersOf(root, []).flatMap((path) => {
    const found = valueAt(root, path);
    const others: readonly (readonly [string, unknown])[] = [
      ['removed', undefined],
      ['null', null],
      ['empty', Array.isArray(found) ? [] : typeof found === 'object' ? {} : ''],
      ['of another type', typeof found === 'string' ? 42 : Array.isArray(found) ? { strange: true } : 'strange'],
    ];
    return others.map(([how, value]) => ({
      name: `${path.join('.')} ${how}`,
      text: JSON.stringify(withValue(root, path, value)),
      // A thing that is asked for alone and has no id is not the one that was asked for.
      inThing: path.length > 2 || (path.length === 2 && typeof path[1] === 'string' && path[1] !== 'id'),
    }));
  });
}

/** Lists the members of a value; of lists those of the first two things: the others are like them. */
function membersOf(value: unknown, path: Path): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Array.isArray(value)
    ? value.slice(0, 2).map((one: unknown, index) => [index, one] as const)
    : Object.entries(value as Record<string, unknown>);
  return inner.flatMap(([name, one]) => [...(typeof name === 'number' ? [] : [[...path, name]]), ...membersOf(one, [...path, name])]);
}

const valueAt = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, name) => (at as Record<string | number, unknown>)[name], root);

function withValue(root: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value;
  if (Array.isArray(root)) return root.map((one: unknown, index) => (index === name ? withValue(one, rest, value) : one));
  const all = root as Record<string, unknown>;
  return { ...all, [name]: withValue(all[String(name)], rest, value) };
}

interface Element {
  path: string;
  from: number;
  inner: number;
  end: number;
  to: number;
}

function ofXml(text: string): Mutation[] {
  return elementsOf(text).flatMap(({ path, from, inner, end, to }) => {
    const inThing = /\/(item|objects)\/./.test(path);
    const change = (how: string, by: string, at = from, until = to) => ({
      name: `${path} ${how}`,
      text: text.slice(0, at) + by + text.slice(until),
      inThing,
    });
    const strange = text.slice(inner, end).includes('<') ? 'strange' : '<strange>true</strange>';
    return [change('removed', ''), change('empty', '', inner, end), change('of another type', strange, inner, end)];
  });
}

/** Elements below the root; of those that repeat in one place the first two. */
function elementsOf(text: string): Element[] {
  const found: Element[] = [];
  const open: { path: string; from: number; inner: number; seen: Map<string, number>; skipped: boolean }[] = [];
  for (const { 0: tag, 1: slash, 2: name = '', 3: closed, index } of text.matchAll(/<(\/?)([A-Za-z][\w:.-]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (slash === '/') {
      const top = open.pop();
      if (top && !top.skipped && open.length > 1)
        found.push({ path: top.path, from: top.from, inner: top.inner, end: index, to: index + tag.length });
    } else if (closed !== '/') {
      const parent = open.at(-1);
      const count = (parent?.seen.get(name) ?? 0) + 1;
      parent?.seen.set(name, count);
      const skipped = parent?.skipped === true || count > 2;
      open.push({ path: `${parent?.path ?? ''}/${name}`, from: index, inner: index + tag.length, seen: new Map(), skipped });
    }
  }
  return found;
}
