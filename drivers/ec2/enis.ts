import { DescribeNetworkInterfacesCommand, type Filter, type NetworkInterface } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { isGone, ProviderError } from '../../src/clouds/errors';
import { type ById, oneById, readByIds, type Wire } from './client';
import { SHAPES, thing } from './gone';
import { TAG, tagsOf } from './naming';

/**
 * EC2's network interfaces (ENIs). One is a NetworkPort if it outlives machines; its attachment to an instance is the
 * machine's interface. One that goes with its machine is the machine's interface alone.
 */

const ENI_ID = SHAPES['network interface'];
const INSTANCE_ID = SHAPES.instance;

/** Pages of ENIs. */
export async function* eniPages(
  wire: Wire,
  Filters: Filter[] | undefined,
  context: CallContext,
): AsyncIterable<readonly NetworkInterface[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeNetworkInterfacesCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield enisOf(wire, page.NetworkInterfaces);
}

/** All ENIs that the filters let pass. */
export async function enisWhere(wire: Wire, Filters: Filter[], context: CallContext): Promise<NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  for await (const page of eniPages(wire, Filters, context)) found.push(...page);
  return found;
}

/** ENIs by id. */
export async function enisById(wire: Wire, ids: readonly string[], context: CallContext): Promise<ById<NetworkInterface>> {
  const read = async (NetworkInterfaceIds: string[]) =>
    enisOf(wire, (await wire.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds }), context)).NetworkInterfaces);
  return readByIds('network interface', ids, read, ({ NetworkInterfaceId }) => NetworkInterfaceId);
}

/**
 * Reads one ENI.
 * @throws Gone
 */
export async function eniById(wire: Wire, id: string, context: CallContext): Promise<NetworkInterface> {
  return oneById('network interface', id, (ids) => enisById(wire, ids, context));
}

const enisOf = (wire: Wire, list: NetworkInterface[] | undefined): NetworkInterface[] =>
  wire.keyed('network interface', list, ({ NetworkInterfaceId }) => NetworkInterfaceId);

/** Instance that the ENI is attached to, or is about to leave. */
export function instanceOf(eni: NetworkInterface): string | undefined {
  const { Attachment } = eni;
  const id = Attachment?.Status === 'detached' ? undefined : Attachment?.InstanceId;
  return id !== undefined && INSTANCE_ID.test(id) ? id : undefined;
}

/** Tells whether the ENI ends with the instance that it is attached to. */
export const goesWithInstance = (eni: NetworkInterface): boolean =>
  instanceOf(eni) !== undefined && eni.Attachment?.DeleteOnTermination === true;

/** Tells whether the gateway made the ENI for an interface alone. */
export const isMadeForInterface = (eni: NetworkInterface): boolean => tagsOf(eni.TagSet)[TAG.owner] !== undefined;

/** Tells whether the ENI is a NetworkPort, which outlives machines. */
export const isPort = (eni: NetworkInterface): boolean => !isMadeForInterface(eni) && !goesWithInstance(eni);

/** Key of a machine's interface: its two ends. */
export const interfaceKey = (instance: string, eni: string): string => `${instance}:${eni}`;

/** The two ends again; undefined for a key of another shape. */
export function endsOf(key: string): { instance: string; eni: string } | undefined {
  const [instance = '', eni = '', ...more] = key.split(':');
  return more.length === 0 && INSTANCE_ID.test(instance) && ENI_ID.test(eni) ? { instance, eni } : undefined;
}

/** The key of the interface that an ENI is to the instance it is attached to. */
export function attachedAs(eni: NetworkInterface): string | undefined {
  const instance = instanceOf(eni);
  return instance === undefined || eni.NetworkInterfaceId === undefined ? undefined : interfaceKey(instance, eni.NetworkInterfaceId);
}

/** A reference to another item of this cloud. */
export const itemRef = (type: string, key: string) => ({ item: { type, key } });

/**
 * Goes on with an ENI or a subnet that was made a moment ago. EC2 may not know it everywhere yet: that it says it has none
 * is no end.
 */
export async function unseenIsPassing<T>(type: 'subnet' | 'network interface', id: string, goOn: () => Promise<T>): Promise<T> {
  try {
    return await goOn();
  } catch (error) {
    if (!isGone(error, thing(type, id))) throw error;
    const { code, requestId } = error;
    throw new ProviderError('unavailable', `EC2 does not show the new ${id} everywhere yet`, { code, requestId, maybeDone: true });
  }
}
