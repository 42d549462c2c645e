import { decodeId } from '../clouds/identity';
import { cloudsNaming } from '../clouds/portable';
import { partedFromCloud } from '../model/cloud-path';
import type { Location } from '../model/catalogue';
import type { Attribute, Attributes, ItemType } from '../model/define';
import type { Value, Values } from '../model/values';
import { isComponent } from '../codec/uris';
import { COMPUTED } from '../operations/gateway-resources';
import { isElsewhere } from '../operations/image-upload';
import { JOB } from '../operations/job';
import { asRef } from '../operations/template-merge';
import type { Standing } from '../store/store';
import type { ReaderContext } from './context';
import { subjectOf } from './policy';
import { sightOf } from './sight';

/** Values of a resource of some type, with what leads nowhere left out. */
export interface Cleaned {
  values: Values;
  /** Paths that were left out, in their order. */
  left: readonly string[];
}

/** Knowledge of everything that some values refer to. */
interface Ground {
  tenant: string;
  rows: ReadonlyMap<string, Standing>;
  retired: ReadonlySet<string>;
  /** Jobs by id. */
  jobs: ReadonlyMap<string, { tenant: string }>;
}

/**
 * References that stand in what the gateway keeps (rows, Jobs): what leads to a resource that was deleted (5.17.1), or
 * to what this tenant cannot read, is left out. Only what is known counts: no cloud is asked, so none that is away
 * makes a reference vanish. What the standard makes mandatory (a Job's targetResource, the network of a template)
 * stays (5.5.14, D015).
 */
export class References {
  constructor(private readonly context: ReaderContext) {}

  /** Each of these without what leads nowhere; what is all right is the very same values. Three queries at most. */
  async cleaned(all: readonly { type: string; values: Values }[], tenant: string): Promise<Cleaned[]> {
    const paths = new Set<string>();
    for (const { type, values } of all) this.collect(this.attributesOf(type), values, paths);
    const ground = await this.groundOf([...paths], tenant);
    const nowhere = new Set([...paths].filter((path) => !this.leads(path, ground)));
    return all.map(({ type, values }) => {
      if (nowhere.size === 0) return { values, left: [] };
      const left: string[] = [];
      const kept = this.without(this.attributesOf(type), values, (path) => nowhere.has(path) && left.push(path) > 0);
      return left.length === 0 ? { values, left } : { values: kept, left };
    });
  }

  private attributesOf(type: string): Attributes {
    return this.context.catalogue.attributesOf(type);
  }

  private collect(declared: Attributes, values: Values, into: Set<string>): void {
    for (const name in values) {
      const attribute = declared[name];
      if (attribute) this.collectFrom(attribute, values[name], into);
    }
  }

  private collectFrom(kind: Attribute | ItemType, value: Value | undefined, into: Set<string>): void {
    if (kind.kind === 'array') {
      if (Array.isArray(value)) for (const entry of value) this.collectFrom(kind.item, entry as Value, into);
    } else if (kind.kind === 'ref') {
      const ref = asRef(value);
      if (ref?.href !== undefined) into.add(ref.href);
      if (ref) for (const type of kind.inline ?? []) this.collect(this.attributesOf(type), ref, into);
    } else if (kind.kind === 'struct') {
      const fields = asRef(value);
      if (fields) this.collect(kind.fields, fields, into);
    }
  }

  /** Values without the references that `drops` names; mandatory ones stay. */
  private without(declared: Attributes, values: Values, drops: (path: string) => boolean): Values {
    const kept: Values = {};
    for (const name in values) {
      const attribute = declared[name];
      const value = values[name];
      const left = attribute && value !== undefined ? this.kept(attribute, value, isMandatory(attribute), drops) : value;
      if (left !== undefined) kept[name] = left;
    }
    return kept;
  }

  private kept(kind: Attribute | ItemType, value: Value, stays: boolean, drops: (path: string) => boolean): Value | undefined {
    if (kind.kind === 'array') {
      if (!Array.isArray(value)) return value;
      const entries = value.flatMap((entry) => this.kept(kind.item, entry as Value, false, drops) ?? []);
      return entries.length === 0 && value.length > 0 ? undefined : entries;
    }
    const fields = asRef(value);
    if (!fields) return value;
    if (kind.kind === 'struct') return this.without(kind.fields, fields, drops) as Value;
    if (kind.kind !== 'ref') return value;
    if (!stays && fields.href !== undefined && drops(fields.href)) return undefined;
    return (kind.inline ?? []).reduce((left, type) => this.without(this.attributesOf(type), left, drops), fields as Values) as Value;
  }

