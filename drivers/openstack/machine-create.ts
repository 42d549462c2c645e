import type { CallContext, CreateMachine } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import type { Wire } from './client';
import type { Flavors } from './configs';
import { amount } from './documents';
import { createMetadata, holds, nameless, serverTag } from './naming';

/** Extension attributes that a create takes. */
interface Placement {
  availabilityZone: string | undefined;
  securityGroups: readonly string[] | undefined;
  serverGroup: string | undefined;
  schedulerHints: readonly string[];
  /** Tells whether it boots from a volume; absent: where the flavor has no root disk. */
  bootFromVolume: boolean | undefined;
  volumeType: string | undefined;
}

/** Body of POST /servers; all marks and names go in the one call. */
export async function serverRequest(wire: Wire, flavors: Flavors, request: CreateMachine, context: CallContext): Promise<object> {
  const placement = placementOf(wire, request.extensions ?? {});
  const naming = holds(request);
  const described = await wire.speaks('compute', '2.19', context);
  const tagged = await wire.speaks('compute', '2.52', context);
  const root = await bootVolume(wire, flavors, request, placement, context);
  const hints = hintsOf(placement);
  return {
    server: {
      name: naming.name ?? nameless(request.tag),
      ...(described && naming.description !== undefined ? { description: naming.description } : {}),
      flavorRef: request.config,
      ...(root ? { block_device_mapping_v2: [root] } : { imageRef: request.image }),
      metadata: createMetadata(request, described),
      ...(tagged ? { tags: [serverTag(request.tag)] } : {}),
      ...(await networksOf(wire, request, context)),
      ...(placement.securityGroups ? { security_groups: placement.securityGroups.map((name) => ({ name })) } : {}),
      ...(placement.availabilityZone === undefined ? {} : { availability_zone: placement.availabilityZone }),
      ...(request.credential === undefined ? {} : { key_name: request.credential }),
      ...(request.userData === undefined ? {} : { user_data: request.userData }),
    },
    ...(Object.keys(hints).length === 0 ? {} : { 'OS-SCH-HNT:scheduler_hints': hints }),
  };
}

/** Networks asked for, else those configured, else whatever Nova finds: from 2.37 on that has to be said. */
async function networksOf(wire: Wire, request: CreateMachine, context: CallContext): Promise<object> {
  const networks = request.networks && request.networks.length > 0 ? request.networks : wire.options.networks;
  const inNetwork = (uuid: string, [ip]: readonly string[] = []) => ({ uuid, ...(ip === undefined ? {} : { fixed_ip: ip }) });
  if (networks) {
    const asked = networks.map((uuid, n) => {
      const port = request.networkPorts?.[n];
      return port ? { port } : inNetwork(uuid, request.addresses?.[n]);
    });
    return { networks: asked };
  }
  return (await wire.speaks('compute', '2.37', context)) ? { networks: 'auto' } : {};
}

const text = (value: Value | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const texts = (value: Value | undefined): string[] =>
  Array.isArray(value) ? (value as readonly Value[]).filter((each) => typeof each === 'string') : [];

function placementOf(wire: Wire, extensions: { readonly [name: string]: Value | undefined }): Placement {
  const groups = texts(extensions.securityGroups);
  return {
    availabilityZone: text(extensions.availabilityZone) ?? wire.options.availabilityZone,
    securityGroups: groups.length > 0 ? groups : wire.options.securityGroups,
    serverGroup: text(extensions.serverGroup),
    schedulerHints: texts(extensions.schedulerHints),
    bootFromVolume: typeof extensions.bootFromVolume === 'boolean' ? extensions.bootFromVolume : undefined,
    volumeType: text(extensions.volumeType),
  };
}

/** Hints are `name=value`; a name given twice has both values. */
function hintsOf({ serverGroup, schedulerHints }: Placement): Record<string, string | string[]> {
  const hints: Record<string, string | string[]> = serverGroup === undefined ? {} : { group: serverGroup };
  for (const hint of schedulerHints) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(hint) ?? [];
    if (name === undefined || value === undefined)
      throw new ProviderError('invalid', `schedulerHints: "${hint}" is not of the form name=value`, { maybeDone: false });
    const before = hints[name];
    hints[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return hints;
}

const GIB = 2 ** 30;

/**
 * A root volume made of the image, as large as the flavor's root disk or the image needs; it goes with the machine. Made
 * where it is asked for, and where the flavor has no root disk: most clouds refuse to run these without.
 */
async function bootVolume(
  wire: Wire,
  flavors: Flavors,
  request: CreateMachine,
  placement: Placement,
  context: CallContext,
): Promise<object | undefined> {
  if (placement.bootFromVolume === false) return undefined;
  const { disk } = await flavors.of(request.config, context);
  if (placement.bootFromVolume === undefined && disk !== 0) return undefined;
  const image = await wire.one('image', request.image, context);
  const bytes = Math.max(amount(image.size) ?? 0, amount(image.virtual_size) ?? 0);
  const type = placement.volumeType ?? wire.options.bootVolumeType;
  if (type !== undefined && !(await wire.speaks('compute', '2.67', context)))
    throw new ProviderError('unsupported', 'volumeType: a root volume has one from Nova 2.67 on', { maybeDone: false });
  return {
    boot_index: 0,
    source_type: 'image',
    uuid: request.image,
    destination_type: 'volume',
    volume_size: Math.max(wire.options.bootVolumeGib, disk ?? 0, amount(image.min_disk) ?? 0, Math.ceil(bytes / GIB)),
    delete_on_termination: true,
    ...(type === undefined ? {} : { volume_type: type }),
  };
}
