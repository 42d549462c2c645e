import { assert } from './kit/assert';
import type { Content, Part } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import type { Fact } from './kit/facts';
import { freshName, idOf } from './kit/ingredients';
import { isMandatory, type Kind, kindsHere, makeKind, writable } from './kit/kinds';
import { isCollection } from './kit/links';
import { everything } from './kit/population';
import { assertSize } from './kit/size';
import { without } from './kit/source';
import { shortName, type Value } from './kit/value';

const selecting = { capabilities: ['CloudEntryPoint/SelectParameter'] };

/** A value of an attribute that differs from what is there; undefined where none can be made up. */
function another(c: Context, type: string, { name, type: form, values: published }: Fact, value: Value): Part {
  const entry = c.session
    .metadataOf(type)
    ?.list('attributes', 'attribute')
    .find((each) => each.text('name') === name);
  const [range] = entry?.list('ranges', 'range') ?? [];
  const values = entry?.texts('values', 'value') ?? [];
  const known = values.length > 0 ? values : (published ?? []);
  if (name === 'properties') return { changed: 'yes' };
  if (form === 'boolean') return value.text(name) !== 'true';
  if (form === 'integer') return range === undefined ? Number(value.text(name) ?? 1) + 1 : number(range, value.text(name));
  if (form === 'URI' && known.length === 0) return 'http://127.0.0.1/elsewhere';
  if (form !== 'string' && form !== 'URI') return undefined;
  if (known.length > 0) return known.find((each) => each !== value.text(name));
  return freshName('changed');
}

function number(range: Value, now: string | undefined): number {
  const [low, high] = [Number(range.text('low')), Number(range.text('high'))];
  return now === undefined ? low : Math.min(high, Math.max(low, Number(now) + 1));
}

const shown = (value: Value, { name, type }: Fact): string | undefined =>
  type === 'map' ? (value.has(name) ? JSON.stringify(value.map(name)) : undefined) : (value.text(name) ?? value.href(name));

const select = (c: Context, value: Value, type: string, name: string, content: Content) =>
  c.watched(() => c.put(c.offered(value, 'edit'), type, content, { query: { $select: name } }));

/** Attributes with values that a Consumer gave: each that was taken is as it was asked for, or the Job says what it is instead. */
async function givenTo(c: Context, { type }: Kind, uri: string): Promise<Fact[]> {
  const given: Fact[] = [];
  for (const fact of writable(c, type)) {
    const before = await c.read(uri);
    const asked = another(c, type, fact, before);
    if (asked === undefined) continue;
    const answer = await select(c, before, type, fact.name, { [fact.name]: asked });
    const job = await c.job(answer);
    if (answer.status >= 400 || job?.text('state') === 'FAILED') {
      await c.fails(answer);
      continue;
    }
    const after = shown(await c.read(uri), fact);
    const wanted = typeof asked === 'object' ? JSON.stringify(asked) : String(asked);
    if (typeof asked === 'number') assertSize(`${type}.${fact.name}`, Number(after), asked, type === 'Machine' ? job : undefined);
    else assert.equal(after, wanted, `${type}.${fact.name} was answered ${answer.status}, and is not as it was asked for`);
    given.push(fact);
  }
  return given;
}

/** Asserts that attributes of a resource are what they are where nobody gave them. */
async function assertReset(c: Context, uri: string, type: string, facts: Fact[], plain: Value, how: string): Promise<void> {
  const after = await c.read(uri);
  for (const fact of facts)
    assert.equal(shown(after, fact) === undefined || plain.has(fact.name), true, `${type}.${fact.name} is kept by ${how} without it`);
}

/** Sends a full update without some attributes, which are reset by it, or it is refused. @returns whether it was taken. */
async function leaveOut(c: Context, uri: string, type: string, facts: Fact[], plain: Value): Promise<boolean> {
  const { body, text } = await c.get(uri);
  const left = without(text, [...facts.map(({ name }) => name), 'operations'], c.format);
  const answer = await c.watched(() => c.sendText('PUT', c.offered(body, 'edit'), left));
  const failed = answer.status >= 400 || (await c.job(answer))?.text('state') === 'FAILED';
  if (failed) await c.fails(answer);
  else await assertReset(c, uri, type, facts, plain, 'a full update');
  return !failed;
}

/** Makes one of a kind with nothing more than it needs, not even a name; to be read only. */
const plainOf = async (c: Context, kind: Kind): Promise<Value> =>
  c.read(await c.shared(`plain ${kind.type}`, async (s) => idOf(await makeKind(s, kind, { name: undefined }))));

