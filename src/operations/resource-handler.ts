import type { Cloud, Clouds } from '../clouds/cloud';
import type { GroupName, Item, ReadableGroup, TypeCapabilities } from '../clouds/driver';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import type { Holder } from '../rights/rule';
import type { EventRecord, EventRow } from '../store/event-record';
import type { Hold, NewResourceRow, ResourceChange, ResourcePath, ResourceRow, Role, StoreReads, UnitOfWork } from '../store/store';
import { placed } from '../model/place';
import { spoken } from '../model/shown';

/** Facts about a refusal beside its words. */
export interface RefusalDetails {
  /** Place in the request that is at fault (model/place.ts), a query parameter or a header. */
  at?: string | undefined;
  /** Id of the Job that is in the way. */
  job?: string;
  retryAfterS?: number;
  kind?: string;
}

/** A request that is refused before anything was done, in words a client can act on. */
export class Refusal extends Error {
  /** @param reason without the place, which the message begins with */
  constructor(
    readonly status: number,
    readonly reason: string,
    readonly details: RefusalDetails = {},
  ) {
    super(spoken(placed(details.at, reason)));
    this.name = 'Refusal';
  }
}

/** A resource as it stands now, wherever its truth lives. */
export interface Found {
  path: ResourcePath;
  type: string;
  tenant: string;
  cloud: Cloud | null;
  row: ResourceRow | undefined;
  item: Item | undefined;
  /** Provider key, when there is one. */
  key: string | undefined;
  /** Attributes by JSON name without id, references relative, write-only ones absent. */
  values: Values;
  /** The unfinished Job that holds it. */
  held: { job: string; shows: string | null } | undefined;
  /** Time at which the provider was asked, in ms since the epoch; now for what the gateway owns. */
  at: number;
  /** Operations that were worked out with the values (`ResourceHandler.enrich`), for `offered` to go by. */
  offers?: readonly string[];
  /** A membership that follows from another resource: there is no row and never will be. */
  derived?: boolean;
  /** A name of the configuration's: it is in no cloud itself, and stands for something in some of them. */
  portable?: Portable;
}

/** Clouds in which a portable name stands for something. */
export interface Portable {
  /** Keys of the clouds whose configuration has the name, as far as its reader may use them. */
  clouds: readonly string[];
  /**
   * Finds what it stands for in a cloud now.
   * @throws Refusal 400 in words where there is nothing of the kind, ProviderError
   */
  in(cloud: Cloud): Promise<Found>;
}

declare const changeable: unique symbol;

/** A resource that the policy lets its caller change (`permit`): only such a one can be planned on. */
export type Changeable = Found & { readonly [changeable]: true };

/** Somebody who asks, after authentication. */
export interface Asking extends Holder {
  role: Role;
  userRole?: Role | undefined;
}

/** Lookups that the planning of a change may use. Reads only. */
export interface PlanContext {
  principal: Asking;
  catalogue: Catalogue;
  clouds: Clouds;
  store: StoreReads;
  /** Key of the cloud whose entry point was used. */
  entryCloud: string | undefined;
  defaultCloud: string | undefined;
  /** Provider query parameters of the operation's href (4.1.6). */
  parameters: Readonly<Record<string, string>>;
  /**
   * A resource a request refers to; foreign, missing and wrongly typed ones are refused naming `at`, and so are those of
   * another cloud than the request's, unless it may be `anywhere`.
   * @param options `ofTarget`: not the request's body names it but what the request is for, which is gone where it is (404)
   */
  resolve(href: string, type: string, at: string, options?: { anywhere?: boolean; ofTarget?: boolean }): Promise<Found>;
  /**
   * Lists everything of a type that the caller can see, in one cloud or in all.
   * @throws ProviderError where a cloud cannot be read
   */
  list(type: string, cloud?: Cloud): Promise<readonly Found[]>;
  /**
   * Lets a resource through to a change by the caller.
   * @param action short name of what is to be done
   * @throws Refusal 403 for what it may only read
   */
  permit(found: Found, action: string): Changeable;
  /**
   * Lets an action upon all of these through, by declared rules alone, whether or not they can be read now.
   * @throws Refusal 403 where one of them is not for the caller
   */
  permitAll(paths: readonly ResourcePath[], action: string): Promise<void>;
  /** @throws Refusal 403 for what is another tenant's and only shared with the caller */
  mustOwn(found: Found): void;
  newId(): string;
  /** Identity tag for a resource of the caller's tenant. */
  tag(id: string): string;
}

