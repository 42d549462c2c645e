import {
  AttachNetworkInterfaceCommand,
  DescribeAddressesCommand,
  DetachNetworkInterfaceCommand,
  DisassociateAddressCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateInterface, Interfaces } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { orStillMoving } from './dependents';
import {
  attachedAs,
  endsOf,
  eniById,
  eniPages,
  enisById,
  enisWhere,
  goesWithInstance,
  instanceOf,
  interfaceKey,
  isMadeForInterface,
  isPort,
  itemRef,
  unseenIsPassing,
} from './enis';
import { thing, unlessGone } from './gone';
import { literal, TAG, tagsOf } from './naming';
import { createEni, dropEni } from './network-ports';
import { NotYet, refusedBy } from './poll';
import { requireSubnet } from './subnets';
import { eraseTags, writeTags } from './tags';

const FIRST = 'The first interface of an instance stays with it';

/**
 * Attachments of ENIs to instances as MachineNetworkInterfaces. What an interface is cannot be changed: there is no
 * update.
 */
export class Ec2Interfaces implements Interfaces {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of eniPages(this.wire, undefined, context)) yield page.flatMap((eni) => interfaceItem(eni) ?? []);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const ids = keys.flatMap((key) => endsOf(key)?.eni ?? []);
    const { found, gone } = await enisById(this.wire, ids, context);
    const enis = new Map(found.map((eni) => [eni.NetworkInterfaceId ?? '', eni]));
    return keys.flatMap((key) => answerOf(key, enis, gone) ?? []);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    return (await this.#tagged(marks, context)).flatMap((eni) => interfaceItem(eni) ?? unfinishedItem(eni) ?? []);
  }

  async #tagged({ tag }: Marks, context: CallContext): Promise<NetworkInterface[]> {
    const found = await enisWhere(this.wire, [{ Name: `tag:${TAG.interface}`, Values: [literal(tag)] }], context);
    return found.filter(({ TagSet }) => tagsOf(TagSet)[TAG.interface] === tag);
  }

  /** A new ENI (or the port given) is attached behind the machine's last one; the new one then ends with its machine. */
  async create(request: CreateInterface, context: CallContext): Promise<Created> {
    refuseSettings(request);
    const before = (await this.#tagged(request, context)).find(({ TagSet }) => tagsOf(TagSet)[TAG.interfaceToken] === request.token);
    const eni = before?.NetworkInterfaceId ?? (await this.#eniFor(request, context));
    await unseenIsPassing('network interface', eni, async () => {
      if (!before || instanceOf(before) === undefined) await this.#attach(eni, request.machine, context);
      if (request.networkPort === undefined && !(before && goesWithInstance(before))) await this.#endWithInstance(eni, context);
    });
    return { key: interfaceKey(request.machine, eni) };
  }

  async #eniFor(request: CreateInterface, context: CallContext): Promise<string> {
    const marks = { [TAG.interface]: request.tag, [TAG.interfaceToken]: request.token, [TAG.attached]: request.machine };
    if (request.networkPort === undefined)
      return createEni(this.wire, { ...request, tags: { ...marks, [TAG.owner]: request.machine } }, context);
    const port = await eniById(this.wire, request.networkPort, context);
    if (port.SubnetId !== requireSubnet(request.network)) {
      const message = `The port ${request.networkPort} is in ${port.SubnetId ?? 'a subnet that EC2 does not tell'}, not in ${request.network}`;
      throw new ProviderError('invalid', message, { maybeDone: false });
    }
    const user = instanceOf(port);
    if (user !== undefined && port.Attachment?.Status === 'detaching')
      throw new NotYet(`EC2 is still detaching ${request.networkPort} from ${user}`);
    if (user !== undefined) throw new ProviderError('conflict', `The port ${request.networkPort} is used by ${user}`, { maybeDone: false });
    await writeTags(this.wire, [request.networkPort], marks, context);
    return request.networkPort;
  }

  async #attach(NetworkInterfaceId: string, InstanceId: string, context: CallContext): Promise<void> {
    const present = await enisWhere(this.wire, [{ Name: 'attachment.instance-id', Values: [InstanceId] }], context);
    const used = new Set(present.map(({ Attachment }) => Attachment?.DeviceIndex));
    let DeviceIndex = 1;
    while (used.has(DeviceIndex)) DeviceIndex += 1;
    try {
      await this.wire.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex }), context);
    } catch (error) {
      const refusal = refusedBy(error, 'IncorrectState', 'IncorrectInstanceState');
      throw refusal ? await orStillMoving(this.wire, refusal, InstanceId, context) : error;
    }
  }

  async #endWithInstance(NetworkInterfaceId: string, context: CallContext): Promise<void> {
    const { AttachmentId } = (await eniById(this.wire, NetworkInterfaceId, context)).Attachment ?? {};
    if (AttachmentId === undefined) throw new NotYet(`EC2 does not show the attachment of ${NetworkInterfaceId} yet`);
    const Attachment = { AttachmentId, DeleteOnTermination: true };
    await this.wire.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attachment }), context);
  }

  /**
   * Detaches; static addresses are released first, and an ENI that is no port is deleted once EC2 has detached it (it is
   * asked again until then). What is gone is success.
   * @throws ProviderError conflict for the first interface of an instance
   */
  async delete(key: string, context: CallContext): Promise<void> {
    const ends = endsOf(key);
    if (!ends) return;
    const {
      found: [eni],
      gone,
    } = await enisById(this.wire, [ends.eni], context);
    if (!eni && gone.length > 0) return;
    if (!eni) throw new ProviderError('unavailable', `The answer of EC2 does not mention the interface ${ends.eni}`, { maybeDone: false });
    const attached = instanceOf(eni) === ends.instance;
    if (attached && eni.Attachment?.DeviceIndex === 0) throw new ProviderError('conflict', FIRST, { maybeDone: false });
    const port = isPort(eni);
    // An interface that came with its machine would be a port from here on: it is marked, for whoever has to go on.
    if (attached && !port && !isMadeForInterface(eni)) await writeTags(this.wire, [ends.eni], { [TAG.owner]: ends.instance }, context);
    if (attached) await this.#detach(eni, ends.eni, context);
    else if (instanceOf(eni) !== undefined) return;
    if (port) await this.#forget(eni, ends.eni, context);
    else await dropEni(this.wire, ends.eni, context);
  }

  /** Begins the detaching, which takes EC2 some time. @throws NotYet until EC2 shows it as detached */
  async #detach(eni: NetworkInterface, id: string, context: CallContext): Promise<void> {
    const going = new NotYet(`EC2 is detaching ${id}`);
    const { AttachmentId, Status } = eni.Attachment ?? {};
    if (Status === 'detaching' || AttachmentId === undefined) throw going;
    const Filters = [{ Name: 'network-interface-id', Values: [id] }];
    const { Addresses } = await this.wire.send(new DescribeAddressesCommand({ Filters }), context);
    for (const { AssociationId } of Addresses ?? [])
      if (AssociationId)
        await unlessGone(thing('association', AssociationId), this.wire.send(new DisassociateAddressCommand({ AssociationId }), context));
    const detach = this.wire.send(new DetachNetworkInterfaceCommand({ AttachmentId }), context);
    await unlessGone(thing('network interface attachment', AttachmentId), detach);
    const {
      found: [now],
      gone,
    } = await enisById(this.wire, [id], context);
    const over = now ? now.Attachment?.AttachmentId !== AttachmentId || now.Attachment.Status === 'detached' : gone.length > 0;
    if (!over) throw going;
  }

  async #forget(eni: NetworkInterface, id: string, context: CallContext): Promise<void> {
    const tags = tagsOf(eni.TagSet);
    const ours = [TAG.interface, TAG.interfaceToken, TAG.attached].filter((key) => tags[key] !== undefined);
    if (ours.length > 0) await eraseTags(this.wire, [id], ours, context);
  }
}

