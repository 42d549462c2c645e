import { spawn } from 'node:child_process';
import { BlockList, isIP } from 'node:net';
import { collectionAt, itemAt, type Context, type Item } from '../context.ts';
import { find } from '../find.ts';
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
  const machine = await find(context, place, word);
  const address = bestOf(await addressesOf(context, machine));
  if (address === undefined) throw notFound(`${word} has no address that is known`);
  const user = given.find(({ name }) => name === 'user')?.value ?? userOf(machine.toJSON());
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

async function addressesOf({ cimi }: Context, machine: Item): Promise<string[]> {
  const href = (machine.networkInterfaces as { href: string } | undefined)?.href;
  const interfaces = href === undefined ? [] : await collectionAt(cimi, href).all();
  const links = interfaces.flatMap(({ addresses }) => (addresses as { href: string } | undefined)?.href ?? []);
  const entries = (await Promise.all(links.map((link) => collectionAt(cimi, link).all()))).flat();
  const uris = entries.flatMap(({ address }) => (address as { href: string } | undefined)?.href ?? []);
  const found = await Promise.all([...new Set(uris)].map((uri) => itemAt(cimi, uri)));
  return found.flatMap(({ ip }) => (typeof ip === 'string' ? [ip] : []));
}
