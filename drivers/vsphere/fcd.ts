import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { finished } from './collector';
import { SoapFault } from './soap';
import { isA, type Ref, type Typed } from './types';

/** First-class disks (FCDs, virtual storage objects): the calls that read and write them. Capacities in MiB. */

/** One as the catalogue lists it. */
export interface Fcd {
  id: string;
  name: string | undefined;
  capacity: number;
  /** RFC 3339. */
  created: string | undefined;
  /** Datastore and file: `[name] path`. */
  path: string | undefined;
  metadata: ReadonlyMap<string, string>;
  /** Why vCenter cannot tell of it, in its words. */
  error: string | undefined;
}

/** What is needed to change one. */
export interface FcdPlace {
  datastore: Ref;
  name: string | undefined;
  capacity: number;
  attached: boolean;
}

/** Ids asked for in one call. */
const BATCH = 500;
const idOf = (id: string): Typed<'ID'> => ({ id });

/** Whether the text can be an id at all. */
export const isFcdId = (text: string): boolean => /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(text);

/** Those that fit the query, in the order of their ids: a call a page. */
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

/** Those that have this value in their metadata, under whatever key. */
export async function fcdsWith(wire: Wire, value: string, context: CallContext): Promise<Fcd[]> {
  const found: Fcd[] = [];
  const query = [{ queryField: 'metadataValue', queryOperator: 'equals', queryValue: [value] }];
  for await (const page of fcdPages(wire, query, context)) found.push(...page);
  return found;
}

/** These, without those that are gone. */
export async function fcdsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<Fcd[]> {
  const wanted = [...new Set(ids)].filter(isFcdId);
  const found: Fcd[] = [];
  for (let at = 0; at < wanted.length; at += BATCH) {
    const catalogue = await wire.catalogue(context);
    const results = await wire.call('VslmRetrieveVStorageObjects', catalogue, { ids: wanted.slice(at, at + BATCH).map(idOf) }, context);
    found.push(...(results ?? []).flatMap(fcdOf));
  }
  return found;
}

/** Which of these a machine has. */
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

/** Gone is told of by a result that is nothing but a fault. */
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

/** Where one is and whether a machine has it; undefined where there is none (which vCenter calls an invalid argument). */
export async function fcdPlace(wire: Wire, id: string, context: CallContext): Promise<FcdPlace | undefined> {
  if (!isFcdId(id)) return undefined;
  const catalogue = await wire.catalogue(context);
  try {
    const { config } = await wire.faulty('VslmRetrieveVStorageObject', catalogue, { id: idOf(id) }, context);
    const datastore = config?.backing?.datastore;
    if (!datastore) throw new ProviderError('unavailable', `vCenter does not tell where the disk ${id} is`, { maybeDone: false });
    return { datastore, name: config.name, capacity: config.capacityInMB ?? 0, attached: (config.consumerId?.length ?? 0) > 0 };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    if (error.code === 'NotFound' || error.code === 'InvalidArgument') return undefined;
    throw error.translated();
  }
}

type Writing = 'CreateDisk_Task' | 'CloneVStorageObject_Task' | 'ExtendDisk_Task' | 'DeleteVStorageObject_Task';
type TaskMethod = Writing | 'VCenterUpdateVStorageObjectMetadataEx_Task';

/** What writes them. */
export class FcdWriter {
  /** Copies that were begun and whose end nobody has seen yet, by the token of their create: there is no other trace of them. */
  private readonly copying = new Map<string, Ref>();

  constructor(private readonly wire: Wire) {}

