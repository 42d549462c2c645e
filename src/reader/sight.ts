import { decodeId } from '../clouds/identity';
import { cloudsNaming } from '../clouds/portable';
import type { Location } from '../model/catalogue';
import { partedFromCloud } from '../model/cloud-path';
import { EVENT_TYPES, wordOf } from '../model/event-types';
import { aspectOf, isGroup } from '../model/aspects';
import { EVENT_LOG } from '../operations/event-log';
import { CLOUD, ENTRY_POINT } from '../operations/gateway-resources';
import { JOB } from '../operations/job';
import { METER } from '../operations/meter-plan';
import { aspectOfCode } from '../operations/meter-thresholds';
import { Refusal } from '../operations/resource-handler';
import { asRef } from '../operations/template-merge';
import type { Decision, Rights } from '../rights/rights';
import { READ } from '../rights/rule';
import { SYSTEM } from '../systems/component-kinds';
import { componentsOfSystems } from '../systems/members';
import { STATE_FROM } from '../systems/state';
import type { EventRow } from '../store/event-record';
import type { JobRow, ResourcePath, ResourceRow } from '../store/store';
import type { ReaderContext } from './context';
import { collectionOf } from './narrowed';
import { refusedByRule, type Caller } from './policy';

/** Place of something; `cloud` is null in none, undefined where that is not known any more, or not decided yet. */
interface Place {
  collection: string;
  cloud: string | null | undefined;
  /** Verdict that is there already, whatever the rights say of the place. */
  verdict?: Verdict | undefined;
}

/** Something that was worked out from the members of a group: a sample, a state. */
interface Counted {
  /** Path of what has it, or id of the event that tells it. */
  by: string;
  tenant: string;
  /** Path of the group. */
  group: ResourcePath;
  /** Type of the members; undefined where it is not known. */
  of: string | undefined;
}

type MeterRow = Pick<ResourceRow, 'path' | 'type' | 'tenant' | 'values'>;

type Verdict = 'yes' | 'no' | 'unknown';

/** Parts of what there is that a sight looks at. */
export type SightContext = Pick<ReaderContext, 'catalogue' | 'clouds' | 'store' | 'handlerOf'>;

/**
 * Sight of somebody, whose rights are narrowed, of what is about other things: Jobs, events, logs, Meters. They are seen where all that
 * they are about may be seen. A Job of which that is not known any more is seen by who asked for it.
 */
export class Sight {
  /** False where nothing is hidden from it. */
  readonly hides: boolean;

  constructor(
    private readonly context: SightContext,
    private readonly rights: Rights,
    private readonly who: string,
  ) {
    this.hides = rights.hides;
  }

  /** Returns those of these Jobs that may be seen. */
  async jobs<J extends Pick<JobRow, 'target' | 'affected' | 'principal' | 'workflow' | 'state'>>(rows: readonly J[]): Promise<J[]> {
    const verdicts = await this.verdictsOf(rows, (place) => this.both(READ, 'jobs', place));
    // Words for why a request was refused are for who sent it: they may name anything.
    const isRefused = ({ workflow, state }: J): boolean => workflow === null && state === 'FAILED';
    return rows.filter((row) => this.isSeen(isRefused(row) && verdicts(row) === 'yes' ? 'unknown' : verdicts(row), row));
  }

  /** Tells whether a Job may be changed: stopped, deleted, edited. Who may not do what it does may not do that either. */
  async mayChange(row: JobRow, action: string): Promise<boolean> {
    const does = wordOf(row.action);
    const verdicts = await this.verdictsOf([row], (place) => {
      if (this.verdict(action, { ...place, collection: 'jobs' }) === 'no') return 'no';
      const [own, edits] = [does, 'edit'].map((one) => this.verdict(one, place));
      return own === 'yes' || edits === 'yes' ? 'yes' : own === 'unknown' || edits === 'unknown' ? 'unknown' : 'no';
    });
    return this.isSeen(verdicts(row), row);
  }

  /** Returns those of these events that may be seen: those of a Job where that may be, for its words may name all that it is about. */
  async events(rows: readonly EventRow[]): Promise<EventRow[]> {
    const places = await this.places(rows.map(({ resource }) => resource));
    const hidden = await this.hiddenIn(rows.flatMap(countedIn));
    const there = rows.filter(({ id, resource }) => this.sees(places.get(resource)) && !hidden.has(id));
    const ids = [...new Set(there.flatMap(({ job }) => job ?? []))];
    const jobs = ids.length === 0 ? [] : await this.context.store.jobs({ ids });
    const [known, seen] = [jobs, await this.jobs(jobs)].map((all) => new Set(all.map(({ id }) => id)));
    return there.filter(({ job, type }) => job === undefined || (known?.has(job) ? seen?.has(job) : type !== EVENT_TYPES.alarm));
  }

