import type { Item } from '../../src/clouds/driver';
import type { Seen } from './collector';
import { text } from './machine-item';
import { readableName, readSnapshotDescription } from './naming';
import { networkState } from './states';
import { isA, type Ref } from './types';

const PORT_GROUP = 'DistributedVirtualPortgroup';
const SHOWN: readonly string[] = ['name', 'summary.accessible'];

/** Properties of networks that are read. A base's properties are asked for of each of its subtypes, too. */
export const NETWORK_PATHS = {
  Network: SHOWN,
  OpaqueNetwork: SHOWN,
  [PORT_GROUP]: [...SHOWN, 'tag', 'config.description', 'config.defaultPortConfig'],
};

const STANDARD = 'A standard port group is each host’s own: it is changed there, not at vCenter';
const NSX = 'A segment of NSX: it is changed there, not at vCenter';

/** The reference with this key; vCenter's keys tell their type. */
export function networkRef(key: string): Ref {
  if (key.startsWith('dvportgroup-')) return { type: PORT_GROUP, value: key };
  return { type: /^(network-o|opaquenetwork-)/.test(key) ? 'OpaqueNetwork' : 'Network', value: key };
}

/** Returns the reason why the gateway may not change a network; undefined where it may. */
export function networkFixed(seen: Seen): string | undefined {
  if (seen.ref.type === 'OpaqueNetwork') return NSX;
  return seen.ref.type === PORT_GROUP ? undefined : STANDARD;
}

/**
 * A port group as a Network.
 * @param publicNetworks names or keys of those that are PUBLIC; a consumer's own name for what the gateway made is none
 */
export function networkItem(seen: Seen, publicNetworks: readonly string[]): Item {
  const { description, tag, token } = readSnapshotDescription(text(seen, 'config.description'));
  const { state, unmapped } = networkState(seen.properties.get('summary.accessible'));
  const name = readableName(text(seen, 'name'), tag);
  const isPublic = publicNetworks.includes(seen.ref.value) || (tag === undefined && publicNetworks.includes(name ?? ''));
  const vlan = vlanOf(seen);
  const fixed = networkFixed(seen);
  return {
    key: seen.ref.value,
    values: {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      state,
      networkType: isPublic ? 'PUBLIC' : 'PRIVATE',
      ...(vlan === undefined ? {} : { vlan }),
    },
    tag,
    token,
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(fixed === undefined ? {} : { refuses: { edit: fixed, delete: fixed } }),
  };
}

/** The one VLAN ID of its ports; none where they have none, or several (a trunk, a private VLAN). */
function vlanOf(seen: Seen): number | undefined {
  const setting = seen.properties.get('config.defaultPortConfig');
  const vlan = isA(setting, 'VMwareDVSPortSetting') ? setting.vlan : undefined;
  return isA(vlan, 'VmwareDistributedVirtualSwitchVlanIdSpec') && vlan.vlanId !== 0 ? vlan.vlanId : undefined;
}
