import * as fc from 'fast-check';
import { createCatalogue, standardCatalogue } from '../model/catalogue';
import { integer, resource } from '../model/define';
import { CADF_EVENT } from '../model/event-types';
import { describeType } from '../model/describe';
import { isTaken } from '../model/openapi-attributes';
import { PLAIN_TEXT, turning } from '../model/shown';
import { standardCollections, standardResources } from '../model/standard';
import type { Values } from '../model/values';
import type { MemberPlan } from './plan';
import { codecPlanOf } from './planner';

/** Constraints that readers hold requests to are those of ResourceMetadata: missing value constraints mean none (5.11). */
const catalogue = standardCatalogue();
const plan = codecPlanOf(catalogue);

/** Tells what the reader of an attribute enforces, in the form of 5.11.1; of one that says what another holds, what it may say. */
function enforced({ name, node, attribute }: MemberPlan, members: readonly MemberPlan[]): Values {
  for (const { node: other } of members)
    if (other.kind === 'any' && other.typed?.sibling === name) return { values: [...other.typed.nodes.keys(), CADF_EVENT] };
  if (node.kind !== 'scalar') return {};
  const { values, minimum, maximum, plain } = node;
  const bounded = minimum !== undefined || maximum !== undefined;
  const range = { low: minimum ?? Number.MIN_SAFE_INTEGER, high: maximum ?? Number.MAX_SAFE_INTEGER };
  return {
    ...(values ? { values: [...values] } : {}),
    ...(bounded ? { ranges: [range] } : {}),
    ...(plain && isTaken(attribute) ? { pattern: PLAIN_TEXT } : {}),
  };
}

test.each(catalogue.resources.map(({ name }) => name))('%s: each value space that is enforced is told, and no other (5.11.1)', (type) => {
  const told = new Map((describeType(catalogue, type, {}).attributes as readonly Values[]).map((entry) => [entry.name, entry]));
  const members = [...(plan.resources.get(type)?.members ?? [])].filter(({ name }) => told.has(name));
  expect(members.length).toBeGreaterThan(0);
  for (const member of members) {
    const { values, ranges, pattern } = told.get(member.name) ?? {};
    const constraints = JSON.parse(JSON.stringify({ values, ranges, pattern })) as Values;
    expect([member.name, constraints]).toEqual([member.name, enforced(member, members)]);
  }
});

test('a bound on one side only is told as a range to the end of what an integer can be', () => {
  const options = { provider: 'optional mutable', consumer: 'optional read-write' } as const;
  const attributes = { least: integer({ ...options, minimum: 1 }), most: integer({ ...options, maximum: 9 }) };
  const toy = resource('Toy', { clause: 'test', primary: true, attributes, operations: [] });
  const described = describeType(createCatalogue([...standardResources, toy], standardCollections), 'Toy', {});
  expect(described.attributes).toEqual(
    expect.arrayContaining([
      { name: 'least', ranges: [{ low: 1, high: Number.MAX_SAFE_INTEGER }] },
      { name: 'most', ranges: [{ low: Number.MIN_SAFE_INTEGER, high: 9 }] },
    ]),
  );
});

test('the pattern that is told takes the names that are taken', () => {
  const pattern = new RegExp(PLAIN_TEXT, 'u');
  for (const refused of ['\u0000', 'a\u202eb', 'x\u007f']) expect(pattern.test(refused)).toBe(false);
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => pattern.test(text) === (turning(text) === undefined)));
});
