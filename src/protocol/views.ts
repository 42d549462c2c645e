import { createHash } from 'node:crypto';
import type { Location } from '../model/catalogue';
import { ACTION } from '../model/define';
import type { Operation, Values } from '../model/values';
import { ENTRY_POINT, METADATA } from '../operations/computed';
import type { Found } from '../operations/family';
import { JOB, jobOffers, jobPath, jobValues } from '../operations/job';
import type { JobRow } from '../store/store';
import { entryPointView, metadataView, metadataViews } from './computed';
import type { Protocol, Scope } from './context';
import { Encodings } from './encodings';
import type { Finder, FindOptions } from './finder';
import type { Listing, Lister } from './lister';
import type { Nested, OwnedList } from './nested';
import { notFound, type Routed } from './router';
import type { View } from './view';
import { Windows } from './windows';

export interface ViewList {
  views: View[];
  unavailable: Listing['unavailable'];
}

/** Reads anything there is, wherever it comes from. */
export class Views {
  readonly windows: Windows;
  readonly encodings = new Encodings();
  private readonly known = new WeakMap<Found, View>();
  private readonly unchangeable = new WeakMap<View, View>();

  constructor(
    private readonly protocol: Protocol,
    readonly finder: Finder,
    readonly lister: Lister,
    private readonly nested: Nested,
  ) {
    this.windows = new Windows(protocol.listCacheMs);
  }

  /** The one resource that the path names. @throws Refusal 404, ProviderError. */
  async one(routed: Routed, options: FindOptions = {}): Promise<View> {
    const { location, principal } = routed;
    const view = await this.byPath(routed, location.path, options);
    if (!view || view.type !== location.type) throw notFound(routed.request.path);
    const inOtherCloud = routed.cloudKey !== undefined && view.found?.cloud && view.found.cloud.key !== routed.cloudKey;
    if (inOtherCloud) throw notFound(routed.request.path);
    return principal.role === 'reader' ? this.readOnly(view) : view;
  }

  /** The same without operations, for who may not change anything. */
  private readOnly(view: View): View {
    const known = this.unchangeable.get(view) ?? { ...view, operations: [] };
    this.unchangeable.set(view, known);
    return known;
  }

  private async byPath(scope: Scope & Pick<Routed, 'location'>, path: string, options: FindOptions): Promise<View | undefined> {
    const { location, principal } = scope;
    if (location.type === ENTRY_POINT) return entryPointView(scope);
    if (location.type === METADATA) return metadataView(scope, location.id ?? '');
    if (location.type === JOB) return this.job(location.id ?? '', principal.tenant);
    if (location.owner && !(await this.finder.find(location.owner.path, principal.tenant))) return undefined;
    const found = await this.finder.find(path, principal.tenant, options);
    return found && this.of(found);
  }

  async job(id: string, tenant: string): Promise<View | undefined> {
    const row = await this.protocol.store.job(id);
    return row && row.tenant === tenant ? this.ofJob(row) : undefined;
  }

  async ofJob(row: JobRow): Promise<View> {
    const nested = await this.protocol.store.jobs({ parent: row.id });
    return this.jobView(
      row,
      nested.map((child) => child.id),
    );
  }

  /** The Job without its nested ones. */
  alone(row: JobRow): View {
    return this.jobView(row, []);
  }

  private jobView(row: JobRow, nested: readonly string[]): View {
    const path = jobPath(row.id);
    const values = jobValues(row, nested);
    return {
      type: JOB,
      path,
      values,
      operations: this.operations(JOB, path, jobOffers(row, this.protocol.jobs.mayStop(row))),
      core: () => digest(values),
      created: row.created,
      job: row,
    };
  }

  /** What was found, as a caller who may change things sees it; the same view for the same finding. */
  of(found: Found): View {
    const known = this.known.get(found);
    if (known) return known;
    const view = this.made(found);
    this.known.set(found, view);
    return view;
  }

