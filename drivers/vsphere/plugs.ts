import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { objects, type Seen, told } from './collector';
import { isKey } from './keys';
import { refOf, text } from './machine-item';
import { networkRef } from './network-item';
import { isUplink, type Network, refsOf } from './places';
import type { Ref } from './types';

const WANTED = {
  HostSystem: ['network'],
  Network: ['name'],
  DistributedVirtualPortgroup: ['name', 'key', 'config.distributedVirtualSwitch', 'tag'],
};

/**
 * A network as a card of this machine can be plugged into it: two reads.
 * @param machine with `runtime.host`
 * @throws Gone where it is not there, `invalid` where it is not at the machine's host, `unsupported` for NSX's
 */
export async function networkOnHost(wire: Wire, machine: Seen, key: string, context: CallContext): Promise<Network> {
  const wanted = networkRef(key);
  const host = refOf(machine.properties.get('runtime.host'));
  // NSX keeps an interface's own id where the gateway's marks go.
  if (wanted.type === 'OpaqueNetwork')
    throw new ProviderError('unsupported', `${key} is a segment of NSX: interfaces are not added to it here`, { maybeDone: false });
  if (!isKey(key)) throw Gone.impossible({ type: wanted.type, key });
  const { seen, gone } = await told(wire, [wanted, ...(host ? [host] : [])], WANTED, context);
  const network = seen.find(({ ref }) => ref.value === key);
  if (!network) throw gone.get(key) ?? new ProviderError('unavailable', `vCenter says nothing of the network ${key}`, { maybeDone: false });
  if (isUplink(network))
    throw new ProviderError('invalid', `${key} is for a switch's uplinks, no network for machines`, { maybeDone: false });
  const name = text(network, 'name') ?? key;
  const there = seen.find(({ ref }) => ref.value === host?.value)?.properties.get('network');
  if (there !== undefined && !refsOf(there).some(({ value }) => value === key))
    throw new ProviderError('invalid', `the network '${name}' (${key}) is not at the host that ${machine.ref.value} is on`, {
      maybeDone: false,
    });
  const on = refOf(network.properties.get('config.distributedVirtualSwitch'));
  return { ref: network.ref, name, ...(on ? { port: await portOf(wire, network, on, context) } : {}) };
}

async function portOf(wire: Wire, network: Seen, on: Ref, context: CallContext): Promise<NonNullable<Network['port']>> {
  const [seen] = await objects(wire, [on], { DistributedVirtualSwitch: ['uuid'] }, context);
  const [portgroupKey, switchUuid] = [text(network, 'key'), seen && text(seen, 'uuid')];
  if (portgroupKey !== undefined && switchUuid !== undefined) return { portgroupKey, switchUuid };
  throw new ProviderError('forbidden', `vCenter does not tell the switch of ${network.ref.value}`, { maybeDone: false });
}