  /** Returns those of these rows of no cloud that may be seen: what they are of, or put together, may be seen, too. */
  async rows<R extends MeterRow & Pick<ResourceRow, 'owner'>>(rows: readonly R[]): Promise<R[]> {
    // Rows of the top are in no cloud, and have been let through as such.
    const about = ({ path, owner }: R): ResourcePath[] => (owner === null ? [] : isTop(path) ? [owner] : [owner, path]);
    const places = await this.places(rows.flatMap(about));
    const there = rows.filter((row) =>
      row.owner === null ? this.seesEntry(row) : about(row).every((path) => this.sees(places.get(path))),
    );
    const hidden = await this.hiddenIn(this.countedBy(there));
    return there.filter(({ path }) => !hidden.has(path));
  }

  /** Returns those of these paths at which is what may be seen. */
  async seen(paths: readonly ResourcePath[]): Promise<Set<ResourcePath>> {
    const places = await this.places(paths);
    return new Set(paths.filter((path) => this.sees(places.get(path))));
  }

  /**
   * Lets rows to be through: a Meter of a group counts no more than may be seen.
   * @throws Refusal 403
   */
  async permitCounting(rows: readonly MeterRow[]): Promise<void> {
    const made = new Set(rows.map(({ path }) => path));
    const counted = this.countedBy(rows).filter(({ group }) => !made.has(group));
    const hidden = await this.hiddenIn(counted);
    for (const { by, group, of } of counted) {
      const place = hidden.get(by);
      if (!place) continue;
      const what = `measure ${group}: it counts each ${of ?? 'part'} there, and some may not be seen`;
      throw refusedByRule(this.decisionOn(READ, place), { name: this.who }, what);
    }
  }

  /**
   * Lets an action upon several resources through.
   * @throws Refusal 403 where one is not for who asks; what may not be seen is not named
   */
  async permitAll(paths: readonly ResourcePath[], action: string, caller: Pick<Caller, 'name'>): Promise<void> {
    const places = await this.places(paths);
    for (const path of paths) {
      const there = places.get(path) ?? [];
      const named = this.sees(there) ? path : 'what it consists of';
      const refused = there.find((place) => this.verdict(action, place) !== 'yes');
      if (refused || there.length === 0) throw refusedByRule(refused && this.decisionOn(action, refused), caller, `${action} ${named}`);
    }
  }

  /** Tells whether all of these may be seen, and the action be done to them. */
  async mayAll(paths: readonly ResourcePath[], action: string): Promise<boolean> {
    try {
      await this.permitAll(paths, action, { name: this.who });
      return true;
    } catch (error) {
      if (error instanceof Refusal) return false;
      throw error;
    }
  }

  private sees(places: readonly Place[] = []): boolean {
    return places.length > 0 && places.every((place) => this.verdict(READ, place) === 'yes');
  }

  /** Tells whether the log of an entry point may be seen: its events are decided one by one. */
  private seesEntry({ type, values }: Pick<ResourceRow, 'type' | 'values'>): boolean {
    if (type !== EVENT_LOG) return true;
    const { cloudKey: cloud, path: collection } = partedFromCloud(asRef(values.targetResource)?.href ?? '');
    return cloud === undefined || this.verdict(READ, { collection, cloud }) === 'yes';
  }

  /** Tells what the Meters of groups among these rows count. */
  private countedBy(rows: readonly MeterRow[]): Counted[] {
    const { catalogue } = this.context;
    return rows.flatMap(({ path, type, tenant, values }) => {
      const group = type === METER ? asRef(values.targetResource)?.href : undefined;
      if (group === undefined || !isGroup(catalogue.locate(partedFromCloud(group).path)?.type ?? '')) return [];
      return [{ by: path, tenant, group, of: aspectOf(String(values.aspect))?.members }];
    });
  }

