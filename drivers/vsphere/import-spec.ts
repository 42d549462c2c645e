import type { Hardware } from '../../src/clouds/image-facts';
import { writeDescriptor } from '../../src/ovf/writer';
import type { Marks } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { EXTRA, uuidOf } from './naming';
import { child, type Node, VIM, XSD } from './xml';

/** Descriptions by which vCenter makes the machine of an image: the descriptor that it is told, and what is added to its answer. */

/** Name of the one network in the descriptor, which is mapped to one of vCenter's. */
export const NETWORK = 'network';
const MIB = 2 ** 20;

interface Models {
  controller: string;
  card: string;
}

/** Models by the kind of hardware that is asked for. Windows has no driver for LSI's parallel controller since long. */
export const modelsFor = (hardware: Hardware | undefined, windows: boolean): Models =>
  hardware === 'native'
    ? { controller: 'VirtualSCSI', card: 'VmxNet3' }
    : { controller: windows ? 'lsilogicsas' : 'lsilogic', card: 'E1000e' };

export interface ImageHardware {
  /** Name in the inventory. */
  name: string;
  /** Size of the disk, bytes. */
  capacity: number;
  /** Bytes of it that are in use, where that is known; an estimate. */
  allocated: number | undefined;
  guestId: string;
  firmware: 'bios' | 'efi';
  secureBoot: boolean;
  /** Models of the controller and of the card. */
  models: Models;
  /** True where it has a network card. */
  card: boolean;
}

/**
 * Writes the descriptor of an image: one disk and at most one card. Its CPUs and memory mean nothing: machines made of it have those of
 * their configuration.
 */
export function imageDescriptor({ name, capacity, allocated, guestId, firmware, secureBoot, models, card }: ImageHardware): string {
  const device = (id: string, resourceType: number, model?: string) => ({
    ...{ id, resourceType, models: model === undefined ? [] : [model], required: true },
  });
  return writeDescriptor({
    ...{ version: '1', configurations: [], warnings: [] },
    files: [{ id: 'file1', location: { name: 'disk1.vmdk' }, gzip: false }],
    disks: [
      {
        ...{ id: 'disk1', capacity, file: 'file1', populatedSize: allocated },
        format: 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized',
      },
    ],
    networks: card ? [{ name: NETWORK }] : [],
    content: {
      ...{ kind: 'system', id: 'image', name, products: [], licenses: [] },
      operatingSystem: { id: 0, guestId },
      hardware: {
        ...{ families: ['vmx-13'], transports: [], firmware, secureBoot, cpus: 1, memory: 1024 * MIB, drives: [], others: [] },
        controllers: [{ ...device('10', 6, models.controller), address: '0' }],
        disks: [{ ...device('11', 17), controller: '10', address: 0, disk: 'disk1' }],
        interfaces: card ? [{ ...device('12', 10, models.card), network: NETWORK, connected: true }] : [],
      },
    },
  });
}

/** Members of VirtualMachineConfigSpec in the API's order, up to the last that is added here. */
export const CONFIG_ORDER: readonly string[] = [
  ...['changeVersion', 'name', 'version', 'createDate', 'uuid', 'instanceUuid', 'npivNodeWorldWideName', 'npivPortWorldWideName'],
  ...['npivWorldWideNameType', 'npivDesiredNodeWwns', 'npivDesiredPortWwns', 'npivTemporaryDisabled', 'npivOnNonRdmDisks'],
  ...['npivWorldWideNameOp', 'locationId', 'guestId', 'alternateGuestName', 'annotation', 'files', 'tools', 'flags'],
  ...['consolePreferences', 'powerOpInfo', 'rebootPowerOff', 'numCPUs', 'vcpuConfig', 'numCoresPerSocket', 'memoryMB'],
  ...['memoryHotAddEnabled', 'cpuHotAddEnabled', 'cpuHotRemoveEnabled', 'virtualICH7MPresent', 'virtualSMCPresent', 'deviceChange'],
  ...['cpuAllocation', 'memoryAllocation', 'latencySensitivity', 'cpuAffinity', 'memoryAffinity', 'networkShaper', 'cpuFeatureMask'],
  ...['extraConfig', 'swapPlacement', 'bootOptions', 'vAppConfig', 'ftInfo', 'repConfig', 'vAppConfigRemoved'],
  ...['vAssertsEnabled', 'changeTrackingEnabled', 'firmware'],
];

/**
 * Adds marks, description and firmware to the import specification that vCenter made, which stays as it is otherwise.
 * @throws ProviderError where it is not that of one machine
 */
export function marked(
  spec: Node,
  { tag, token }: Marks,
  { description, firmware, secureBoot }: Pick<ImageHardware, 'firmware' | 'secureBoot'> & { description: string | undefined },
): Node {
  const config = child(spec, 'configSpec');
  if (spec.xsiType !== 'VirtualMachineImportSpec' || !config)
    throw new ProviderError('unavailable', 'vCenter answered CreateImportSpec without a machine', { maybeDone: false });
  const extra = Object.entries({ [EXTRA.id]: tag, [EXTRA.token]: token, [EXTRA.upload]: tag });
  const added = [
    element('instanceUuid', uuidOf(tag)),
    ...(description === undefined ? [] : [element('annotation', description)]),
    ...extra.map(([key, value]) => ({
      ...element('extraConfig', ''),
      children: [element('key', key), { ...element('value', value), ...TEXT }],
    })),
    ...(secureBoot ? [{ ...element('bootOptions', ''), children: [element('efiSecureBootEnabled', 'true')] }] : []),
    element('firmware', firmware),
  ];
  const kept = config.children.filter(({ name }) => name === 'extraConfig' || !added.some((each) => each.name === name));
  // Each behind those of its own name; what is not known here comes behind all of them.
  const children = [...kept, ...added].sort((one, other) => rank(one) - rank(other));
  return { ...spec, children: spec.children.map((each) => (each === config ? { ...config, children } : each)) };
}

const TEXT = { xsiType: 'string', xsiSpace: XSD };

const element = (name: string, text: string): Node => ({ name, space: VIM, text, children: [] });

function rank({ name }: Node): number {
  const at = CONFIG_ORDER.indexOf(name);
  return at < 0 ? CONFIG_ORDER.length : at;
}
