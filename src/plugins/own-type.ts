import { NO_CLAUSE, type ActionDeclaration, type CapabilityDeclaration, type Collection, type Resource } from '../model/define';
import { missingFrom } from '../model/required';
import type { Value, Values } from '../model/values';
import { Refusal, type ChangePlan, type Found, type PlanContext, type ResourceHandler } from '../operations/resource-handler';
import { subjectOf, type EventSubject } from '../operations/events';
import { planStoredCreate, planStoredRemove, planStoredUpdate, storedHandler, storedOffered } from '../operations/stored';
import type { Teller } from './own-event';
import type { ActionOfType, Performed, ToldEvent, TypeModule } from './type-schema';

type Declared = TypeModule['types'][string];

/** A type of a module, as the catalogue and the protocol know types. */
export interface OwnType {
  resource: Resource;
  collection: Collection;
  handler: ResourceHandler;
}

/**
 * Translates the declaration of a type: its resources are kept by the gateway, in a collection of the entry point, created by their
 * own representation.
 * @param teller makes records of the events that the module's code tells
 */
export function ownType(namespace: string, name: string, declared: Declared, teller: Teller): OwnType {
  const { collection, attributes, capabilities = {}, actions = {} } = declared;
  const inNamespace = { clause: NO_CLAUSE, namespace };
  const list = collectionOf(name);
  const states = statesOf(declared);
  return {
    resource: {
      ...inNamespace,
      name,
      typeURI: `${namespace}/${name}`,
      primary: true,
      attributes,
      operations: ['edit', 'delete'],
      actions: mapped(actions, (action, key) => actionOf(namespace, key, action)),
      capabilities: mapped(capabilities, capabilityOf),
      ...(states.length > 0 ? { states: { states, transitional: [] } } : {}),
      create: { collection: list },
    },
    collection: {
      ...inNamespace,
      name: list,
      typeURI: `${namespace}/${list}`,
      item: name,
      json: collection,
      xml: name,
      entryPoint: collection,
      add: true,
    },
    handler: handlerOf(name, declared, teller),
  };
}

/** Name of the collection type of an own type. */
export const collectionOf = (name: string): string => `${name}Collection`;

/** The values of its attribute `state`, between which its actions lead. */
export function statesOf({ attributes: { state } }: Declared): readonly string[] {
  return state?.kind === 'string' ? (state.values ?? []) : [];
}

function mapped<T, R>(all: Readonly<Record<string, T>>, by: (one: T, name: string) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, by(one, name)]));
}

function actionOf(namespace: string, name: string, { description, from, to, input }: ActionOfType): ActionDeclaration {
  return {
    ...{ kind: 'action', clause: NO_CLAUSE, uri: `${namespace}/action/${name}`, description },
    ...(from ? { from } : {}),
    ...(to === undefined ? {} : { to }),
    ...(input ? { input } : {}),
  };
}

function capabilityOf({ value, description, unit }: NonNullable<Declared['capabilities']>[string]): CapabilityDeclaration {
  const type = Array.isArray(value)
    ? 'string[]'
    : typeof value === 'number'
      ? 'integer'
      : typeof value === 'boolean'
        ? 'boolean'
        : 'string';
  return { type, description, ...(unit === undefined ? {} : { unit }) };
}

function handlerOf(type: string, { attributes, capabilities = {}, actions = {}, tell }: Declared, teller: Teller): ResourceHandler {
  const initial: Values = Object.fromEntries(
    Object.entries(attributes).flatMap(([name, attribute]) => (attribute.initial === undefined ? [] : [[name, attribute.initial]])),
  );
  const stored = storedHandler(type);
  /** Adds the events that the type tells of a change to the plan of it. */
  const told = (plan: ChangePlan, subject: EventSubject, events: () => readonly ToldEvent[] | undefined): ChangePlan =>
    tell ? { ...plan, tells: teller(events(), subject) } : plan;
  return {
    ...stored,
    async create(context, request) {
      const plan = await planStoredCreate(type, context, { ...request, values: { ...initial, ...request.values } });
      const [row] = plan.insert ?? [];
      return row ? told(plan, subjectOf(row), () => tell?.('create', { ...row.values }, {})) : plan;
    },
    async update(context, found, request) {
      const plan = await planStoredUpdate(context, found, request);
      const now = plan.change?.[0]?.change.values ?? found.values;
      return told(plan, { ...found, name: now.name }, () => tell?.('update', { ...now }, { ...found.values }));
    },
    async remove(context, found) {
      const plan = await planStoredRemove(context, found);
      return told(plan, { ...found, name: found.values.name }, () => tell?.('delete', {}, { ...found.values }));
    },
    about: { capabilities: mapped(capabilities, ({ value }) => value) },
    ...(Object.keys(actions).length > 0 ? { act: mapped(actions, (action) => planOf(action, teller)) } : {}),
    offered: (found, catalogue) => {
      const rels = storedOffered(found, catalogue);
      return rels.length === 0 ? [] : [...rels, ...Object.keys(actions).filter((name) => leadsFrom(actions[name], found))];
    },
  };
}

function leadsFrom(action: ActionOfType | undefined, { values }: Found): boolean {
  return action?.from === undefined || action.from.includes(String(values.state));
}

/** Plans what an action changes: nothing at any provider, so that it is done where it is accepted. */
function planOf({ to, input = {}, perform }: ActionOfType, teller: Teller) {
  return async (context: PlanContext, found: Found, parameters: Values): Promise<ChangePlan> => {
    const given = Object.fromEntries(Object.entries(parameters).filter(([name]) => Object.hasOwn(input, name)));
    const missing = missingFrom(input, given);
    if (missing.length > 0) throw new Refusal(400, `${missing.join(', ')}: missing; the action takes it (mandatory, 5.4)`);
    const performed: Performed = perform?.({ ...found.values }, given) ?? { changes: {} };
    if ('refused' in performed) throw new Refusal(409, `${found.path}: ${performed.refused}`, { kind: 'conflict' });
    const changes: [string, Value | undefined][] = Object.entries({ ...performed.changes, ...(to === undefined ? {} : { state: to }) });
    const declared = context.catalogue.resource(found.type).attributes;
    const [unknown] = changes.find(([name]) => !Object.hasOwn(declared, name)) ?? [];
    if (unknown !== undefined) throw new Error(`an action of ${found.type} changes ${unknown}, which the type does not declare`);
    const set = Object.fromEntries(changes.filter((change): change is [string, Value] => change[1] !== null && change[1] !== undefined));
    const tells = teller(performed.events, { ...found, name: found.values.name });
    const plan = await planStoredUpdate(context, found, { set, erase: changes.flatMap(([name, value]) => (value === null ? [name] : [])) });
    return { ...plan, tells };
  };
}
