import { isIPv4 } from 'node:net';
import type { Cloud } from '../clouds/cloud';
import type { Item, ItemRef } from '../clouds/driver';
import type { Catalogue } from '../model/catalogue';
import { extensionNames } from '../operations/extensions';
import { isOutside, refuseUnfitAddresses, type ChosenAddress } from '../operations/interface-addresses';
import { Refusal, type Found, type PlanContext } from '../operations/resource-handler';
import { quoted } from '../ovf/error';
import type { NetworkInterface, Package } from '../ovf/package';
import { systemsOf } from './guest-facts';
import type { ImportOptions } from './import-request';
import { nameOf } from './machine-facts';

/** Private addresses of machines that are moved: what a package tells of them, and how an import with `addresses: keep` asks for them. */

/** Abilities of the cloud that machines are made in. */
export interface AddressKeeping {
  /** Most addresses of an interface. */
  most: number;
  /** True where new networks take a block. */
  blocks: boolean;
}

/** Address that a machine is to keep. */
interface KeptAddress {
  machine: string;
  /** Name of its network in the package. */
  network: string;
  ip: string;
}

/** Words for what to do where an address cannot be kept. */
const otherwise = (network: string): string => `name another Network in the property 'ovf.network.${network}', or leave out 'addresses'`;

/**
 * Private addresses of an interface: those in its own network, its own before those that it was given, IPv4 first.
 * @param known Addresses of its cloud
 * @param nic its key
 */
export function privateAddresses(known: readonly Item[], nic: string, network: Found): string[] {
  const own = known.filter(({ owner, values }) => {
    const of = (values.network as unknown as ItemRef | undefined)?.item.key;
    // A public address may be told as one of the same network.
    return owner === nic && of === network.key && typeof values.ip === 'string' && !isOutside(values.ip, network.values.cidr);
  });
  const rank = ({ values }: Item): number => (values.allocation === 'dynamic' ? 0 : 2) + (isIPv4(String(values.ip)) ? 0 : 1);
  return own.toSorted((one, other) => rank(one) - rank(other)).map(({ values }) => String(values.ip));
}

/** Tells what a cloud does for addresses to be kept. */
export const keepingOf = (catalogue: Catalogue, cloud: Cloud): AddressKeeping => ({
  most: cloud.capabilities.addressesAtCreate ?? 0,
  blocks: extensionNames(catalogue, cloud, 'Network').includes('cidr'),
});

/** Addresses that an interface keeps of those that the package tells, and words for the others. */
export function keptOf(
  machine: string,
  network: string,
  { addresses = [] }: Pick<NetworkInterface, 'addresses'>,
  most: number,
): { kept: readonly string[]; warnings: readonly string[] } {
  const where = `the machine ${quoted(machine)} on the network ${quoted(network)}`;
  if (addresses.length === 0) return { kept: [], warnings: [`the package tells no address of ${where}: it gets a new one`] };
  const [kept, others] = [addresses.slice(0, most), addresses.slice(most)];
  const warning = `${others.join(', ')} of ${where} is not kept: the cloud gives an interface at most ${most}`;
  return { kept, warnings: others.length === 0 ? [] : [warning] };
}

/** Words for what keeping addresses does not do. */
export const keepingWords = (makes: 'templates' | 'resources'): string[] => [
  'addresses are kept as the cloud hands them out: what a guest has set up itself (static addresses, routes, names) is not touched',
  ...(makes === 'templates' ? ['its templates name the addresses: there can be one System of them at a time'] : []),
];

/** Addresses that the machines of a package keep. @param most addresses of an interface */
export function keptIn({ content }: Package, most: number): KeptAddress[] {
  return systemsOf(content).flatMap((system) =>
    system.hardware.interfaces.flatMap(({ network, addresses }) =>
      network === undefined
        ? []
        : keptOf(nameOf(system), network, { addresses }, most).kept.map((ip) => ({ machine: nameOf(system), network, ip })),
    ),
  );
}

/**
 * Refuses addresses that machines of a package cannot keep, as far as it can be told before anything is made.
 * @throws Refusal 400, 409 with the machine, the address, the network and what to do
 */
export async function refuseUnfitKept(
  context: Pick<PlanContext, 'list' | 'resolve' | 'catalogue'>,
  cloud: Cloud,
  given: Package,
  { networks }: Pick<ImportOptions, 'networks'>,
): Promise<void> {
  const at = 'properties.addresses';
  const { most, blocks } = keepingOf(context.catalogue, cloud);
  const kept = keptIn(given, most);
  const refusal = ({ machine, network }: KeptAddress, reason: string, status = 400, details: Refusal['details'] = {}): Refusal =>
    new Refusal(status, `the machine ${quoted(machine)}: ${reason}; ${otherwise(network)}`, { ...details, at });
  const chosen: ChosenAddress[] = [];
  for (const [index, each] of kept.entries()) {
    const path = networks[each.network];
    const cidr = given.networks.find(({ name }) => name === each.network)?.cidr;
    if (path === undefined && !(blocks && cidr !== undefined))
      throw refusal(each, `${each.ip} is of the network ${quoted(each.network)}, which would be made anew with other addresses`);
    const network = path === undefined ? newNetwork(each.network, cidr) : await context.resolve(path, 'Network', at);
    chosen.push({ ip: each.ip, network, at: String(index) });
  }
  try {
    await refuseUnfitAddresses(context, cloud, chosen);
  } catch (error) {
    const wrong = error instanceof Refusal ? kept[Number(error.details.at)] : undefined;
    if (!(error instanceof Refusal) || !wrong) throw error;
    throw refusal(wrong, error.reason, error.status, error.details);
  }
}

/** A network that is made anew, with the block that it had. */
const newNetwork = (name: string, cidr: string | undefined): Pick<Found, 'path' | 'values'> => ({
  path: `the network ${quoted(name)}`,
  values: cidr === undefined ? {} : { cidr },
});