  /** A new thin one, its metadata with it. @returns its id */
  async create(
    spec: { name: string; capacity: number; datastore: Ref; metadata: Readonly<Record<string, string>> },
    context: CallContext,
  ): Promise<string> {
    const { name, capacity, datastore, metadata } = spec;
    const whole = {
      name,
      keepAfterDeleteVm: true,
      backingSpec: { $type: 'VslmCreateSpecDiskFileBackingSpec', datastore, provisioningType: 'thin' },
      capacityInMB: capacity,
      metadata: pairs(metadata),
    };
    return madeId(await finished(this.wire, await this.#task('CreateDisk_Task', { spec: whole }, context), context));
  }

  /** A copy. Called again with the same token while one is being made, it waits for that one. @returns its id */
  async copy(
    spec: { source: string; from: Ref; token: string; name: string; datastore: Ref; metadata: Readonly<Record<string, string>> },
    context: CallContext,
  ): Promise<string> {
    const { source, from, token, name, datastore, metadata } = spec;
    const backingSpec = { $type: 'VslmCreateSpecDiskFileBackingSpec', datastore, provisioningType: 'thin' };
    const whole = { name, keepAfterDeleteVm: true, consolidate: true, backingSpec, metadata: pairs(metadata) };
    const parameters = { id: idOf(source), datastore: from, spec: whole };
    const task = this.copying.get(token) ?? (await this.#task('CloneVStorageObject_Task', parameters, context));
    this.copying.set(token, task);
    try {
      const id = madeId(await finished(this.wire, task, context));
      this.copying.delete(token);
      return id;
    } catch (error) {
      // A fault is the task's end; without one nobody has seen it.
      if (!(error instanceof ProviderError) || error.kind !== 'timeout' || error.cause !== undefined) this.copying.delete(token);
      throw error;
    }
  }

  /** Grows it to so many MiB; one that is so large is left alone. */
  async extend(id: string, { datastore, capacity }: FcdPlace, to: number, context: CallContext): Promise<void> {
    if (to <= capacity) return;
    await this.#done('ExtendDisk_Task', { id: idOf(id), datastore, newCapacityInMB: to }, context);
  }

  /** Writes these keys of its metadata; the others stay. */
  async describe(id: string, datastore: Ref, metadata: Readonly<Record<string, string>>, context: CallContext): Promise<void> {
    await this.#done('VCenterUpdateVStorageObjectMetadataEx_Task', { id: idOf(id), datastore, metadata: pairs(metadata) }, context);
  }

  /** Gives it another name of its own; names repeat. */
  async rename(id: string, datastore: Ref, name: string, context: CallContext): Promise<void> {
    await this.wire.call('RenameVStorageObject', await this.#manager(context), { id: idOf(id), datastore, name }, context);
  }

  /** Again, or after somebody else did, is success. @throws ProviderError `conflict` for one that a machine has */
  async delete(id: string, context: CallContext): Promise<void> {
    const place = await fcdPlace(this.wire, id, context);
    if (!place) return;
    if (place.attached) throw new ProviderError('conflict', ATTACHED, { code: 'InvalidState', maybeDone: false });
    try {
      await this.#done('DeleteVStorageObject_Task', { id: idOf(id), datastore: place.datastore }, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind === 'timeout' || (await fcdPlace(this.wire, id, context))) throw error;
    }
  }

  async #done<M extends TaskMethod>(method: M, parameters: TaskParameters<M>, context: CallContext): Promise<void> {
    await finished(this.wire, await this.#task(method, parameters, context), context);
  }

  async #task<M extends TaskMethod>(method: M, parameters: TaskParameters<M>, context: CallContext): Promise<Ref> {
    return this.wire.call(method, await this.#manager(context), parameters, context);
  }

  async #manager(context: CallContext): Promise<Ref> {
    const { vStorageObjectManager } = await this.wire.service(context);
    if (vStorageObjectManager) return vStorageObjectManager;
    throw new ProviderError('unsupported', 'this vCenter has no first-class disks', { maybeDone: false });
  }
}

type TaskParameters<M extends TaskMethod> = Parameters<typeof Wire.prototype.call<M>>[2];

/** Why what a machine has is not deleted. */
export const ATTACHED = 'The volume is attached to a machine';

const pairs = (metadata: Readonly<Record<string, string>>): Typed<'KeyValue'>[] =>
  Object.entries(metadata).map(([key, value]) => ({ key, value }));

function madeId(made: unknown): string {
  const id = isA(made, 'VStorageObject') ? made.config?.id?.id : undefined;
  if (id === undefined) throw new ProviderError('unavailable', 'the task ended without telling what it made', { maybeDone: true });
  return id;
}