/** Makes one of a kind that these checks change, one after the other, each format its own. */
const victimOf = async (c: Context, kind: Kind): Promise<string> =>
  c.shared(`${kind.type} to change in ${c.format}`, async (s) => idOf(await makeKind(s, kind)));

export const clauses = [
  clause('4.2.1.3.1', 'Partial updates to a Resource', [
    check(
      'of every type: what is taken is done, and what is named and left out is reset, or the update is refused',
      ['R4.2.1.3.1-04', 'R4.2.1.3.1-06', 'R5.4-09'],
      { needs: selecting },
      async (c) => {
        for (const kind of await kindsHere(c)) {
          const plain = await plainOf(c, kind);
          if (c.operation(plain, 'edit') === undefined) continue;
          const uri = await victimOf(c, kind);
          for (const fact of await givenTo(c, kind, uri)) {
            const before = await c.read(uri);
            const answer = await select(c, before, kind.type, fact.name, {});
            const failed = answer.status >= 400 || (await c.job(answer))?.text('state') === 'FAILED';
            if (failed) await c.fails(answer);
            else await assertReset(c, uri, kind.type, [fact], plain, 'a partial update');
            if (isMandatory(kind.type, fact))
              assert.ok((await c.read(uri)).has(fact.name), `${kind.type}.${fact.name} is mandatory and can be removed`);
          }
        }
      },
    ),
  ]),
  clause('4.2.1.3', 'Updating a Resource', [
    check(
      'of every type: what a full update leaves out is reset, or the update is refused',
      ['R5.5-02', 'R4.2.1.3-03'],
      { needs: selecting },
      async (c) => {
        for (const kind of await kindsHere(c)) {
          const plain = await plainOf(c, kind);
          if (c.operation(plain, 'edit') === undefined) continue;
          const uri = await victimOf(c, kind);
          const given = (await givenTo(c, kind, uri)).filter((each) => !isMandatory(kind.type, each));
          // All at once; where that is refused, one after the other.
          if (!(await leaveOut(c, uri, kind.type, given, plain)))
            for (const fact of given) await leaveOut(c, uri, kind.type, [fact], plain);
        }
      },
    ),
    check(
      'of everything that offers edit: what was read can be sent back, and changes nothing',
      ['R4.2.1.3-03', 'R4.2.1.3-04', 'R4.2.1.3-05', 'R4.2-01'],
      {},
      async (c) => {
        const editable = (await everything(c)).filter(({ value }) => !isCollection(value) && c.operation(value, 'edit') !== undefined);
        for (const { uri } of c.some(editable, 'resource that offers edit')) {
          const before = await c.get(uri);
          if (before.status !== 200) continue;
          await c.done(await c.sendText('PUT', c.offered(before.body, 'edit'), before.text));
          const [then, now] = [before, await c.get(uri)].map(({ text }) => without(text, ['updated', 'operations'], c.format));
          assert.equal(now, then, `${shortName(before.body.resourceURI ?? '')} ${uri} is not as it was sent`);
        }
      },
    ),
    check('of every type: a mandatory attribute is never missing', ['R5.4-04', 'R5.4-06'], { needs: selecting }, async (c) => {
      for (const kind of await kindsHere(c)) {
        const value = await c.read(await victimOf(c, kind));
        if (c.operation(value, 'edit') === undefined) continue;
        for (const { name } of writable(c, kind.type).filter((fact) => isMandatory(kind.type, fact))) {
          if (!value.has(name)) continue;
          const text = without((await c.get(idOf(value))).text, [name, 'operations'], c.format);
          for (const query of [{}, { $select: name }]) {
            const body = '$select' in query ? without(text, value.names(), c.format) : text;
            await c.sendText('PUT', c.offered(value, 'edit'), body, { query });
            assert.ok((await c.read(idOf(value))).has(name), `${kind.type}.${name} can be removed`);
          }
          if (kind.wrapper !== kind.type) continue;
          const { [name]: _left, ...content } = await kind.content(c);
          const answer = await c.watched(async () => c.post(await c.addUri(kind.attribute), kind.type, { name: freshName(), ...content }));
          const made = await c.owned(answer);
          if (made === undefined) await c.fails(answer);
          else assert.ok((await c.read(made)).has(name), `a ${kind.type} can be made without ${name}, and has none`);
        }
      }
    }),
  ]),
];
