import { createFetcher, type Fetcher } from '../fetch/fetcher';
import { NOTHING_FETCHED } from '../fetch/rules';
import type { Workflow } from '../jobs/workflow';
import type { Value } from '../model/values';
import { addressFamily } from './address';
import { credentialFamily, removeCredential } from './credential';
import type { Family } from './family';
import { forwardingGroupFamily, forwardingGroupNetworkFamily } from './forwarding-group';
import { createAtProvider } from './create-at-provider';
import { formerCreates } from './create-formerly';
import { createTable } from './create-table';
import { imageFamily } from './image';
import { lateCall } from './late-call';
import { lookAgain } from './look-again';
import { machineFamily } from './machine';
import { machineConfigFamily } from './machine-config';
import { diskFamily, interfaceAddressFamily, interfaceFamily, machineVolumeFamily } from './machine-parts';
import { networkFamily, networkPortFamily } from './network';
import { act, remove, update } from './provider-change';
import { planStoredRemove, planStoredUpdate, storedFamily, storedOffered } from './stored';
import { volumeFamily, volumeImageFamily } from './volume';

const nothingFetched = (): Fetcher => createFetcher(NOTHING_FETCHED);

/**
 * The resource types that this gateway offers, in the order of the entry point's attributes where they have one.
 * @param fetcher fetches what requests name; by default nothing.
 */
export function families(fetcher = nothingFetched()): readonly Family[] {
  return [
    machineFamily,
    storedFamily('MachineTemplate'),
    machineConfigFamily,
    imageFamily(fetcher),
    credentialFamily,
    storedFamily('CredentialTemplate'),
    diskFamily,
    machineVolumeFamily,
    interfaceFamily,
    interfaceAddressFamily,
    volumeFamily,
    storedFamily('VolumeTemplate'),
    storedFamily('VolumeConfiguration', { group: 'volumeConfigs', shared: true }),
    volumeImageFamily(fetcher),
    // An association is made with its snapshot; deleting it leaves the image alone (D154).
    storedAssociation('VolumeVolumeImage'),
    networkFamily,
    storedFamily('NetworkTemplate'),
    storedFamily('NetworkConfiguration', { group: 'networkConfigs', shared: true }),
    // What ports say of their network; made and deleted with the port (D011).
    { type: 'NetworkNetworkPort', derived: { from: 'NetworkPort', through: 'network', as: 'networkPort' }, offered: () => [] },
    networkPortFamily,
    storedFamily('NetworkPortTemplate'),
    storedFamily('NetworkPortConfiguration'),
    addressFamily,
    storedFamily('AddressTemplate'),
    forwardingGroupFamily,
    forwardingGroupNetworkFamily,
    storedFamily('ForwardingGroupTemplate'),
    storedAssociation('MachineSnapshot'),
  ];
}

function storedAssociation(type: string): Family {
  return { type, stored: true, update: planStoredUpdate, remove: planStoredRemove, offered: storedOffered };
}

/** Every workflow that a stored Job may name; a version stays until no unfinished Job uses it. */
export function workflows(fetcher = nothingFetched()): readonly Workflow<Value>[] {
  const creates = createTable(fetcher).map(createAtProvider);
  return [
    ...creates,
    ...formerCreates(creates),
    act,
    update,
    remove,
    removeCredential,
    lookAgain,
    lateCall,
  ] as unknown as Workflow<Value>[];
}