  /** Finds, for what was counted, one thing that counts there and may not be seen. */
  private async hiddenIn(counted: readonly Counted[]): Promise<Map<string, Place>> {
    const { catalogue, clouds, store } = this.context;
    const hidden = new Map<string, Place>();
    const hide = (by: string, places: readonly Place[]): void => {
      const place = places.find((one) => this.verdict(READ, one) !== 'yes');
      if (place) hidden.set(by, place);
    };
    for (const key of new Set(counted.map(({ tenant, of = '' }) => `${tenant} ${of}`))) {
      const those = counted.filter(({ tenant, of = '' }) => `${tenant} ${of}` === key);
      const [{ tenant = '', of } = {}] = those;
      const systems = new Set(those.map(({ group }) => group).filter((group) => catalogue.locate(group)?.type === SYSTEM));
      const [standings, within] =
        systems.size === 0 || of === undefined
          ? []
          : await Promise.all([store.standings([...systems]), componentsOfSystems({ tenant, catalogue, store }, [...systems], of)]);
      const places = await this.places([...(within?.values() ?? [])].flat());
      for (const { by, group } of those) {
        const { cloudKey, path } = partedFromCloud(group);
        const collection = collectionOf(catalogue, of ?? SYSTEM);
        if (of === undefined || (systems.has(group) && !standings?.has(group)))
          // What was in a System that is gone is not known any more.
          hidden.set(by, { collection, cloud: undefined, verdict: 'unknown' });
        else if (systems.has(group))
          hide(
            by,
            (within?.get(group) ?? []).flatMap((member) => places.get(member) ?? []),
          );
        else if (path === catalogue.pathOf(ENTRY_POINT))
          hide(
            by,
            (cloudKey === undefined ? clouds.forTenant(tenant).map((cloud) => cloud.key) : [cloudKey]).map((cloud) => ({
              collection,
              cloud,
            })),
          );
      }
    }
    return hidden;
  }

  private isSeen(verdict: Verdict, { principal }: Pick<JobRow, 'principal'>): boolean {
    return verdict === 'yes' || (verdict === 'unknown' && principal === this.who);
  }

  private both(action: string, collection: string, place: Place): Verdict {
    const [one, other] = [this.verdict(action, place), this.verdict(action, { ...place, collection })];
    return one === 'no' || other === 'no' ? 'no' : one === 'unknown' ? one : other;
  }

  /** Decides of each row by all that it is about: what it was asked of counts where that is no more than a collection and it is about more. */
  private async verdictsOf<J extends Pick<JobRow, 'target' | 'affected'>>(
    rows: readonly J[],
    decide: (place: Place) => Verdict,
  ): Promise<(row: J) => Verdict> {
    const { catalogue } = this.context;
    const about = (row: J): ResourcePath[] => {
      const all = [...new Set([row.target, ...row.affected])];
      const items = all.filter((path) => catalogue.locate(partedFromCloud(path).path)?.kind === 'item');
      return items.length > 0 ? items : all;
    };
    const places = await this.places(rows.flatMap(about));
    return (row) => {
      const verdicts = about(row).flatMap((path): Verdict[] => places.get(path)?.map(decide) ?? ['unknown']);
      return verdicts.includes('no') ? 'no' : verdicts.includes('unknown') ? 'unknown' : 'yes';
    };
  }

  /** Decision by which a place is refused. */
  private decisionOn(action: string, { collection, cloud }: Place): Decision {
    const decision = this.rights.decide(action, collection, cloud ?? null);
    return decision.allowed ? { allowed: false } : decision;
  }

  /** Decides of a place. Where it is not known in which cloud something is, only what holds in all of them is certain. */
  private verdict(action: string, { collection, cloud, verdict }: Place): Verdict {
    if (verdict) return verdict;
    if (cloud !== undefined) return this.rights.may(action, collection, cloud) ? 'yes' : 'no';
    const clouds = [null, ...this.context.clouds.all().map(({ key }) => key)];
    const allowed = clouds.filter((one) => this.rights.may(action, collection, one));
    return allowed.length === clouds.length ? 'yes' : allowed.length === 0 ? 'no' : 'unknown';
  }