/** Lookups from which a computed attribute may be worked out. Reads only, on behalf of one tenant. */
export interface EnrichContext {
  tenant: string;
  /** True where the entries of the tenant's audit are there for who asks. */
  seesAudit: boolean;
  catalogue: Catalogue;
  store: StoreReads;
  /** Finds one resource; undefined for what is not there, or cannot be read now. */
  find(path: ResourcePath): Promise<Found | undefined>;
  /** Lists everything of a type that the tenant can see in the clouds that answer. */
  list(type: string): Promise<readonly Found[]>;
  /** Sight of who asks, where rules hide something from it: what counts things counts those alone that it may see. */
  narrowed?: NarrowedSight | undefined;
}

/** Sight of somebody from whom declared rules hide something. */
export interface NarrowedSight {
  /** Returns those of these paths at which is what may be seen. */
  seen(paths: readonly ResourcePath[]): Promise<ReadonlySet<ResourcePath>>;
  /** Returns those of these events that may be seen. */
  events(rows: readonly EventRow[]): Promise<readonly EventRow[]>;
}

/** A change that was found possible: what the accepting transaction writes, and the Job. */
export interface ChangePlan {
  /** targetResource of the Job. */
  target: ResourcePath;
  /** affectedResources from the start. */
  affected: readonly ResourcePath[];
  insert?: readonly NewResourceRow[];
  change?: readonly { path: ResourcePath; version: number; change: ResourceChange }[];
  remove?: readonly ResourcePath[];
  /** More of the accepting transaction, after the above. */
  also?: (unit: UnitOfWork) => Promise<void>;
  /** Events that are told with the change, in its transaction, beside those that are told of every change. */
  tells?: readonly EventRecord[];
  holds?: readonly Hold[];
  /** Workflow of the change; absent: the change is finished in the accepting transaction. */
  work?: { workflow: string; version: number; input: Values };
  statusMessage: string;
  /** Path of what is created. */
  location?: ResourcePath;
  /** Path, below the public URL, of a document that comes to be. */
  document?: string;
  /** True where the request asks for it in a way that makes it possible although it is not among the operations. */
  beyondOffer?: true;
  /** State of what is created once the Job has succeeded, where it has one. */
  becomes?: string;
  /** Attributes of this one answer only, never stored (a generated private key). */
  answerOnly?: Values;
  /** Makes last, once nothing refuses the change, what takes long: the whole plan with it. */
  generate?: {
    /** Names of what would stand in this one answer only. */
    brings: readonly string[];
    /** @throws Refusal where it cannot be made now */
    run: () => Promise<ChangePlan>;
  };
  /** Unfinished Jobs to stop first (delete while creating, forced stop while stopping). */
  stops?: readonly string[];
}

/** A create request after reading: instance attributes, and the template merged with its overrides. */
export interface CreateRequest {
  values: Values;
  /** Template attributes with the overrides laid over them, secrets included. */
  template: Values;
  /** The collection posted to, relative path. */
  collection: ResourcePath;
}

/** Attributes to set and to erase; what is in neither stays. */
export interface UpdateRequest {
  set: Values;
  erase: readonly string[];
  /** Attributes of `erase` that a full update does not mention at all. */
  omitted?: readonly string[];
}

/** Action that is asked of a collection at the entry point, and not of one of its items (import). */
export interface CollectionAction {
  /** Driver methods that one cloud of the caller has to have for it, each as [group, method]; absent: none. */
  needs?: readonly (readonly [GroupName, string])[];
  plan(context: PlanContext, request: CollectionRequest): Promise<ChangePlan>;
}

