import { DescribeInstancesCommand, type Instance, type Volume } from '@aws-sdk/client-ec2';
import type { CallContext, Item, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Disks } from '../../src/clouds/infrastructure';
import { gibToKb } from '../../src/model/units';
import type { Wire } from './client';
import type { InstanceTypes } from './configs';
import { thing } from './gone';
import { grow } from './grow';
import { instancesById, instancesOf } from './instance-reads';
import { attachmentsOf, ownerOf, volumeById, volumePages, volumesById } from './storage-reads';

const ATTACHED = [{ Name: 'status', Values: ['in-use'] }];
/** Key of an instance store disk: its instance and its place among the type's. */
const STORE = /^(i-[0-9a-f]+):ephemeral(\d+)$/;
const FIXED = 'Instance storage has the size that the instance type gives it';

/** Disks that an instance deletes with itself: volumes with DeleteOnTermination (the root volume mostly) and instance store. */
export class Ec2Disks implements Disks {
  readonly changes = { capacity: 'sets' } as const;
  constructor(
    private readonly wire: Wire,
    private readonly types: InstanceTypes,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of volumePages(this.wire, ATTACHED, context)) yield page.flatMap(diskItem);
    const ask = (NextToken: string | undefined) =>
      this.wire.send(new DescribeInstancesCommand({ MaxResults: this.wire.options.pageSize, NextToken }), context);
    for await (const page of this.wire.pages(ask)) yield await this.#stores(instancesOf(this.wire, page), context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const stores = keys.filter((key) => STORE.test(key));
    const others = keys.filter((key) => !STORE.test(key));
    const [volumes, inside] = await Promise.all([volumesById(this.wire, others, context), this.#storesByKey(stores, context)]);
    return [
      ...volumes.found.flatMap((volume) => (isUntold(volume) ? [] : (diskItem(volume)[0] ?? noDisk(volume)))),
      ...volumes.gone,
      ...inside,
    ];
  }

  async #storesByKey(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const ids = keys.flatMap((key) => STORE.exec(key)?.[1] ?? []);
    if (ids.length === 0) return [];
    const { found, gone } = await instancesById(this.wire, ids, context);
    const items = new Map((await this.#stores(found, context)).map((item) => [item.key, item]));
    return keys.flatMap((key) => {
      const id = STORE.exec(key)?.[1];
      const what = { type: 'disk', key };
      const shown = found.some(({ InstanceId }) => InstanceId === id) ? Gone.shown(what, `EC2 shows ${id ?? ''} without it`) : [];
      return items.get(key) ?? gone.find((proof) => proof.key === id)?.as(what) ?? shown;
    });
  }

  /** Grows a volume; the partition and its file system are the machine's own business. */
  async update(key: string, to: { capacity: number }, context: CallContext): Promise<void> {
    if (STORE.test(key)) throw new ProviderError('unsupported', FIXED);
    await grow(this.wire, await volumeById(this.wire, key, context), to.capacity, context);
  }

  async #stores(instances: readonly Instance[], context: CallContext): Promise<Item[]> {
    const there = instances.filter(({ State }) => State?.Name !== 'terminated' && State?.Name !== 'shutting-down');
    const stores = await this.types.stores(
      there.flatMap(({ InstanceType }) => InstanceType || []),
      context,
    );
    return there.flatMap((instance) =>
      (stores.get(instance.InstanceType ?? '') ?? []).map((capacity, n) => storeItem(instance, capacity, n)),
    );
  }
}

function storeItem({ InstanceId, LaunchTime }: Instance, capacity: number, place: number): Item {
  return {
    key: `${InstanceId}:ephemeral${place}`,
    values: { capacity },
    owner: InstanceId,
    created: LaunchTime?.toISOString(),
    refuses: { edit: FIXED, delete: FIXED },
  };
}

/** True where EC2 does not say whether an instance deletes the volume with itself: it may be a Disk. */
const isUntold = (volume: Volume): boolean =>
  volume.State !== 'deleted' && attachmentsOf(volume).some(({ DeleteOnTermination }) => DeleteOnTermination === undefined);

const noDisk = ({ VolumeId = '' }: Volume): Gone =>
  Gone.shown(thing('volume', VolumeId), `EC2 shows ${VolumeId} as what no instance deletes with itself`);

/** A volume as a Disk; nothing where no instance deletes it with itself. */
export function diskItem(volume: Volume): Item[] {
  const owner = ownerOf(volume);
  if (owner?.InstanceId === undefined || volume.State === 'deleted') return [];
  return [
    {
      key: volume.VolumeId ?? '',
      values: { capacity: volume.Size === undefined ? undefined : gibToKb(volume.Size), initialLocation: owner.Device },
      owner: owner.InstanceId,
      created: volume.CreateTime?.toISOString(),
    },
  ];
}
