import type { Item, MachineImages } from '../../src/clouds/driver';
import { phaseAt } from './account';
import type { SimulatorClient } from './client';
import { fromNames, holds, toNames } from './naming';
import { reads, sent, sentDelete } from './pages';
import { IMAGE_STATES, stateOf } from './states';
import type { Snapshot } from './things';

const FOREIGN = 'The image belongs to the provider';

function image(snapshot: Snapshot, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(IMAGE_STATES, phaseAt(snapshot.timeline, now));
  if (state === 'absent') return undefined;
  return {
    key: snapshot.id,
    values: {
      ...fromNames(snapshot),
      state,
      type: snapshot.holds === 'disk' ? 'IMAGE' : 'SNAPSHOT',
      imageLocation: `urn:simulator:image:${encodeURIComponent(snapshot.id)}`,
      ...(snapshot.parent === null ? {} : { relatedImage: { item: { type: 'MachineImage', key: snapshot.parent } } }),
    },
    ...(snapshot.tag === null ? {} : { tag: snapshot.tag }),
    ...(snapshot.token === null ? {} : { token: snapshot.token }),
    created: new Date(snapshot.madeAt).toISOString(),
    ...(unmappedState === undefined ? {} : { unmappedState }),
    cpuArch: snapshot.arch,
    ...(snapshot.builtin ? { public: true, refuses: { edit: FOREIGN, delete: FOREIGN } } : {}),
  };
}

/** Snapshots, the provider's own and ours, as MachineImages. */
export function machineImages(client: SimulatorClient): MachineImages {
  const snapshots = reads(client, 'snapshot', 'machineImages', image);
  return {
    list: snapshots.list,
    getMany: snapshots.getMany,
    find: ({ tag }, context) => snapshots.find(tag, context),
    holds,
    async capture(request, context) {
      const holding = request.type === 'IMAGE' ? ('disk' as const) : ('state' as const);
      const wanted = { ...toNames(request), instance: request.machine, holds: holding, tag: request.tag, token: request.token };
      return { key: await sent(client.takeSnapshot(wanted, context)) };
    },
    rename: (key, naming, context) => sent(client.relabel('snapshot', 'machineImages.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.dropSnapshot(key, context)),
  };
}
