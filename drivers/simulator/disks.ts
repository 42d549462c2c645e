import type { Item, Offered } from '../../src/clouds/driver';
import { gibToKb, kbToGib } from '../../src/model/units';
import { fromMarks } from './naming';
import { reads, sent, sentDelete } from './pages';
import type { StorageClient } from './storage';
import type { Attachment, Disk } from './things';

function disk(thing: Disk): Item {
  return {
    key: thing.id,
    values: { capacity: gibToKb(thing.sizeGiB), initialLocation: thing.path },
    owner: thing.instance,
    ...fromMarks(thing),
    ...(thing.boot ? { refuses: { delete: 'The machine boots from this disk' } } : {}),
  };
}

function attachment(thing: Attachment): Item {
  return {
    key: thing.id,
    values: { initialLocation: thing.path, volume: { item: { type: 'Volume', key: thing.volume } } },
    owner: thing.instance,
    ...fromMarks(thing),
  };
}

/** Disks of instances as Disks. */
export function disks(client: StorageClient): Offered<'disks'> {
  return {
    ...reads(client, 'disk', 'disks', disk),
    async create({ machine, capacity, initialLocation, tag, token }, context) {
      const order = { instance: machine, sizeGiB: kbToGib(capacity), path: initialLocation, tag, token };
      return { key: await sent(client.addDisk(order, context)) };
    },
    changes: { capacity: 'sets' },
    update: (key, { capacity }, context) => sent(client.growDisk(key, kbToGib(capacity), context)),
    delete: (key, context) => sentDelete(client.dropDisk(key, context)),
  };
}

/** Attachments as MachineVolumes. */
export function attachments(client: StorageClient): Offered<'attachments'> {
  return {
    ...reads(client, 'attachment', 'attachments', attachment),
    async create({ machine, volume, initialLocation, tag, token }, context) {
      return { key: await sent(client.attach({ instance: machine, volume, path: initialLocation, tag, token }, context)) };
    },
    delete: (key, context) => sentDelete(client.detach(key, context)),
  };
}
