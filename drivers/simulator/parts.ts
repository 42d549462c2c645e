import { randomBytes } from 'node:crypto';
import type { Account } from './account';
import { addressOf, chosenAddress } from './addressing';
import { inUse, newKey, wrongState } from './requests';
import type { Address, Disk, Instance, Net, Nic } from './things';
import { phaseAt } from './things';

/** Parts of instances: disks, nics, attached volumes. All of it runs inside of one request. */

const STEADY = ['running', 'stopped', 'paused', 'suspended'];

/** An instance whose parts can be changed now. */
export function steady(account: Account, id: string, what: string): Instance {
  const instance = account.need('instance', id);
  const phase = phaseAt(instance.timeline, Date.now());
  if (!STEADY.includes(phase)) throw wrongState(id, phase, what);
  return instance;
}

/** The path asked for, or the first free one. @throws SimulatorFault InUse where it is taken */
export function pathFor(account: Account, instance: string, wanted?: string): string {
  const parts = [...account.related('disk', 'instance', instance), ...account.related('attachment', 'instance', instance)];
  const taken = new Set(parts.map(({ path }) => path));
  if (wanted !== undefined) {
    if (taken.has(wanted)) throw inUse(`${instance} has something at ${wanted} already`);
    return wanted;
  }
  for (let index = 0; ; index += 1) {
    const path = `/dev/vd${lettersOf(index)}`;
    if (!taken.has(path)) return path;
  }
}

/** a … z, aa, ab, … */
function lettersOf(index: number): string {
  const last = String.fromCharCode(97 + (index % 26));
  return index < 26 ? last : lettersOf(Math.floor(index / 26) - 1) + last;
}

export function addDisk(
  account: Account,
  asked: Omit<Disk, 'kind' | 'id' | 'path'> & { path?: string | undefined },
  visibleAt: number,
): string {
  const disk: Disk = { ...asked, kind: 'disk', id: newKey('disk'), path: pathFor(account, asked.instance, asked.path) };
  account.put(disk, { visibleAt });
  return disk.id;
}

type AskedNic = Omit<Nic, 'kind' | 'id' | 'net' | 'port' | 'mac' | 'mtu'> & {
  net: Net;
  port?: string | undefined;
  mac?: string | undefined;
  mtu?: number | undefined;
};

/**
 * A nic, and addresses of its net that go with it.
 * @param ips those that it is to have; none: one that is free
 */
export function addNic(account: Account, asked: AskedNic, visibleAt: number, ips: readonly string[] = []): string {
  const { net } = asked;
  const nic: Nic = {
    ...asked,
    ...{ kind: 'nic', id: newKey('nic'), net: net.id, port: asked.port ?? null, mac: asked.mac ?? newMac(), mtu: asked.mtu ?? net.mtu },
  };
  account.put(nic, { visibleAt });
  if (ips.length === 0) addPassingAddress(account, nic, net, visibleAt);
  for (const ip of ips) addPassingAddress(account, nic, net, visibleAt, ip);
  return nic.id;
}

/** Locally administered, unicast. */
function newMac(): string {
  return ['02', ...(randomBytes(5).toString('hex').match(/../g) ?? [])].join(':');
}

/** An address that lives as long as its nic keeps it: the one given, or one that is free. */
export function addPassingAddress(account: Account, nic: Nic, net: Net, visibleAt: number, ip?: string): void {
  account.put(
    {
      ...(ip === undefined ? addressOf(account, net, 4) : chosenAddress(account, net, ip)),
      ...{ kind: 'address', id: newKey('addr'), label: null, note: null, labels: {}, fixed: false, host: null, net: net.id },
      ...{ nic: nic.id, instance: nic.instance, madeAt: Date.now(), tag: null, token: null },
    },
    { visibleAt },
  );
}

/** Takes addresses from a nic: fixed ones are free again, others go. */
export function unbind(account: Account, nic: string, which: (address: Address) => boolean = () => true): void {
  for (const address of account.related('address', 'nic', nic)) {
    if (!which(address)) continue;
    if (address.fixed) account.put({ ...address, nic: null, instance: null });
    else account.remove('address', address.id);
  }
}

export function dropNic(account: Account, nic: string): void {
  unbind(account, nic);
  account.remove('nic', nic);
}

export function detach(account: Account, attachment: { id: string; volume: string }): void {
  const volume = account.find('volume', attachment.volume);
  if (volume) account.put({ ...volume, holder: null });
  account.remove('attachment', attachment.id);
}

/** Deletes the parts that go with an instance; frees the rest. */
export function dropParts(account: Account, instance: string): void {
  for (const disk of account.related('disk', 'instance', instance)) account.remove('disk', disk.id);
  for (const nic of account.related('nic', 'instance', instance)) dropNic(account, nic.id);
  for (const attachment of account.related('attachment', 'instance', instance)) detach(account, attachment);
}
