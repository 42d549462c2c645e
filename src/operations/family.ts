import type { Cloud, Clouds } from '../clouds/cloud';
import type { GroupName, Item, ListedGroup } from '../clouds/driver';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import type { Hold, NewResourceRow, ResourceChange, ResourcePath, ResourceRow, Role, StoreReads, UnitOfWork } from '../store/store';

/** A request that is refused before anything was done, in words a client can act on. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly details: { job?: string; retryAfterS?: number; kind?: string } = {},
  ) {
    super(message);
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
  /** When the provider was asked, ms since the epoch; now for what the gateway owns. */
  at: number;
  /** Operations that were worked out with the values (`Family.enrich`), for `offered` to go by. */
  offers?: readonly string[];
  /** A membership that follows from another resource: there is no row and never will be. */
  derived?: boolean;
}

/** What planning a change may use. Reads only. */
export interface PlanContext {
  principal: { name: string; tenant: string; role: Role };
  catalogue: Catalogue;
  clouds: Clouds;
  store: StoreReads;
  /** Key of the cloud whose entry point was used. */
  entryCloud: string | undefined;
  defaultCloud: string | undefined;
  /** Provider query parameters of the operation's href (4.1.6). */
  parameters: Readonly<Record<string, string>>;
  /** A resource a request refers to; foreign, missing and wrongly typed ones are refused naming `at`. */
  resolve(href: string, type: string, at: string): Promise<Found>;
  /** Everything of a type that the caller can see, in one cloud or in all. @throws ProviderError where a cloud cannot be read */
  list(type: string, cloud?: Cloud): Promise<readonly Found[]>;
  newId(): string;
  /** Identity tag for a resource of the caller's tenant. */
  tag(id: string): string;
}

/** What a computed attribute may be worked out from. Reads only, on behalf of one tenant. */
export interface Surroundings {
  tenant: string;
  catalogue: Catalogue;
  store: StoreReads;
  /** One resource; undefined for what is not there, or cannot be read now. */
  find(path: ResourcePath): Promise<Found | undefined>;
  /** Everything of a type that the tenant can see in the clouds that answer. */
  list(type: string): Promise<readonly Found[]>;
}

/** A change that was found possible: what the accepting transaction writes, and the Job. */
export interface Plan {
  /** targetResource of the Job. */
  target: ResourcePath;
  /** affectedResources from the start. */
  affected: readonly ResourcePath[];
  insert?: readonly NewResourceRow[];
  change?: readonly { path: ResourcePath; version: number; change: ResourceChange }[];
  remove?: readonly ResourcePath[];
  /** More of the accepting transaction, after the above. */
  also?: (unit: UnitOfWork) => Promise<void>;
  holds?: readonly Hold[];
  /** Absent: the change is finished in the accepting transaction. */
  work?: { workflow: string; version: number; input: Values };
  statusMessage: string;
  /** Path of what is created. */
  location?: ResourcePath;
  /** State of what is created once the Job has succeeded, where it has one. */
  becomes?: string;
  /** Attributes of this one answer only, never stored (a generated private key). */
  answerOnly?: Values;
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
}

/** What a resource type does that is its own. Absent members are operations that are not offered. */
export interface Family {
  type: string;
  /** Driver group that carries it; absent: only the gateway's own rows. */
  group?: ListedGroup;
  /** The gateway keeps resources of its own of this type beside the provider's. */
  stored?: boolean;
  /** Visible to every tenant of the account although made by nobody: all that was discovered, or only what the provider offers to everybody. */
  shared?: true | 'public';
  /**
   * Items of a nested collection that follow from resources of another type: those whose
   * reference `through` is the owner (null: whose item has the owner's key as its owner), shown `as`.
   */
  derived?: { from: string; through: string | null; as: string };
  /** Driver method without which `add` is not offered: [group, method]. */
  createNeeds?: readonly [GroupName, string];
  /** Adds to stored resources what follows from others (a state), all of one read together. */
  enrich?(founds: readonly Found[], reads: Surroundings): Promise<readonly Found[]>;
  create?(context: PlanContext, request: CreateRequest): Promise<Plan>;
  update?(context: PlanContext, found: Found, request: UpdateRequest): Promise<Plan>;
  remove?(context: PlanContext, found: Found): Promise<Plan>;
  /** Driver group whose methods the actions end in, where the type itself is in no cloud (a System acts on its Machines). */
  actThrough?: GroupName;
  act?: Readonly<Record<string, (context: PlanContext, found: Found, parameters: Values) => Promise<Plan>>>;
  /** Operations that would work now, as short names (edit, delete, start, capture, …), roles aside. */
  offered(found: Found, catalogue: Catalogue): string[];
  /** Query of the href of an advertised link (capture, snapshot), by short name. */
  linkQuery?: Readonly<Record<string, (found: Found) => string>>;
}

/** Whether a discovered item is there for every tenant of the account. */
export function isEverybodys(family: Family, item: Item | undefined): boolean {
  return family.shared === true || (family.shared === 'public' && item?.public === true);
}

/** 409 for a change of what an unfinished Job holds, naming that Job. */
export function heldBy(found: Found): Refusal {
  return new Refusal(409, `${found.path} is being changed by jobs/${found.held?.job ?? ''}: wait until that job has ended`, {
    kind: 'conflict',
    retryAfterS: 2,
    ...(found.held ? { job: found.held.job } : {}),
  });
}
