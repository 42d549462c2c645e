import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { objects, type Seen } from './collector';
import { text } from './machine-item';
import { unescapeName } from './naming';
import { type Place, refsOf } from './places';
import { isA, type Ref, type Typed } from './types';

/** Requests to vCenter, and what the driver decides itself, once it is known where a machine goes. */

/** Create, resolved: the call to make. */
export type Placement =
  | { kind: 'clone'; place: Place; source: Ref; name: string; linked: boolean; spec: Typed<'VirtualMachineCloneSpec'> }
  | { kind: 'blank'; place: Place; config: Typed<'VirtualMachineConfigSpec'> };

/**
 * The datastore of a create: in a datastore cluster, the member that storage DRS recommends. A linked clone stays beside its
 * source's disks, as vCenter has it. Where there is no recommendation, the member that was chosen.
 */
export async function onPod(wire: Wire, plan: Placement, context: CallContext): Promise<{ ref: Ref; name: string }> {
  const { datastore, datastoreName, pod } = plan.place;
  const chosen = { ref: datastore, name: datastoreName };
  if (!pod || (plan.kind === 'clone' && plan.linked)) return chosen;
  const recommended = await recommendation(wire, plan, pod, context);
  if (!recommended || recommended.value === datastore.value) return chosen;
  const [seen] = await objects(wire, [recommended], { Datastore: ['name'] }, context);
  return { ref: recommended, name: unescapeName((seen && text(seen, 'name')) ?? recommended.value) };
}

async function recommendation(wire: Wire, plan: Placement, pod: Ref, context: CallContext): Promise<Ref | undefined> {
  const { storageResourceManager } = await wire.service(context);
  if (!storageResourceManager) return undefined;
  try {
    const storageSpec = placementSpec(plan, pod);
    const answer = await wire.call('RecommendDatastores', storageResourceManager, { storageSpec }, context);
    const best = [...(answer?.recommendations ?? [])].sort((a, b) => (b.rating ?? 0) - (a.rating ?? 0))[0];
    return (best?.action ?? []).flatMap((action) => (isA(action, 'StoragePlacementAction') ? (action.destination ?? []) : []))[0];
  } catch (error) {
    // No recommendation is no reason not to make it: the cluster's member with the most room takes it.
    if (!(error instanceof ProviderError) || error.passing) throw error;
    wire.warn('storage DRS recommends no datastore; the member with the most free space is taken', {
      pod: pod.value,
      error: error.message,
    });
    return undefined;
  }
}

function placementSpec(plan: Placement, storagePod: Ref): Typed<'StoragePlacementSpec'> {
  const { folder, pool: resourcePool } = plan.place;
  const common = { folder, resourcePool, podSelectionSpec: { storagePod, initialVmConfig: [{ storagePod }] } };
  if (plan.kind === 'blank') return { ...common, type: 'create', configSpec: plan.config };
  return { ...common, type: 'clone', vm: plan.source, cloneName: plan.name, cloneSpec: plan.spec };
}

const HOST_PATHS: readonly string[] = [
  ...['runtime.connectionState', 'runtime.inMaintenanceMode', 'datastore', 'network'],
  ...['summary.quickStats.overallMemoryUsage', 'summary.hardware.memorySize'],
];

/**
 * The host of a machine made from nothing, where the cluster has no DRS to choose it: one that is up and has the datastore,
 * with the most free memory. A read more.
 * @throws ProviderError `unavailable` where there is none
 */
export async function hostFor(wire: Wire, { hosts }: Place, datastore: Ref, context: CallContext): Promise<Ref | undefined> {
  if (hosts.length === 0) return undefined;
  const seen = await objects(wire, hosts, { HostSystem: HOST_PATHS }, context);
  const isUp = ({ properties }: Seen) =>
    properties.get('runtime.connectionState') === 'connected' && properties.get('runtime.inMaintenanceMode') !== true;
  const fitting = seen.filter(
    (each) => isUp(each) && refsOf(each.properties.get('datastore')).some(({ value }) => value === datastore.value),
  );
  const [best] = [...fitting].sort((a, b) => freeMemory(b) - freeMemory(a) || (a.ref.value < b.ref.value ? -1 : 1));
  if (best) return best.ref;
  const words = 'no host of the cluster is connected, out of maintenance, and has the datastore';
  throw new ProviderError('unavailable', words, { maybeDone: false, lasting: true });
}

/** Bytes. */
function freeMemory({ properties }: Seen): number {
  const [size, used] = [properties.get('summary.hardware.memorySize'), properties.get('summary.quickStats.overallMemoryUsage')];
  return (typeof size === 'number' ? size : 0) - (typeof used === 'number' ? used * 1_048_576 : 0);
}
