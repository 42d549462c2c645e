import { standardCatalogue } from '../../src/model/catalogue';
import { commonAttributes } from '../../src/model/common';
import { CIMI, EXTENSION } from '../../src/model/define';
import type { ActionDeclaration, Attribute, Attributes } from '../../src/model/define';
import { fromDeclarations, fromFact } from './comparable';
import type { Fact } from './comparable';
import facts from './facts.json';
import { ACCEPTED, OPERATIONS, read, SAME_ATTRIBUTES, XML_ORDER } from './readings';

const catalogue = standardCatalogue();
const sorted = (names: Iterable<string>) => [...names].sort();
/** URIs of actions, without those that are announced as extensions of our own. */
const uris = (actions: Readonly<Record<string, ActionDeclaration>> | undefined) =>
  Object.values(actions ?? {}).flatMap(({ uri }) => (uri.startsWith(`${EXTENSION}/`) ? [] : [uri]));

test('the resource types are those of the standard, no more and no less', () => {
  expect(sorted(catalogue.resources.map(({ name }) => name))).toEqual(sorted(facts.types.map(({ name }) => name)));
});

describe.each(facts.types)('$name', (fact) => {
  const declared = catalogue.resource(fact.name);

  test('has the published attributes, in order, with their types and constraints', () => {
    const source = facts.types.find(({ name }) => name === (SAME_ATTRIBUTES[fact.name] ?? fact.name)) ?? fact;
    expect(fromDeclarations(catalogue, declared.attributes)).toEqual(read(fact.name, (source.attributes as Fact[]).map(fromFact)));
  });

  test('has the published identity and operations', () => {
    expect(declared).toMatchObject({ typeURI: fact.typeURI, clause: fact.clause, primary: fact.primary });
    expect(declared.table ?? null).toBe(fact.table);
    expect(declared.common ?? true).toBe(fact.commonAttributes);
    expect(declared.xmlOrder).toEqual(fact.name in XML_ORDER ? XML_ORDER[fact.name] : (fact as { xmlOrder?: string[] }).xmlOrder);
    expect([...declared.operations, ...uris(declared.actions)]).toEqual(OPERATIONS[fact.name] ?? fact.operations);
  });

  test('is created where the standard says', () => {
    expect(declared.create && { template: null, ...declared.create }).toEqual(fact.create ?? undefined);
  });
});

/** Paths of attributes with a flag, at any depth. */
function flagged(attributes: Attributes, at: string, flag: 'onCreate' | 'onUpdate'): string[] {
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    const inner = attribute.kind === 'array' ? attribute.item : attribute;
    const below = inner.kind === 'struct' ? flagged(inner.fields, `${at}.${name}`, flag) : [];
    return attribute[flag] ? [`${at}.${name}`, ...below] : below;
  });
}

test.each(['onCreate', 'onUpdate'] as const)('read-only attributes are accepted (%s) where a decision says so and nowhere else', (flag) => {
  const declared = catalogue.resources.flatMap(({ name, attributes }) => flagged(attributes, name, flag));
  expect(sorted(declared)).toEqual(sorted(ACCEPTED[flag]));
});

test.each([true, false])('common attributes, primary %p', (primary) => {
  const published = (facts.commonAttributes as Fact[]).map((fact) => ({
    ...fact,
    provider: primary ? fact.provider : (fact.providerSecondary ?? fact.provider),
  }));
  expect(fromDeclarations(catalogue, commonAttributes(primary))).toEqual(published.map(fromFact));
});

test('the collections are those of the standard, no more and no less', () => {
  const declared = catalogue.collections.map((collection) => ({
    name: collection.name,
    typeURI: collection.typeURI,
    clause: collection.clause,
    itemType: collection.item,
    jsonGroupName: collection.json,
    xmlItemName: collection.xml,
    operations: [...(collection.add ? ['add'] : []), ...uris(collection.actions)],
    cepAttribute: collection.entryPoint ?? null,
    owner: collection.owner ?? null,
    ownerAttribute: collection.ownerAttribute ?? null,
    addRequires: collection.addRequires ?? null,
  }));
  const order = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  expect(declared.sort(order)).toEqual([...facts.collections].sort(order));
});

