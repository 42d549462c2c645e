import type { Catalogue } from '../model/catalogue';
import { giveWay, overdue } from '../model/turns';
import type { Values } from '../model/values';
import {
  Refusal,
  type CreateRequest,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
} from '../operations/resource-handler';
import { asRef, mergeTemplate } from '../operations/template-merge';
import { placedBy } from '../operations/placement';
import { joined } from '../operations/stored';
import { keptOfTemplate, pathToBe } from '../operations/create-plan';
import type { Hold, NewResourceRow, ResourcePath } from '../store/store';
import { componentsOf, type Component } from './descriptors';
import { createSystem, LEVELS, type CreateSystemInput } from './create';
import { kindsOf, SYSTEM } from './component-kinds';
import { associationRow, draftOf, type Draft } from './members';
import { shown } from '../model/shown';
import { steadyTime } from '../model/steady-time';

/** A component with its handler's plan. */
interface Planned {
  plan: ChangePlan;
  row: NewResourceRow;
  /** 0 where it needs nothing that is still to be made. */
  level: number;
  /** Text that stands in a request to the provider in place of its key. */
  placeholder: string;
  label: string;
}

/**
 * The create of a System (5.13.2.1): everything that it consists of, planned before anything is made. The plan takes the path where the
 * System is to be, if its row is there already.
 */
export function planSystem(handlers: ReadonlyMap<string, ResourceHandler>) {
  return async (context: PlanContext, request: CreateRequest, to?: ResourcePath): Promise<ChangePlan> => {
    const { template, values, collection } = request;
    const { path } = to === undefined ? pathToBe(context, context.catalogue.pathOf(SYSTEM) ?? '') : { path: to };
    const components = componentsOf(context.catalogue, template.componentDescriptors);
    const planned = await new Planner(handlers, context, request, components).all();
    const { cloud: _cloud, ...given } = values;
    const naming = { ...keptOfTemplate(context.catalogue, SYSTEM, template), ...given };
    return put(context.catalogue, { path, tenant: context.principal.tenant, collection, naming, planned });
  };
}

/** Plans components in whatever order their references ask for. */
class Planner {
  private readonly plans = new Map<Component, Promise<Planned>>();
  private readonly byName: ReadonlyMap<string, Component>;
  private readonly waits = new Map<Component, Set<Component>>();
  private readonly told = new WeakSet<Error>();
  private readonly shared: PlanContext;

  constructor(
    private readonly handlers: ReadonlyMap<string, ResourceHandler>,
    context: PlanContext,
    private readonly request: CreateRequest,
    private readonly components: readonly Component[],
  ) {
    this.shared = remembering(context);
    this.byName = new Map(
      components.flatMap((one) => (one.values.name === undefined ? [] : [[`${one.kind.type} ${String(one.values.name)}`, one] as const])),
    );
  }

  async all(): Promise<Planned[]> {
    const all: Planned[] = [];
    for (const component of this.components) {
      if (overdue()) await giveWay(this.shared.principal.tenant);
      all.push(await this.plan(component));
    }
    return all;
  }

  private plan(component: Component): Promise<Planned> {
    const known = this.plans.get(component);
    if (known) return known;
    const planning = this.planNow(component).catch((error: unknown) => {
      if (!(error instanceof Refusal) || this.told.has(error)) throw error;
      const { at } = error.details;
      const named = new Refusal(error.status, error.reason, {
        ...error.details,
        at: at === undefined ? component.at : `${component.at}.${at}`,
      });
      this.told.add(named);
      throw named;
    });
    this.plans.set(component, planning);
    return planning;
  }

  private async planNow(component: Component): Promise<Planned> {
    const { kind, values } = component;
    const { catalogue } = this.shared;
    const handler = this.handlers.get(kind.type);
    if (!handler?.create)
      throw new Refusal(400, `no component of type ${kind.type} can be created by this gateway`, { kind: 'unsupported' });
    const needs: Planned[] = [];
    const context: PlanContext = {
      ...this.shared,
      resolve: async (href, type, at, options) => {
        if (!href.startsWith('#')) return this.shared.resolve(href, type, at, options);
        const planned = await this.referred(component, href, type, at);
        needs.push(planned);
        return this.toCome(planned);
      },
    };
    const template = await this.templateOf(context, component);
    const plan = await handler.create(context, {
      values: this.placed(component, template),
      template,
      collection: catalogue.pathOf(kind.type) ?? '',
    });
    if (plan.generate)
      throw new Refusal(
        400,
        `a ${kind.type} whose ${plan.generate.brings.join(', ')} would be generated cannot be part of a System, whose answer has no place for it: give it by value`,
      );
    const row = plan.insert?.find((one) => one.path === plan.location);
    if (!row) throw new Error(`the plan of a ${kind.type} has no row`);
    const level = Math.max(0, ...needs.map((other) => other.level + (other.plan.work ? 1 : 0)));
    if (level >= LEVELS)
      throw new Refusal(400, `components that need one another are chained ${level + 1} deep; at most ${LEVELS} are possible`);
    const keys = Object.fromEntries(needs.map((other) => [other.placeholder, other.row.path]));
    const keyed: ChangePlan =
      plan.work && needs.length > 0 ? { ...plan, work: { ...plan.work, input: { ...plan.work.input, keys } } } : plan;
    const name = values.name === undefined ? row.path : `'${String(values.name)}' (${row.path})`;
    return { plan: keyed, row, level, placeholder: `key-to-come:${context.newId()}`, label: `${kind.type} ${name}` };
  }

  /** Instance attributes with the cloud that the component's template or the request names. @throws Refusal 400 where they name two */
  private placed({ values }: Component, template: Values): Values {
    const { cloud } = this.request.values;
    return placedBy(template, cloud === undefined ? values : { ...values, cloud });
  }

