import type { CallContext } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { SoapFault } from './soap';
import { isA, type Parameters, type Ref, type TaskMethod, type Typed } from './types';

/** First-class disks (FCDs, virtual storage objects): the calls that read and write them. Capacities in MiB. */

/** First-class disk as the catalogue lists it. */
export interface Fcd {
  id: string;
  name: string | undefined;
  capacity: number;
  /** RFC 3339. */
  created: string | undefined;
  /** Datastore and file: `[name] path`. */
  path: string | undefined;
  metadata: ReadonlyMap<string, string>;
  /** Reason, in its words, why vCenter cannot tell of it. */
  error: string | undefined;
}

/** Place of a disk, as needed to change it. */
export interface FcdPlace {
  datastore: Ref;
  name: string | undefined;
  capacity: number;
  attached: boolean;
  /** Reason, as far as its name tells, why the gateway may not change it. */
  managed: string | undefined;
}

/** Ids asked for in one call. */
const BATCH = 500;
const idOf = (id: string): Typed<'ID'> => ({ id });

/** Tells whether the text can be an id at all. */
export const isFcdId = (text: string): boolean => /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text);

/** Lists the disks that fit the query, in the order of their ids: one call a page. */
export async function* fcdPages(
  wire: Wire,
  query: readonly Typed<'VslmVsoVStorageObjectQuerySpec'>[],
  context: CallContext,
): AsyncIterable<Fcd[]> {
  const catalogue = await wire.catalogue(context);
  const maxResult = wire.options.pageSize;
  for (let after: string | undefined; ;) {
    const more = after === undefined ? [] : [{ queryField: 'id', queryOperator: 'greaterThan', queryValue: [after] }];
    const result = await wire.call('VslmListVStorageObjectForSpec', catalogue, { query: [...query, ...more], maxResult }, context);
    const page = (result?.queryResults ?? []).flatMap(fcdOf);
    yield page;
    after = page.at(-1)?.id;
    if (after === undefined || result?.allRecordsReturned !== false) return;
  }
}

/** Finds the disks that have this value in their metadata, under any key. */
export async function fcdsWith(wire: Wire, value: string, context: CallContext): Promise<Fcd[]> {
  const found: Fcd[] = [];
  const query = [{ queryField: 'metadataValue', queryOperator: 'equals', queryValue: [value] }];
  for await (const page of fcdPages(wire, query, context)) found.push(...page);
  return found;
}

/** Reads disks, and proofs for those that are gone; an id in neither is unknown. */
export async function fcdsById(
  wire: Wire,
  ids: readonly string[],
  context: CallContext,
): Promise<{ fcds: Fcd[]; gone: Map<string, Gone> }> {
  const wanted = [...new Set(ids)].filter(isFcdId);
  const fcds: Fcd[] = [];
  const gone = new Map(ids.filter((id) => !isFcdId(id)).map((key) => [key, Gone.impossible({ type: FCD, key })]));
  for (let at = 0; at < wanted.length; at += BATCH) {
    const catalogue = await wire.catalogue(context);
    const results = await wire.call('VslmRetrieveVStorageObjects', catalogue, { ids: wanted.slice(at, at + BATCH).map(idOf) }, context);
    for (const result of results ?? []) {
      const { id, error } = result;
      if (id?.id !== undefined && error?.fault?.$type === 'NotFound') gone.set(id.id, goneFcd(id.id, error.localizedMessage));
      else fcds.push(...fcdOf(result));
    }
  }
  return { fcds, gone };
}

/** Type of such a disk, as proofs name it. */
export const FCD = 'first-class disk';

function goneFcd(key: string, said: string | undefined): Gone {
  return Gone.told({ type: FCD, key }, { code: 'NotFound', message: `vCenter has no first-class disk ${key}${said ? `: ${said}` : ''}` });
}

/** Returns those of the disks that a machine has. */
export async function attachedFcds(wire: Wire, ids: readonly string[], context: CallContext): Promise<Set<string>> {
  const found = new Set<string>();
  for (let at = 0; at < ids.length; at += BATCH) {
    const catalogue = await wire.catalogue(context);
    const batch = { ids: ids.slice(at, at + BATCH).map(idOf) };
    for (const { id, vmDiskAssociation } of (await wire.call('VslmRetrieveVStorageObjectAssociations', catalogue, batch, context)) ?? []) {
      if (id?.id !== undefined && (vmDiskAssociation?.length ?? 0) > 0) found.add(id.id);
    }
  }
  return found;
}

/** A list leaves out what is gone meanwhile. */
function fcdOf({ id, name, capacityInMB, createTime, diskPath, metadata, error }: Typed<'VslmVsoVStorageObjectResult'>): Fcd[] {
  if (id?.id === undefined || error?.fault?.$type === 'NotFound') return [];
  return [
    {
      id: id.id,
      name,
      capacity: Math.max(0, capacityInMB ?? 0),
      created: createTime,
      path: diskPath,
      metadata: new Map((metadata ?? []).map(({ key = '', value = '' }) => [key, value])),
      error: error && (error.localizedMessage ?? error.fault?.$type ?? 'unknown'),
    },
  ];
}

/**
 * Reads where a disk is and whether a machine has it.
 * @throws Gone, ProviderError
 */