describe.each(facts.actions)('$uri on $on', (fact) => {
  const onCollection = catalogue.hasCollection(fact.on);
  const declared = onCollection ? catalogue.collectionAction(fact.on, fact.uri) : catalogue.action(fact.on, fact.uri);

  test('is declared with kind, clause, states', () => {
    expect(declared).toMatchObject({ uri: fact.uri, clause: fact.clause, kind: fact.kind === 'action' ? 'action' : 'link' });
    expect(declared?.performedOn ?? null).toBe((fact as { performedOn?: string }).performedOn ?? null);
    if (fact.transitional) expect(declared?.via).toEqual(fact.transitional.split(','));
    if (fact.final) expect(declared?.to).toBe(fact.final.startsWith('state recorded') ? undefined : fact.final);
    const stated = (fact as { fromStated?: string[] }).fromStated ?? [];
    expect([...(declared?.from ?? stated)]).toEqual(expect.arrayContaining(stated));
  });

  test('takes the published parameters', () => {
    const extra = fact.on === 'System' && /stop|restart/.test(fact.uri) ? [{ name: 'force', kind: 'boolean', required: false }] : []; // D084
    const published = [
      ...extra,
      // The image of restore is a reference, published as a URI with a type (D083).
      ...fact.input.map((parameter) => ({
        name: parameter.name,
        kind: 'refType' in parameter ? 'ref' : parameter.type.toLowerCase(),
        required: parameter.required,
      })),
    ];
    const parameters = Object.entries<Attribute>(declared?.input ?? {}).map(([name, attribute]) => ({
      name,
      kind: attribute.kind,
      required: attribute.consumer.startsWith('mandatory'),
    }));
    expect(parameters).toEqual(published);
  });
});

test('no action is invented', () => {
  const declared = [...catalogue.resources, ...catalogue.collections].flatMap(({ name, actions }) =>
    uris(actions).map((uri) => `${name} ${uri}`),
  );
  expect(sorted(declared)).toEqual(sorted(facts.actions.map(({ on, uri }) => `${on} ${uri}`)));
});

describe('capabilities', () => {
  const declared = catalogue.resources.flatMap(({ name, capabilities }) =>
    Object.entries(capabilities ?? {}).map(([capability, details]) => ({ resource: name, name: capability, ...details })),
  );

  test('are those of Table 7', () => {
    const named = declared.map(({ resource, name }) => `${CIMI}/capability/${resource}/${name}`);
    expect(sorted(named)).toEqual(sorted(facts.capabilities.map(({ uri }) => uri)));
  });

  test.each(facts.capabilities)('$resource/$name', (fact) => {
    const found = declared.find(({ resource, name }) => resource === fact.resource && name === fact.name);
    // toMatchObject: values and implications are ours to add (stable states; D052).
    expect(found).toMatchObject(Object.fromEntries(Object.entries(fact).filter(([key]) => key !== 'uri')));
    expect(found?.description).toMatch(/^\S.+\.$/);
  });
});

describe.each(Object.entries(facts.stateMachines).filter(([type]) => type !== 'MachineNetworkInterface'))('states of %s', (type, fact) => {
  const states = catalogue.resource(type).states;

  test('are the published ones', () => {
    expect(states).toEqual({
      states: fact.states,
      transitional: fact.transitional,
      ...(fact.initialDefault === null ? {} : { initial: fact.initialDefault }),
    });
  });

  test('an action that can start from a state can start from all published ones', () => {
    for (const transition of fact.transitions) {
      const action = catalogue.action(type, transition.op);
      const from = (transition.from ?? []).filter((state) => fact.states.includes(state));
      if (action) expect([...(action.from ?? [])]).toEqual(expect.arrayContaining(from));
    }
  });
});

test('types without a published state machine declare none', () => {
  const declared = catalogue.resources.filter(({ states }) => states).map(({ name }) => name);
  expect(sorted([...declared, 'MachineNetworkInterface'])).toEqual(sorted(Object.keys(facts.stateMachines)));
});