  /** Places of what is at these paths, and of what that puts together; none for a path that is nothing. */
  private async places(paths: readonly ResourcePath[]): Promise<Map<ResourcePath, Place[]>> {
    const parted = new Map<ResourcePath, { roots: ResourcePath[]; entry: string | undefined }>();
    for (const path of new Set(paths)) {
      const { cloudKey: entry, path: own } = partedFromCloud(path);
      const location = this.context.catalogue.locate(own);
      if (location) parted.set(path, { roots: [own.split('/').slice(0, 2).join('/'), ...this.otherEnd(location)], entry });
    }
    const { store } = this.context;
    const items = [...new Set([...parted.values()].flatMap(({ roots }) => roots))].filter((root) => root.includes('/'));
    const standings = await store.standings(items);
    const gone = await store.retiredClouds(items.filter((item) => !standings.has(item)));
    const ofOthers = await this.ofOthers(items, standings);
    const placeOf = (root: ResourcePath, entry: string | undefined): Place => ({
      ...this.placeOf(root, entry, standings.get(root)?.cloud ?? gone.get(root), standings.has(root)),
      verdict: ofOthers.get(root),
    });
    return new Map(
      [...parted].map(
        ([
          path,
          {
            roots: [own = '', ...others],
            entry,
          },
        ]) => [
          path,
          // Some associations have ids of their own, by which nothing else goes.
          [placeOf(own, entry), ...others.map((other) => placeOf(other, entry)).filter(({ cloud }) => cloud !== undefined)],
        ],
      ),
    );
  }

  /** Verdicts on what is about something else (a Meter, a log): that of its row, and of one that is gone nothing is known. */
  private async ofOthers(items: readonly ResourcePath[], known: ReadonlyMap<ResourcePath, unknown>): Promise<Map<ResourcePath, Verdict>> {
    const { catalogue, handlerOf, store } = this.context;
    const verdicts = new Map<ResourcePath, Verdict>();
    const typeOf = (path: ResourcePath): string => catalogue.locate(path)?.type ?? '';
    const others = items.filter((path) => handlerOf(typeOf(path))?.hasOwners);
    for (const type of new Set(others.map(typeOf))) {
      const paths = others.filter((path) => typeOf(path) === type);
      const there = paths.filter((path) => known.has(path));
      const seen = there.length === 0 ? [] : await this.rows(await store.resources({ type, paths: there }));
      for (const path of paths) if (!seen.some((row) => row.path === path)) verdicts.set(path, known.has(path) ? 'no' : 'unknown');
    }
    return verdicts;
  }

  /** Path of what an association puts into its owner: its id is that one's. */
  private otherEnd({ kind, type, id, owner }: Location): ResourcePath[] {
    const { catalogue } = this.context;
    if (kind !== 'item' || !owner || id === undefined) return [];
    return Object.values(catalogue.attributesOf(type)).flatMap((attribute) => {
      const to =
        attribute.kind === 'ref' && attribute.consumer.startsWith('mandatory') && catalogue.has(attribute.to)
          ? catalogue.pathOf(attribute.to)
          : undefined;
      return to === undefined ? [] : [`${to}/${id}`];
    });
  }

  private placeOf(root: ResourcePath, entry: string | undefined, known: string | undefined, isRow: boolean): Place {
    const { catalogue, clouds, handlerOf } = this.context;
    const [collection = '', id] = root.split('/');
    const location = catalogue.locate(root);
    if (location?.type === CLOUD && id !== undefined) return { collection, cloud: id };
    if (id === undefined) return { collection, cloud: entry ?? (location?.kind === 'singleton' ? null : undefined) };
    if (known !== undefined) return { collection, cloud: known };
    if (isRow) return { collection, cloud: null };
    if (location && cloudsNaming(clouds.all(), location.type, id).length > 0) return { collection, cloud: null };
    // A Job is where what it is about is, which is not looked up from here; of other types some are in no cloud ever.
    if (!location || location.type === JOB) return { collection, cloud: undefined };
    return { collection, cloud: decodeId(id)?.cloudKey ?? (handlerOf(location.type)?.group === undefined ? null : undefined) };
  }
}

/** Tells what an event counts: the recorded state of a System, the alarm of a Meter of a group. */
function countedIn({ id, tenant, type, resource, resourceType, content }: EventRow): Counted[] {
  const counted = { by: id, tenant, group: resource };
  if (type === EVENT_TYPES.state && resourceType === SYSTEM) return [{ ...counted, of: STATE_FROM }];
  const aspect = type === EVENT_TYPES.alarm && isGroup(resourceType) ? aspectOfCode(content.code) : undefined;
  return aspect === undefined ? [] : [{ ...counted, of: aspectOf(aspect)?.members }];
}

const isTop = (path: ResourcePath): boolean => path.split('/').length === 2;

/** Makes the sight of somebody; undefined where no rule narrows it. */
export function sightOf(context: SightContext & Pick<ReaderContext, 'policy'>, { name }: Pick<Caller, 'name'>): Sight | undefined {
  const { rights } = context.policy;
  return rights && new Sight(context, rights, name);
}