  private async groundOf(paths: readonly string[], tenant: string): Promise<Ground> {
    const items = new Set<string>();
    const jobs: string[] = [];
    for (const path of paths) {
      for (let at = this.locate(path); at; at = at.owner) {
        if (at.kind !== 'item') continue;
        if (at.type === JOB) jobs.push(at.id ?? '');
        else for (const each of [at.path, ...this.otherEnd(at)]) items.add(each);
      }
    }
    const { store } = this.context;
    const [rows, known] = await Promise.all([store.standings([...items]), store.jobStandings(jobs)]);
    const retired = await store.retired([...items].filter((path) => !rows.has(path)));
    return { tenant, rows, retired, jobs: await this.seenOf(known) };
  }

  /** Those Jobs to which anybody with these rights may be led. */
  private async seenOf<T>(known: Map<string, T>): Promise<Map<string, T>> {
    const sight = sightOf(this.context, { name: '' });
    if (!sight?.hides || known.size === 0) return known;
    const rows = await sight.jobs(await this.context.store.jobs({ ids: [...known.keys()] }));
    return new Map(rows.flatMap(({ id }) => (known.has(id) ? [[id, known.get(id) as T]] : [])));
  }

  /** Below the entry point of one cloud is the same world. */
  private locate(path: string): Location | undefined {
    return this.context.catalogue.locate(partedFromCloud(path).path);
  }

  /** A membership that follows from another resource is there as long as that is. */
  private otherEnd({ type, id, owner }: Location): string[] {
    const { derived, stored } = (owner && this.context.handlerOf(type)) ?? {};
    const segment = derived && !stored ? this.context.catalogue.pathOf(derived.from) : undefined;
    return segment === undefined ? [] : [`${segment}/${id ?? ''}`];
  }

  /** Tells whether the tenant may find something at a path, as far as is known here. */
  private leads(path: string, ground: Ground): boolean {
    // Another component of the same template (5.13.3), or a place elsewhere.
    if (isComponent(path) || isElsewhere(path)) return true;
    const location = this.locate(path);
    return location !== undefined && this.isThere(location, ground);
  }

  private isThere(location: Location, ground: Ground): boolean {
    const { kind, owner, type, id = '', path } = location;
    if (owner && !this.isThere(owner, ground)) return false;
    if (kind !== 'item' || COMPUTED.includes(type)) return true;
    if (type === JOB) return this.mayLeadTo(type, jobStanding(ground.jobs.get(id)), ground);
    const [other] = this.otherEnd(location);
    const known = other === undefined ? undefined : this.locate(other);
    if (known) return this.isThere(known, ground);
    const row = ground.rows.get(path);
    if (row) return owner !== undefined || this.mayLeadTo(type, row, ground);
    return !ground.retired.has(path) && this.mayBeDiscovered(location, ground);
  }

  /**
   * Tells whether a path without a row may be something that a provider shows: its id says so; every id of the gateway's own has
   * had a row.
   */
  private mayBeDiscovered({ type, id = '', owner }: Location, { tenant }: Ground): boolean {
    const handler = this.context.handlerOf(type);
    const { policy } = this.context;
    if (cloudsNaming(policy.cloudsOf(tenant), type, id).length > 0)
      return policy.mayRead({ type, tenant, cloud: null, discovered: false }, tenant) !== 'no';
    const cloud = policy.cloudsOf(tenant).find(({ key }) => key === decodeId(id)?.cloudKey);
    if (!cloud || !handler?.group) return false;
    return owner !== undefined || policy.mayRead({ type, tenant: cloud.discoveredTenant, cloud, discovered: true }, tenant) !== 'no';
  }

  /** Tells whether the tenant may read what there is a record of, as far as is known without its provider. */
  private mayLeadTo(type: string, standing: Standing | undefined, { tenant }: Ground): boolean {
    const { policy, clouds } = this.context;
    return standing !== undefined && policy.mayRead(subjectOf(clouds, type, standing), tenant) !== 'no';
  }
}

function jobStanding(job: { tenant: string } | undefined): Standing | undefined {
  return job && { tenant: job.tenant, cloud: null, discovered: false };
}

/** Jobs go by themselves in time, and whatever refers to them goes on without. */
function isMandatory(attribute: Attribute): boolean {
  if (attribute.omissible || !attribute.consumer.startsWith('mandatory')) return false;
  return !(attribute.kind === 'ref' && attribute.to === JOB);
}