/** Turns what EC2 said of an interface's key into an answer: EC2 shows an ENI that the instance does not have, or has no such ENI. */
function answerOf(key: string, enis: ReadonlyMap<string, NetworkInterface>, gone: readonly Gone[]): Item | Gone | undefined {
  const what = { type: 'interface', key };
  const ends = endsOf(key);
  if (!ends) return Gone.impossible(what);
  const eni = enis.get(ends.eni);
  if (!eni) return gone.find((proof) => proof.key === ends.eni)?.as(what);
  const item = interfaceItem(eni);
  return item?.key === key ? item : Gone.shown(what, `EC2 shows ${ends.eni} without ${ends.instance}`);
}

/** An attached ENI as an interface; undefined for one that no instance has. */
function interfaceItem(eni: NetworkInterface): Item | undefined {
  const key = attachedAs(eni);
  if (key === undefined) return undefined;
  const tags = tagsOf(eni.TagSet);
  // Marks of an attachment that is over are no identity.
  const own = tags[TAG.attached] === instanceOf(eni);
  const created = eni.Attachment?.AttachTime?.toISOString();
  return {
    ...shared(eni, key),
    owner: instanceOf(eni),
    ...(own ? { tag: tags[TAG.interface], token: tags[TAG.interfaceToken] } : {}),
    ...(created === undefined ? {} : { created }),
    // EC2 lists them in no order, and those of a launch were attached at one time.
    place: eni.Attachment?.DeviceIndex,
    ...(own && isMadeForInterface(eni) && !goesWithInstance(eni) ? { unfinished: true } : {}),
    ...(eni.Attachment?.DeviceIndex === 0 ? { refuses: { delete: FIRST } } : {}),
  };
}

/** An ENI that is marked for an interface and that its machine does not have: a create that was cut off. */
function unfinishedItem(eni: NetworkInterface): Item | undefined {
  const tags = tagsOf(eni.TagSet);
  const owner = tags[TAG.attached];
  if (owner === undefined) return undefined;
  const key = interfaceKey(owner, eni.NetworkInterfaceId ?? '');
  return { ...shared(eni, key), owner, tag: tags[TAG.interface], token: tags[TAG.interfaceToken], unfinished: true };
}

function shared(eni: NetworkInterface, key: string): Item {
  const port = isPort(eni) ? { networkPort: itemRef('NetworkPort', eni.NetworkInterfaceId ?? '') } : {};
  return {
    key,
    values: { network: itemRef('Network', eni.SubnetId ?? ''), ...port, state: 'ACTIVE', macAddress: eni.MacAddress },
  };
}

/** EC2 sets these itself: what cannot be had is not left out in silence. */
function refuseSettings({ state = 'ACTIVE', macAddress, mtu }: CreateInterface): void {
  const words = [
    ...(state === 'ACTIVE' ? [] : [`an interface is ACTIVE, not ${state}`]),
    ...(macAddress === undefined ? [] : ['EC2 chooses the MAC address']),
    ...(mtu === undefined ? [] : ['EC2 sets the mtu']),
  ];
  if (words.length > 0) throw new ProviderError('unsupported', words.join('; '), { maybeDone: false });
}
