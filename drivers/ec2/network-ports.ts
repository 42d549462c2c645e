import { CreateNetworkInterfaceCommand, DeleteNetworkInterfaceCommand, type NetworkInterface } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateNetworkPort, NetworkPorts } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { areEnding, stillHeld } from './dependents';
import { eniPages, enisById, enisWhere, instanceOf, isPort, itemRef } from './enis';
import { thing, unlessGone } from './gone';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { CLASS_OF_SERVICE, networkExtensions } from './network-capabilities';
import { NotYet, refusedBy } from './poll';
import { portState } from './states';
import { groupsFor, requireSubnet } from './subnets';
import { renameTags } from './tags';

/** ENIs that outlive machines as NetworkPorts. An ENI cannot be switched off, so there is neither start nor stop. */
export class Ec2NetworkPorts implements NetworkPorts {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of eniPages(this.wire, undefined, context)) yield page.filter(isPort).map(portItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { found, gone } = await enisById(this.wire, keys, context);
    return [...found.map((eni) => (isPort(eni) ? portItem(eni) : noPort(eni))), ...gone];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await enisWhere(this.wire, [{ Name: `tag:${TAG.id}`, Values: [literal(marks.tag)] }], context);
    return found
      .filter(isPort)
      .map(portItem)
      .filter((item) => item.tag === marks.tag);
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /** CreateNetworkInterface with the token as its ClientToken. */
  async create(request: CreateNetworkPort, context: CallContext): Promise<Created> {
    const { portType, classOfService = CLASS_OF_SERVICE } = request;
    if (portType !== 'ACCESS')
      throw new ProviderError('unsupported', `portType: EC2 makes ACCESS ports only, not ${portType}`, { maybeDone: false });
    if (classOfService !== CLASS_OF_SERVICE)
      throw new ProviderError('unsupported', `classOfService: EC2 has ${CLASS_OF_SERVICE} only, not ${classOfService}`, {
        maybeDone: false,
      });
    const Groups = networkExtensions(request.extensions).securityGroups;
    const made = await createEni(this.wire, { ...request, tags: createTags(request), Groups }, context);
    return { key: made };
  }

  /**
   * Deletes a port; succeeds if it is gone already.
   * @throws ProviderError conflict where a machine uses it
   */
  async delete(key: string, context: CallContext): Promise<void> {
    const {
      found: [eni],
    } = await enisById(this.wire, [key], context);
    const instance = eni && instanceOf(eni);
    if (instance !== undefined) {
      const message = `${key} is used by ${instance}: take it off there first`;
      const goes = eni?.Attachment?.Status === 'detaching' || (await areEnding(this.wire, [instance], context));
      throw goes
        ? new NotYet(`EC2 is still detaching ${key} from ${instance}`)
        : new ProviderError('conflict', message, { maybeDone: false });
    }
    await dropEni(this.wire, key, context);
  }
}

/** Deletes an ENI that nothing has. What is gone is success; EC2 may show it in use for some time after it was let go. */
export async function dropEni(wire: Wire, id: string, context: CallContext): Promise<void> {
  const what = thing('network interface', id);
  try {
    await unlessGone(what, wire.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id }), context));
  } catch (error) {
    const refusal = refusedBy(error, 'InvalidNetworkInterface.InUse', 'InvalidNetworkInterfaceID.InUse', 'InvalidParameterValue');
    if (refusal?.kind !== 'conflict') throw error;
    throw await stillHeld(wire, refusal, [{ Name: 'network-interface-id', Values: [id] }], context, (eni) => instanceOf(eni) !== undefined);
  }
}

/** Makes an ENI. @returns its id */
export async function createEni(
  wire: Wire,
  asked: { network: string; token: string; tags: Readonly<Record<string, string>>; Groups?: string[] | undefined },
  context: CallContext,
): Promise<string> {
  const SubnetId = requireSubnet(asked.network);
  const Groups = asked.Groups ?? (await groupsFor(wire, [SubnetId], context));
  const { NetworkInterface: made } = await wire.send(
    new CreateNetworkInterfaceCommand({
      SubnetId,
      Groups,
      ClientToken: asked.token,
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: tagList(asked.tags) }],
    }),
    context,
  );
  if (made?.NetworkInterfaceId !== undefined) return made.NetworkInterfaceId;
  throw new ProviderError('unavailable', 'CreateNetworkInterface answered without an interface', { maybeDone: true });
}

const noPort = ({ NetworkInterfaceId = '' }: NetworkInterface): Gone =>
  Gone.shown(thing('network interface', NetworkInterfaceId), `EC2 deletes ${NetworkInterfaceId} with its instance: it is no port`);

function portItem(eni: NetworkInterface): Item {
  const tags = tagsOf(eni.TagSet);
  const { state, unmapped } = portState(eni);
  return {
    key: eni.NetworkInterfaceId ?? '',
    values: {
      ...namingOf(tags),
      state,
      network: itemRef('Network', eni.SubnetId ?? ''),
      portType: eni.InterfaceType === 'trunk' ? 'TRUNK' : 'ACCESS',
      classOfService: CLASS_OF_SERVICE,
    },
    tag: tags[TAG.id],
    token: tags[TAG.token],
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(eni.RequesterManaged === true ? { refuses: { edit: MANAGED, delete: MANAGED } } : {}),
  };
}

const MANAGED = 'A service of AWS made this for itself: it is changed and deleted there';
