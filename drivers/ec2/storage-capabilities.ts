import type { TypeCapabilities } from '../../src/clouds/driver';
import { gibToKb } from '../../src/model/units';
import { MAX_GIB, VOLUME_TYPE_URIS } from './volume-types';

const capacity = { ranges: [{ low: 1, high: gibToKb(MAX_GIB) }] };
const type = { values: VOLUME_TYPE_URIS };

/** Capabilities of storage on this cloud. */
export const STORAGE: Readonly<Record<string, TypeCapabilities>> = {
  Disk: { attributes: ['initialLocation'], constraints: { capacity } },
  MachineVolume: { attributes: ['initialLocation'] },
  Volume: {
    // Shared volumes made elsewhere (Multi-Attach) are shown, but the gateway shares none.
    capabilities: { SharedVolumeSupport: false },
    attributes: [],
    constraints: { type, capacity },
  },
  VolumeConfiguration: { attributes: [], constraints: { type, capacity } },
};
