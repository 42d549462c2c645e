import { DescribeNetworkInterfacesCommand, type Filter, type NetworkInterface } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { batches, type Wire } from './client';
import { TAG, tagsOf } from './naming';

/**
 * EC2's network interfaces (ENIs). One is a NetworkPort if it outlives machines; its attachment to an instance is the
 * machine's interface. One that goes with its machine is the machine's interface alone.
 */

const ENI_ID = /^eni-[0-9a-f]+$/;
const INSTANCE_ID = /^i-[0-9a-f]+$/;
/** Values that EC2 takes in one filter. */
const FILTER_VALUES = 200;

/** Pages of ENIs. */
export async function* eniPages(
  wire: Wire,
  Filters: Filter[] | undefined,
  context: CallContext,
): AsyncIterable<readonly NetworkInterface[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeNetworkInterfacesCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield page.NetworkInterfaces ?? [];
}

/** All ENIs that the filters let pass. */
export async function enisWhere(wire: Wire, Filters: Filter[], context: CallContext): Promise<NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  for await (const page of eniPages(wire, Filters, context)) found.push(...page);
  return found;
}

/** ENIs by id, without those that are gone. By filter: an id that is gone makes EC2 refuse a whole call by id. */
export async function enisById(wire: Wire, ids: readonly string[], context: CallContext): Promise<NetworkInterface[]> {
  const wanted = [...new Set(ids)].filter((id) => ENI_ID.test(id));
  const found: NetworkInterface[] = [];
  for (const Values of batches(wanted, FILTER_VALUES))
    found.push(...(await enisWhere(wire, [{ Name: 'network-interface-id', Values }], context)));
  return found;
}

/** One ENI; undefined for one that is gone. */
export async function eniById(wire: Wire, id: string, context: CallContext): Promise<NetworkInterface | undefined> {
  const [found] = await enisById(wire, [id], context);
  return found;
}

/** Instance that the ENI is attached to, or is about to leave. */
export function instanceOf(eni: NetworkInterface): string | undefined {
  const { Attachment } = eni;
  const id = Attachment?.Status === 'detached' ? undefined : Attachment?.InstanceId;
  return id !== undefined && INSTANCE_ID.test(id) ? id : undefined;
}

/** Whether the ENI ends with the instance that it is attached to. */
export const goesWithInstance = (eni: NetworkInterface): boolean =>
  instanceOf(eni) !== undefined && eni.Attachment?.DeleteOnTermination === true;

/** Whether the gateway made the ENI for an interface alone. */
export const isMadeForInterface = (eni: NetworkInterface): boolean => tagsOf(eni.TagSet)[TAG.owner] !== undefined;

/** Whether the ENI is a NetworkPort: it outlives machines. */
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

/** Waits for a call that may be refused for one of these kinds. */
export async function tolerating(kinds: readonly string[], call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ProviderError) || !kinds.includes(error.kind)) throw error;
  }
}

/**
 * Goes on with what was made a moment ago. EC2 may not know it everywhere yet: "not found" of it is no end.
 * @param codes EC2's codes for that very thing
 */
export async function unseenIsPassing(id: string, codes: RegExp, goOn: () => Promise<void>): Promise<void> {
  try {
    await goOn();
  } catch (error) {
    if (!(error instanceof ProviderError) || error.kind !== 'notFound' || !codes.test(error.code ?? '')) throw error;
    const { code, requestId } = error;
    throw new ProviderError('unavailable', `EC2 does not show the new ${id} everywhere yet`, { code, requestId, maybeDone: true });
  }
}