  /** Template attributes with those of the descriptor laid over them; component references stay. */
  private async templateOf(context: PlanContext, { kind, template }: Component): Promise<Values> {
    const type = context.catalogue.resource(kind.type).create?.template ?? '';
    const ref = asRef(template);
    if (ref?.href === undefined) return mergeTemplate({}, ref ?? {});
    return mergeTemplate((await this.shared.resolve(ref.href, type, context.catalogue.templateAttribute(kind.type) ?? '')).values, ref);
  }

  private async referred(from: Component, href: string, type: string, at: string): Promise<Planned> {
    const to = this.byName.get(`${type} ${nameIn(href)}`);
    if (!to) throw new Refusal(400, `no component of type ${type} is named '${shown(nameIn(href))}'`, { at });
    const circle = this.way(to, from);
    if (circle) {
      const names = [from, ...circle].map((one) => `#${String(one.values.name ?? one.at)}`);
      throw new Refusal(400, `components refer to each other in a circle: ${names.map((name) => shown(name)).join(' -> ')}`, { at });
    }
    this.waits.set(from, (this.waits.get(from) ?? new Set()).add(to));
    return this.plan(to);
  }

  /** Returns the way by which one component comes to need another, by the references found so far. */
  private way(from: Component, to: Component): Component[] | undefined {
    if (from === to) return [from];
    for (const next of this.waits.get(from) ?? []) {
      const rest = this.way(next, to);
      if (rest) return [from, ...rest];
    }
    return undefined;
  }

  /** A component as it will be when those that need it are made. */
  private toCome({ plan, row, placeholder }: Planned): Found {
    const values = joined(row.values, row.secrets);
    return {
      path: row.path,
      type: row.type,
      tenant: row.tenant,
      cloud: row.cloud === null ? null : (this.shared.clouds.byKey(row.cloud) ?? null),
      row: undefined,
      item: undefined,
      key: row.cloud === null ? undefined : placeholder,
      values: plan.becomes === undefined ? values : { ...values, state: plan.becomes },
      held: undefined,
      at: steadyTime(),
    };
  }
}

function nameIn(href: string): string {
  const name = href.slice(1);
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}

/** Remembers what it read: many components refer to the same. */
function remembering(context: PlanContext): PlanContext {
  const found = new Map<string, Promise<Found>>();
  const lists = new Map<string, Promise<readonly Found[]>>();
  const once = <T>(known: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> => {
    const promise = known.get(key) ?? read();
    known.set(key, promise);
    return promise;
  };
  return {
    ...context,
    resolve: (href, type, at, options) =>
      once(found, `${type} ${href} ${at} ${String(options?.anywhere)}`, () => context.resolve(href, type, at, options)),
    list: (type, cloud) => once(lists, `${type} ${cloud?.key ?? ''}`, () => context.list(type, cloud)),
  };
}

interface Parts {
  path: string;
  tenant: string;
  collection: string;
  naming: Values;
  planned: readonly Planned[];
}

/** Merges the plans of all components into one: their rows, the associations, and a Job with one level after the other. */
function put(catalogue: Catalogue, { path, tenant, collection, naming, planned }: Parts): ChangePlan {
  const kinds = new Map(kindsOf(catalogue).map((kind) => [kind.type, kind]));
  const rows = new Map(planned.flatMap(({ plan }) => (plan.insert ?? []).map((row) => [row.path, row] as const)));
  const members: CreateSystemInput['members'][number][] = [];
  const associations: NewResourceRow[] = [];
  for (const { plan, row: main, level, label } of planned) {
    for (const row of plan.insert ?? []) {
      const kind = kinds.get(row.type);
      // What comes with a component is owned, too; what was there before and is only remembered from here on is not (5.13.2.1).
      // What a sub-System consists of is that one's.
      const own = row === main;
      if (!kind || row.internal.discovered === true || (main.type === SYSTEM && !own)) continue;
      const association = associationRow(path, kind, row.path, tenant);
      associations.push(association);
      members.push({
        path: row.path,
        type: row.type,
        association: association.path,
        level,
        own,
        label: own ? label : `${row.type} ${row.path} of ${label}`,
      });
    }
  }
  const levels: { draft: Draft; label: string }[][] = [];
  for (const { plan, level, label } of planned) {
    const draft = draftOf(plan, 'add');
    if (draft) (levels[level] ??= []).push({ draft, label });
  }
  const work = levels.length > 0;
  const system: NewResourceRow = {
    path,
    type: SYSTEM,
    tenant,
    cloud: null,
    providerKey: null,
    owner: null,
    state: work ? 'CREATING' : null,
    values: naming,
    secrets: null,
    internal: {},
  };
  const others: Hold[] = planned.flatMap(({ plan }) => (plan.work ? (plan.holds ?? []) : []));
  // Where one component holds another, that one is CREATING all the same.
  const holds = [
    ...others.filter(({ shows }) => shows === null),
    ...others.filter(({ shows }) => shows !== null),
    { path, shows: 'CREATING' },
  ];
  const input: CreateSystemInput = { path, levels: Array.from(levels, (level) => level ?? []), members };
  return {
    target: collection,
    affected: [collection, path, ...members.map((member) => member.path)],
    insert: [system, ...rows.values(), ...associations],
    async also(unit) {
      for (const { plan } of planned) await plan.also?.(unit);
    },
    statusMessage: work ? 'Waiting to be created' : 'Created',
    location: path,
    ...(work ? { holds, work: { workflow: createSystem.name, version: createSystem.version, input: input as unknown as Values } } : {}),
  };
}