/** Action of a collection after reading. */
export interface CollectionRequest {
  parameters: Values;
  /** The collection posted to, relative path. */
  collection: ResourcePath;
  /** Brings a URI that stands in a text, such as a property, into the form of references. */
  internal(uri: string): string;
  /** Returns the path, below the public URL, of a document of the gateway's own outside the protocol; undefined for any other URI. */
  document(uri: string): string | undefined;
}

/** Operations of a resource type that are its own. Absent members are operations that are not offered. */
export interface ResourceHandler {
  type: string;
  /** Driver group that carries it; absent: only the gateway's own rows. */
  group?: ReadableGroup;
  /** The gateway keeps resources of its own of this type beside the provider's. */
  stored?: boolean;
  /** Visible to every tenant of the account although made by nobody: all that was discovered, or only what the provider offers to everybody. */
  shared?: true | 'public';
  /**
   * Items of a nested collection that follow from resources of another type: those whose
   * reference `through` is the owner (null: whose item has the owner's key as its owner), shown `as`. Where the handler is
   * `stored`, there are others beside them, with rows.
   */
  derived?: {
    from: string;
    through: string | null;
    as: string;
    /** Targets that `through` has to lead to in place of the owner: paths by owner, none for owners that hold nothing. */
    holders?: (store: StoreReads, owners: readonly Found[]) => Promise<ReadonlyMap<ResourcePath, ReadonlySet<ResourcePath>>>;
    /** Selects those of them that count. */
    only?: (found: Found) => boolean;
  };
  /** Rows may have owners although they are in a collection at the entry point too (a Meter is owned by what it measures). */
  hasOwners?: true;
  /** Items below an owner are the gateway's own and change nothing of the owner: they may be made in observed clouds too. */
  apart?: true;
  /** Driver method without which `add` is not offered: [group, method]. */
  createNeeds?: readonly [GroupName, string];
  /** Capabilities of the type whatever the clouds are. */
  about?: TypeCapabilities;
  /** Constraints on values that follow from the clouds, for ResourceMetadata. */
  constraints?(clouds: readonly Cloud[]): TypeCapabilities['constraints'];
  /** Tells whether an owner takes another item now, as it is; absent: always. */
  addable?(owner: Found): boolean;
  /** Adds to stored resources what follows from others (a state), all of one read together. */
  enrich?<F extends Found>(founds: readonly F[], reads: EnrichContext): Promise<readonly F[]>;
  create?(context: PlanContext, request: CreateRequest): Promise<ChangePlan>;
  update?(context: PlanContext, found: Changeable, request: UpdateRequest): Promise<ChangePlan>;
  remove?(context: PlanContext, found: Changeable): Promise<ChangePlan>;
  /** Driver group whose methods the actions end in, where the type itself is in no cloud (a System acts on its Machines). */
  actThrough?: ReadableGroup;
  act?: Readonly<Record<string, (context: PlanContext, found: Changeable, parameters: Values) => Promise<ChangePlan>>>;
  /** Driver methods, [group, method], all of which a cloud needs for an action that is no driver method itself. */
  actNeeds?: Readonly<Record<string, readonly (readonly [GroupName, string])[]>>;
  /** Actions of the collection at the entry point, by short name. */
  actOnAll?: Readonly<Record<string, CollectionAction>>;
  /** Operations that would work now, as short names (edit, delete, start, capture, …), roles aside. */
  offered(found: Found, catalogue: Catalogue): string[];
  /**
   * Finds when `offered` next changes although nothing is written, in ms since the epoch: until then a representation may be kept.
   * Absent: never.
   */
  changesAt?(found: Found, now: number): number | undefined;
  /** Query of the href of an advertised link (capture, snapshot), by short name. */
  linkQuery?: Readonly<Record<string, (found: Found) => string>>;
}

/** 409 for a change of what an unfinished Job holds, naming that Job. */
export function heldBy(found: Found): Refusal {
  return new Refusal(409, `${found.path} is being changed by jobs/${found.held?.job ?? ''}: wait until that job has ended`, {
    kind: 'conflict',
    retryAfterS: 2,
    ...(found.held ? { job: found.held.job } : {}),
  });
}
