import { assert } from './kit/assert';
import type { Content, Part } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import type { Fact } from './kit/facts';
import { freshName, idOf } from './kit/ingredients';
import { type Kind, kindsHere, makeKind, readOnly } from './kit/kinds';
import { inlined } from './kit/source';
import { textOf, type Value } from './kit/value';
import type { Answer } from './kit/wire';

const described = (): Content => ({ description: 'of the template', properties: { from: 'template', Owner: 'conformance' } });

/** A kind of template and what is made of it: `machineTemplates` and `machines`. */
interface Pair {
  template: Kind;
  of: Kind;
  /** `machineTemplate` */
  member: string;
}

/** Templates that can be made here, with what is made of them. @throws Skip where there are none. */
async function pairs(c: Context): Promise<Pair[]> {
  const kinds = await kindsHere(c);
  const found = kinds.flatMap((template) => {
    const of = kinds.find(({ type }) => `${type}Template` === template.type);
    const member = template.type.charAt(0).toLowerCase() + template.type.slice(1);
    return of === undefined ? [] : [{ template, of, member }];
  });
  return found.length > 0 ? found : c.skip('no Template can be made here');
}

/** Sends a create as text. @returns what came of it, to be deleted with the check. */
async function createdBy(c: Context, { of }: Pair, text: string): Promise<Value> {
  const answer: Answer = await c.sendText('POST', await c.addUri(of.attribute), text);
  const uri = (await c.owned(answer)) ?? '';
  await c.done(answer);
  return c.read(uri);
}

/** A value that a read-only attribute certainly does not have. */
function wrong({ type, name }: Fact, other: string): Part {
  if (type === 'ref') return { href: other };
  if (type === 'dateTime') return '2001-01-01T00:00:00Z';
  if (type === 'URI') return `${other}x`;
  if (type === 'integer') return 4711;
  return type === 'string' ? (WORDS[name] ?? 'of a Consumer') : undefined;
}
const WORDS: Readonly<Record<string, string>> = { state: 'ERROR', type: 'PARTIAL_SNAPSHOT', cpuArch: 'SPARC', allocation: 'dynamic' };

export const clauses = [
  clause('4.2.1.1', 'Creating a new Resource', [
    check(
      'every Template that was read can be sent by value, with its name, description and properties',
      ['R4.2.1.1-07', 'R4.2.1.1-26', 'R5.4-11'],
      {},
      async (c) => {
        for (const pair of await pairs(c)) {
          if (!c.can(`${pair.of.type}/${pair.template.type}ByValue`)) continue;
          const uri = await usable(c, pair);
          const { text } = await c.get(uri);
          const name = freshName('inline');
          const made = await createdBy(c, pair, inlined(text, pair.of.wrapper, pair.member, name, c.format));
          assert.deepEqual([made.text('name'), made.text('id') === uri], [name, false], pair.template.type);
        }
      },
    ),
    check(
      'every attribute that a Template has can be overridden beside the reference to it, name, description and properties too',
      ['R4.2.1.1-17', 'R4.2.1.1-19', 'R4.2.1.1-20'],
      {},
      async (c) => {
        for (const pair of await pairs(c)) {
          const uri = await usable(c, pair);
          const { text } = await c.get(uri);
          const name = freshName('overridden');
          const made = await createdBy(c, pair, inlined(text, pair.of.wrapper, pair.member, name, c.format, uri));
          assert.equal(made.text('name'), name, pair.template.type);
          assert.equal((await c.get(uri)).text, text, `${pair.template.type} is as it was`);
        }
      },
    ),
    check(
      'of every type: what a Consumer may only read is ignored in a create, whatever it says',
      ['R5.4-11', 'R5.4-07', 'R5.10.1-06'],
      {},
      async (c) => {
        for (const kind of await kindsHere(c)) {
          const given = readOnly(kind.type)
            .filter(({ name }) => name !== 'allocation')
            .flatMap((fact): [Fact, Part][] => {
              const value = wrong(fact, c.session.url);
              return value === undefined ? [] : [[fact, value]];
            });
          const common = ['id', 'created', 'updated'];
          const part = (...names: string[]): Content =>
            Object.fromEntries(given.filter(([{ name }]) => names.includes(name)).map(([{ name }, value]) => [name, value]));
          const own = kind.wrapper === kind.type ? part(...given.map(([{ name }]) => name).filter((name) => !common.includes(name))) : {};
          const content = { ...part('id'), name: freshName('ignoring'), ...part('created', 'updated'), ...own, ...(await kind.content(c)) };
          const made = await c.create(kind.attribute, kind.wrapper, content);
          assert.notEqual(textOf(made, 'id'), `${c.session.url}x`);
          for (const [{ name }, value] of given) {
            const asked = typeof value === 'object' ? c.session.url : String(value);
            if (name !== 'id') assert.notEqual(made.text(name) ?? made.href(name), asked, `${kind.type}.${name} is read-only`);
          }
        }
      },
    ),
    check('the answer to a create shows what is made, not its Job', ['R4.2.1.1-28', 'R4.2.1.7-05'], {}, async (c) => {
      for (const kind of await kindsHere(c)) {
        const content = { name: freshName('answered'), ...(await kind.content(c)) };
        const answer = await c.post(await c.addUri(kind.attribute), kind.wrapper, content);
        const uri = await c.owned(answer);
        await c.done(answer);
        if (answer.empty) continue;
        const { resourceURI } = answer.body;
        assert.equal(resourceURI, `http://schemas.dmtf.org/cimi/1/${kind.type}`, `the body of ${answer.said()}`);
        assert.deepEqual([idOf(answer.body), answer.location], [uri, uri]);
      }
    }),
  ]),
];

/** A Template with name, description and properties, of which something can be made. */
async function usable(c: Context, { template, of, member }: Pair): Promise<string> {
  const content = (await of.content(c))[member] as Content;
  const { href: _href, ...byValue } = content;
  return idOf(await makeKind(c, { ...template, content: () => Promise.resolve(byValue) }, described()));
}
