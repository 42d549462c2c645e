import { setTimeout as sleep } from 'node:timers/promises';
import {
  AttachNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  DescribeAddressesCommand,
  DetachNetworkInterfaceCommand,
  DisassociateAddressCommand,
  ModifyNetworkInterfaceAttributeCommand,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateInterface, Interfaces } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
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
  tolerating,
  unseenIsPassing,
} from './enis';
import { literal } from './machines';
import { TAG, tagsOf } from './naming';
import { createEni } from './network-ports';
import { requireSubnet } from './subnets';
import { eraseTags, writeTags } from './tags';

/** How long EC2 may take to let go of an ENI, and how often it is asked, in ms. */
const DETACHED_WITHIN_MS = 20_000;
const ASK_AGAIN_MS = 500;
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

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const enis = await enisById(
      this.wire,
      keys.flatMap((key) => endsOf(key)?.eni ?? []),
      context,
    );
    return enis.flatMap((eni) => interfaceItem(eni) ?? []).filter(({ key }) => keys.includes(key));
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
    await unseenIsPassing(eni, /^InvalidNetworkInterface/, async () => {
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
    if (port?.SubnetId !== requireSubnet(request.network)) {
      const where = port?.SubnetId === undefined ? 'is not there' : `is in ${port.SubnetId}`;
      throw new ProviderError('invalid', `The port ${request.networkPort} ${where}, not in ${request.network}`, { maybeDone: false });
    }
    const user = instanceOf(port);
    if (user !== undefined) throw new ProviderError('conflict', `The port ${request.networkPort} is used by ${user}`, { maybeDone: false });
    await writeTags(this.wire, [request.networkPort], marks, context);
    return request.networkPort;
  }

  async #attach(NetworkInterfaceId: string, InstanceId: string, context: CallContext): Promise<void> {
    const present = await enisWhere(this.wire, [{ Name: 'attachment.instance-id', Values: [InstanceId] }], context);
    const used = new Set(present.map(({ Attachment }) => Attachment?.DeviceIndex));
    let DeviceIndex = 1;
    while (used.has(DeviceIndex)) DeviceIndex += 1;
    await this.wire.send(new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex }), context);
  }

  async #endWithInstance(NetworkInterfaceId: string, context: CallContext): Promise<void> {
    const AttachmentId = (await eniById(this.wire, NetworkInterfaceId, context))?.Attachment?.AttachmentId;
    if (AttachmentId === undefined)
      throw new ProviderError('unavailable', `EC2 does not show the attachment of ${NetworkInterfaceId} yet`, { maybeDone: true });
    const Attachment = { AttachmentId, DeleteOnTermination: true };
    await this.wire.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId, Attachment }), context);
  }

  /**
   * Detaches; static addresses are released first, and an ENI that is no port is deleted then. What is gone is success.
   * @throws ProviderError conflict for the first interface of an instance
   */
  async delete(key: string, context: CallContext): Promise<void> {
    const ends = endsOf(key);
    const eni = ends && (await eniById(this.wire, ends.eni, context));
    if (!eni) return;
    const attached = instanceOf(eni) === ends.instance;
    if (attached && eni.Attachment?.DeviceIndex === 0) throw new ProviderError('conflict', FIRST, { maybeDone: false });
    const port = isPort(eni);
    // An interface that came with its machine would be a port from here on: it is marked, for whoever has to go on.
    if (attached && !port && !isMadeForInterface(eni)) await writeTags(this.wire, [ends.eni], { [TAG.owner]: ends.instance }, context);
    if (attached) await this.#detach(eni, ends.eni, context);
    else if (instanceOf(eni) !== undefined) return;
    if (port) await this.#forget(eni, ends.eni, context);
    else await tolerating(['notFound'], this.wire.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: ends.eni }), context));
  }

  async #detach(eni: NetworkInterface, id: string, context: CallContext): Promise<void> {
    const Filters = [{ Name: 'network-interface-id', Values: [id] }];
    const { Addresses } = await this.wire.send(new DescribeAddressesCommand({ Filters }), context);
    for (const { AssociationId } of Addresses ?? [])
      await tolerating(['notFound'], this.wire.send(new DisassociateAddressCommand({ AssociationId }), context));
    const AttachmentId = eni.Attachment?.AttachmentId;
    if (eni.Attachment?.Status !== 'detaching')
      await tolerating(['notFound'], this.wire.send(new DetachNetworkInterfaceCommand({ AttachmentId }), context));
    for (const end = Date.now() + DETACHED_WITHIN_MS; ; await sleep(ASK_AGAIN_MS, undefined, { ref: false })) {
      const now = await eniById(this.wire, id, context);
      if (!now || now.Attachment?.AttachmentId !== AttachmentId || now.Attachment?.Status === 'detached') return;
      if (Date.now() > end) throw new ProviderError('unavailable', `EC2 has not detached ${id} yet`, { maybeDone: true });
    }
  }

  async #forget(eni: NetworkInterface, id: string, context: CallContext): Promise<void> {
    const tags = tagsOf(eni.TagSet);
    const ours = [TAG.interface, TAG.interfaceToken, TAG.attached].filter((key) => tags[key] !== undefined);
    if (ours.length > 0) await eraseTags(this.wire, [id], ours, context);
  }
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
