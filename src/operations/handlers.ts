import type { TransferRates } from '../clouds/rate';
import { createFetcher, type Fetcher } from '../fetch/fetcher';
import { NOTHING_FETCHED } from '../fetch/rules';
import type { Workflow } from '../jobs/workflow';
import type { Value } from '../model/values';
import { addressHandler } from './address';
import { credentialHandler, credentialTemplateHandler, removeCredential } from './credential';
import { eventHandler, eventLogHandler } from './event-log';
import type { ResourceHandler } from './resource-handler';
import { forwardingGroupHandler, forwardingGroupNetworkHandler } from './forwarding-group';
import { createAtProvider } from './create-at-provider';
import { formerCreates } from './former-creates';
import { createTable } from './create-table';
import type { MoveLimits } from './image-copy';
import { imageHandler } from './image';
import { lateCall } from './late-call';
import { lookAgain } from './look-again';
import { machineHandler } from './machine';
import { machineConfigHandler } from './machine-config';
import { diskHandler, interfaceAddressHandler, interfaceHandler, machineVolumeHandler } from './machine-parts';
import { meterConfigHandler, meterTemplateHandler } from './meter-config';
import { meterHandler, sampleHandler } from './meter';
import { monitored } from './monitored';
import { networkHandler, networkPortHandler } from './network';
import { actWorkflow, deleteWorkflow, updateWorkflow } from './provider-change';
import { planStoredRemove, planStoredUpdate, storedHandler, storedOffered } from './stored';
import { volumeHandler, volumeImageHandler } from './volume';

const nothingFetched = (): Fetcher => createFetcher(NOTHING_FETCHED);

/**
 * The resource types that this gateway offers, in the order of the entry point's attributes where they have one.
 * @param fetcher fetches what requests name; by default nothing.
 */
export function resourceHandlers(fetcher = nothingFetched()): readonly ResourceHandler[] {
  return [
    monitored(machineHandler),
    storedHandler('MachineTemplate'),
    machineConfigHandler,
    imageHandler(fetcher),
    credentialHandler,
    credentialTemplateHandler,
    diskHandler,
    machineVolumeHandler,
    interfaceHandler,
    interfaceAddressHandler,
    monitored(volumeHandler),
    storedHandler('VolumeTemplate'),
    storedHandler('VolumeConfiguration', { group: 'volumeConfigs', shared: true }),
    volumeImageHandler(fetcher),
    // An association is made with its snapshot; deleting it leaves the image alone (D154).
    storedAssociation('VolumeVolumeImage'),
    monitored(networkHandler),
    storedHandler('NetworkTemplate'),
    storedHandler('NetworkConfiguration', { group: 'networkConfigs', shared: true }),
    // What ports say of their network; made and deleted with the port (D011).
    { type: 'NetworkNetworkPort', derived: { from: 'NetworkPort', through: 'network', as: 'networkPort' }, offered: () => [] },
    monitored(networkPortHandler),
    storedHandler('NetworkPortTemplate'),
    storedHandler('NetworkPortConfiguration'),
    addressHandler,
    storedHandler('AddressTemplate'),
    forwardingGroupHandler,
    forwardingGroupNetworkHandler,
    storedHandler('ForwardingGroupTemplate'),
    storedAssociation('MachineSnapshot'),
    meterHandler,
    sampleHandler,
    meterTemplateHandler,
    meterConfigHandler,
    eventLogHandler,
    storedHandler('EventLogTemplate'),
    eventHandler,
  ];
}

function storedAssociation(type: string): ResourceHandler {
  return { type, stored: true, update: planStoredUpdate, remove: planStoredRemove, offered: storedOffered };
}

/**
 * Every workflow that a stored Job may name; a version stays until no unfinished Job uses it.
 * @param move limits of copies between clouds
 */
export function workflows(fetcher = nothingFetched(), move?: MoveLimits, rates?: TransferRates): readonly Workflow<Value>[] {
  const creates = createTable(fetcher, move, rates).map(createAtProvider);
  return [
    ...creates,
    ...formerCreates(creates),
    actWorkflow,
    updateWorkflow,
    deleteWorkflow,
    removeCredential,
    lookAgain,
    lateCall,
  ] as unknown as Workflow<Value>[];
}