  private made(found: Found): View {
    const family = this.protocol.familyOf(found.type);
    const values: Values = { id: found.path, ...found.values };
    const operations = family
      ? this.operations(found.type, found.path, family.offered(found, this.protocol.catalogue), (name) => family.linkQuery?.[name]?.(found))
      : [];
    const version = String(found.row?.version ?? 0);
    const core = () => (found.cloud ? digest(values, version) : `${version}${found.held ? 'h' : ''}`);
    return { type: found.type, path: found.path, values, operations, core, created: String(found.values.created ?? ''), found };
  }

  /** Short names as operations: bare words for edit and delete, full URIs for all else (4.2). */
  private operations(type: string, path: string, names: readonly string[], linkQuery?: (name: string) => string | undefined): Operation[] {
    const { actions } = this.protocol.catalogue.resource(type);
    return names.map((name) => {
      const action = actions?.[name];
      if (action?.kind === 'link' && action.performedOn !== undefined) {
        const segment = this.protocol.catalogue.collection(action.performedOn).entryPoint ?? '';
        return { rel: action.uri, href: `${segment}?${linkQuery?.(name) ?? ''}` };
      }
      return { rel: action?.uri ?? (name === 'edit' || name === 'delete' ? name : ACTION + name), href: path };
    });
  }

  /**
   * Every item of the collection that the path names, in no particular order; where `matches` is given, at least those
   * that match. @throws Refusal 404, 503.
   */
  async all(routed: Routed, matches?: (values: Values) => boolean): Promise<ViewList> {
    const { location, principal, cloudKey } = routed;
    if (location.type === METADATA) return { views: this.readable(metadataViews(routed), principal), unavailable: [] };
    if (location.type === JOB) return { views: this.readable(await this.jobs(principal.tenant), principal), unavailable: [] };
    if (location.owner && !(await this.finder.find(location.owner.path, principal.tenant))) throw notFound(routed.request.path);
    const family = this.protocol.familyOf(location.type);
    if (!family) throw notFound(routed.request.path);
    if (this.nested.covers(location, family)) {
      const founds = await this.nested.list(location, family, principal.tenant);
      return {
        views: this.readable(
          founds.map((found) => this.of(found)),
          principal,
        ),
        unavailable: [],
      };
    }
    const listing = await this.lister.list(family, {
      tenant: principal.tenant,
      cloudKey,
      owner: location.owner?.path,
      matches,
    });
    return {
      views: this.readable(
        listing.founds.map((found) => this.of(found)),
        principal,
      ),
      unavailable: listing.unavailable,
    };
  }

  /**
   * The collections of one type in several owners that were found, each in its owner's place; undefined where they are
   * not of the kind that is read together. @throws ProviderError
   */
  async ofOwners(location: Location, owned: readonly OwnedList[], { principal }: Pick<Scope, 'principal'>): Promise<View[][] | undefined> {
    const family = this.protocol.familyOf(location.type);
    if (!family || !this.nested.covers(location, family)) return undefined;
    const lists = await this.nested.lists(family, owned, principal.tenant);
    return lists.map((founds) =>
      this.readable(
        founds.map((found) => this.of(found)),
        principal,
      ),
    );
  }

  private readable(views: View[], { role }: Scope['principal']): View[] {
    return role === 'reader' ? views.map((view) => this.readOnly(view)) : views;
  }

  private async jobs(tenant: string): Promise<View[]> {
    const rows = await this.protocol.store.jobs({ tenants: [tenant] });
    const children = new Map<string, string[]>();
    for (const row of rows) if (row.parent !== null) children.set(row.parent, [...(children.get(row.parent) ?? []), row.id]);
    return rows.map((row) => this.jobView(row, children.get(row.id) ?? []));
  }
}

function digest(values: Values, more = ''): string {
  return createHash('sha1').update(JSON.stringify(values)).update(more).digest('base64url').slice(0, 16);
}