export async function presentFcd(wire: Wire, id: string, context: CallContext): Promise<FcdPlace> {
  if (!isFcdId(id)) throw Gone.impossible({ type: FCD, key: id });
  const catalogue = await wire.catalogue(context);
  try {
    const { config } = (await wire.faulty('VslmRetrieveVStorageObject', catalogue, { id: idOf(id) }, context)) ?? {};
    const datastore = config?.backing?.datastore;
    if (!datastore) throw new ProviderError('unavailable', `vCenter does not tell where the disk ${id} is`, { maybeDone: false });
    const { name, capacityInMB = 0, consumerId = [] } = config;
    return { datastore, name, capacity: capacityInMB, attached: consumerId.length > 0, managed: claimName(name) };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    if (error.code === 'NotFound') throw goneFcd(id, error.said);
    // Some vCenters call an unknown id an invalid argument, which proves nothing: the catalogue itself is asked.
    const proof = error.code === 'InvalidArgument' ? (await fcdsById(wire, [id], context)).gone.get(id) : undefined;
    throw proof ?? error.translated();
  }
}

/** The same, or undefined where vCenter proves that it is gone. */
export async function fcdPlace(wire: Wire, id: string, context: CallContext): Promise<FcdPlace | undefined> {
  try {
    return await presentFcd(wire, id, context);
  } catch (error) {
    if (isGone(error, { type: FCD, key: id })) return undefined;
    throw error;
  }
}

/** Returns the name that Kubernetes gave a disk of its claims; undefined where it is none. */
const claimName = (name: string | undefined): string | undefined =>
  /^pvc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name ?? '') ? KUBERNETES : undefined;

/** Words for a disk of vCenter's Cloud Native Storage, which is left alone. */
export const KUBERNETES = 'It is a volume of Kubernetes (Cloud Native Storage), which would not know of the change';

type FcdTask = Extract<
  TaskMethod,
  'CreateDisk_Task' | 'CloneVStorageObject_Task' | 'ExtendDisk_Task' | 'DeleteVStorageObject_Task' | Describe
>;
type Describe = 'VCenterUpdateVStorageObjectMetadataEx_Task';

/** Calls that begin to write first-class disks. */
export class FcdWriter {
  constructor(private readonly wire: Wire) {}

  /** A new thin one, its metadata with it. */
  async create(
    spec: { name: string; capacity: number; datastore: Ref; metadata: Readonly<Record<string, string>> },
    context: CallContext,
  ): Promise<Ref> {
    const { name, capacity, datastore, metadata } = spec;
    const whole = {
      name,
      keepAfterDeleteVm: true,
      backingSpec: { $type: 'VslmCreateSpecDiskFileBackingSpec', datastore, provisioningType: 'thin' },
      capacityInMB: capacity,
      metadata: pairs(metadata),
    };
    return this.#begin('CreateDisk_Task', { spec: whole }, context);
  }

  /** A copy. */
  async copy(
    spec: { source: string; from: Ref; name: string; datastore: Ref; metadata: Readonly<Record<string, string>> },
    context: CallContext,
  ): Promise<Ref> {
    const { source, from, name, datastore, metadata } = spec;
    const backingSpec = { $type: 'VslmCreateSpecDiskFileBackingSpec', datastore, provisioningType: 'thin' };
    const whole = { name, keepAfterDeleteVm: true, consolidate: true, backingSpec, metadata: pairs(metadata) };
    return this.#begin('CloneVStorageObject_Task', { id: idOf(source), datastore: from, spec: whole }, context);
  }

  /** Grows it to so many MiB; one that is so large is left alone. */
  async extend(id: string, to: number, context: CallContext): Promise<Ref | undefined> {
    const { capacity, datastore } = await presentFcd(this.wire, id, context);
    return to <= capacity ? undefined : this.#begin('ExtendDisk_Task', { id: idOf(id), datastore, newCapacityInMB: to }, context);
  }

  /** Writes these keys of its metadata; the others stay. */
  async describe(id: string, datastore: Ref, metadata: Readonly<Record<string, string>>, context: CallContext): Promise<Ref> {
    return this.#begin('VCenterUpdateVStorageObjectMetadataEx_Task', { id: idOf(id), datastore, metadata: pairs(metadata) }, context);
  }

  /** Gives it another name of its own; names repeat. */
  async rename(id: string, datastore: Ref, name: string, context: CallContext): Promise<void> {
    await this.wire.call('RenameVStorageObject', await this.#manager(context), { id: idOf(id), datastore, name }, context);
  }

  /** @throws Gone; ProviderError `conflict` for one that a machine has */
  async delete(id: string, context: CallContext): Promise<Ref> {
    const { attached, datastore } = await presentFcd(this.wire, id, context);
    if (attached) throw new ProviderError('conflict', ATTACHED, { code: 'InvalidState', maybeDone: false });
    return this.#begin('DeleteVStorageObject_Task', { id: idOf(id), datastore }, context);
  }

  async #begin<M extends FcdTask>(method: M, parameters: Parameters<M>, context: CallContext): Promise<Ref> {
    return this.wire.begin(method, await this.#manager(context), parameters, context);
  }

  async #manager(context: CallContext): Promise<Ref> {
    const { vStorageObjectManager } = await this.wire.service(context);
    if (vStorageObjectManager) return vStorageObjectManager;
    throw new ProviderError('unsupported', 'this vCenter has no first-class disks', { maybeDone: false });
  }
}

/** Words for a volume that is not deleted because a machine has it. */
export const ATTACHED = 'The volume is attached to a machine';

const pairs = (metadata: Readonly<Record<string, string>>): Typed<'KeyValue'>[] =>
  Object.entries(metadata).map(([key, value]) => ({ key, value }));

/** The id of what a task made. @throws ProviderError where vCenter does not tell it */
export function fcdPicked(made: unknown): string {
  const id = isA(made, 'VStorageObject') ? made.config?.id?.id : undefined;
  if (id === undefined) throw new ProviderError('unavailable', 'the task ended without its result', { maybeDone: true });
  return id;
}
