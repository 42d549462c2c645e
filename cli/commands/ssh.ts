import { spawn } from 'node:child_process';
import { BlockList, isIP } from 'node:net';
import type { Cimi } from '../../sdk/index.ts';
import { collectionAt, itemAt, type Values } from '../context.ts';
import { uriOf } from '../find.ts';
import { notFound, Problem, usage } from '../problem.ts';
import type { Verb } from '../verb.ts';

/** Addresses that are reached from within a network only. */
const inner = new BlockList();
for (const [net, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  inner.addSubnet(net, bits);
for (const [net, bits] of [
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  inner.addSubnet(net, bits, 'ipv6');

/** Users of well-known images, by a word in their name. */
const USERS: readonly (readonly [RegExp, string])[] = [
  [/ubuntu/i, 'ubuntu'],
  [/debian/i, 'debian'],
  [/fedora|coreos/i, 'fedora'],
  [/centos/i, 'centos'],
  [/rocky/i, 'rocky'],
  [/alma/i, 'almalinux'],
  [/amazon/i, 'ec2-user'],
];

/** Returns the address by which a machine is best reached: a public one, else a private one. */
export function bestOf(addresses: readonly string[]): string | undefined {
  const known = addresses.filter((address) => isIP(address) !== 0);
  return known.find((address) => !inner.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) ?? known[0];
}

/** Returns the user of a machine: its property ssh-user, or that of the image whose name its own or its description has. */
export function userOf(machine: Readonly<Record<string, unknown>>): string | undefined {
  const {
    properties = {},
    name = '',
    description = '',
  } = machine as { properties?: Record<string, string>; name?: string; description?: string };
  return properties['ssh-user'] ?? USERS.find(([words]) => words.test(`${name} ${description}`))?.[1];
}

/** Opens a shell on a machine by the system's ssh; words behind the name are its command. */
export const ssh: Verb = async (context, place, { words, given }) => {
  const [word, ...command] = words;
  if (word === undefined) throw usage('cimi machines ssh needs a name or id');
  const { values: machine, addresses } = await addressesOf(context.cimi, await uriOf(context, place, word));
  const address = bestOf(addresses);
  if (address === undefined) throw notFound(`${word} has no address that is known`);
  const user = given.find(({ name }) => name === 'user')?.value ?? userOf(machine);
  const target = user === undefined ? address : `${user}@${address}`;
  if (context.options.dryRun) {
    context.world.out.write(`${['ssh', '--', target, ...command].join(' ')}\n`);
    return;
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn('ssh', ['--', target, ...command], { stdio: 'inherit' });
    child.once('error', () => reject(new Problem(1, 'there is no ssh on this machine')));
    child.once('exit', resolve);
  });
  process.exitCode = code ?? 1;
};

/** Way from a machine to its addresses; what a provider does not take of it is followed link by link. */
const WAY = ['networkInterfaces', 'addresses', 'address'] as const;

/** Reads a machine with all its addresses. @throws CimiError */
export async function addressesOf(cimi: Cimi, machine: string): Promise<{ values: Values; addresses: string[] }> {
  const { values = {} } = await cimi.send({ url: machine, query: { $expand: WAY.join('/') } });
  let reached: readonly Values[] = [values];
  for (const name of WAY) {
    const refs = reached.flatMap((one) => (one[name] === undefined ? [] : [one[name] as Values]));
    reached = (await Promise.all(refs.map((ref) => (name === 'address' ? whole(cimi, ref) : itemsOf(cimi, ref))))).flat();
  }
  return { values, addresses: [...new Set(reached.flatMap(({ ip }) => (typeof ip === 'string' ? [ip] : [])))] };
}

/** Items of a collection, which stand beside its href where it was expanded. */
async function itemsOf(cimi: Cimi, { href, count, ...more }: Values): Promise<readonly Values[]> {
  const lists = Object.entries(more).flatMap(([name, value]) => (name !== 'operations' && Array.isArray(value) ? [value as Values[]] : []));
  return count === undefined ? collectionAt(cimi, String(href)).all() : (lists[0] ?? []);
}

const whole = async (cimi: Cimi, ref: Values): Promise<Values> => (ref.ip === undefined ? itemAt(cimi, String(ref.href)) : ref);
