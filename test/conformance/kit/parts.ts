import assert from 'node:assert/strict';
import { type Content, list } from './body';
import { Context } from './context';
import { freshName, idOf, machineParts, volumeCreate } from './ingredients';
import { hrefOf, type Value } from './value';
import type { Answer } from './wire';

/** More throw-away resources: credentials, networks, ports, addresses, groups, and the shared ones that may only be read. */

const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA0R5/jlxa1C9b4Va0SRbqIJdM2c+v0XE7GjE2ntVKq8 conformance';

/** Builds the content of a Credential, by what ResourceMetadata says it can hold: a public key, else a user name and a password. */
export function credentialData(c: Context): Content {
  if (takes(c, 'Credential', 'key')) return { key: Buffer.from(PUBLIC_KEY).toString('hex') };
  return { userName: 'conformance', password: 'Conform1ng-Well' };
}

export const credentialCreate = (c: Context, name = freshName('credential')): Content => ({ name, credentialTemplate: credentialData(c) });

/** Creates in a collection and waits until the resource is in a steady state. */
async function steady(c: Context, where: string, type: string, content: Content, states: string[]): Promise<Value> {
  return c.untilState(await c.createUri(where, type, content), ...states, 'ERROR');
}

const SWITCHED = ['STARTED', 'STOPPED'];

/** Builds a NetworkTemplate: with one of the provider's private configurations, else one by value. */
export async function networkTemplate(c: Context, more: Content = {}): Promise<Content> {
  const config = await c.shared('network parts', async (s): Promise<Content> => {
    const configs = s.entry.has('networkConfigs') ? await s.items('networkConfigs') : [];
    const name = s.session.choose.networkConfigs;
    const usable = configs.find((each) => (name === undefined ? each.text('networkType') === 'PRIVATE' : each.text('name') === name));
    return usable ? { href: idOf(usable) } : { networkType: 'PRIVATE' };
  });
  const { initialState, ...rest } = more;
  return { ...(initialState === undefined ? {} : { initialState }), networkConfig: config, ...rest };
}

export async function makeNetwork(c: Context, more: Content = {}, template: Content = {}): Promise<Value> {
  const content = { name: freshName('network'), ...more, networkTemplate: await networkTemplate(c, template) };
  return steady(c, 'networks', 'NetworkCreate', content, SWITCHED);
}

/** A Network that checks may use but not change; made once. */
export async function sharedNetwork(c: Context): Promise<string> {
  return c.shared('network to use', async (s) =>
    idOf(await makeNetwork(s, { description: 'to be used', properties: { Owner: 'conformance' } })),
  );
}

export const PORT_CONFIG: Content = { portType: 'ACCESS' };

/** Content of a NetworkPortCreate; without a network for a Network's own Collection. */
export function portCreate(network: string | undefined, more: Content = {}, template: Content = {}): Content {
  const where = network === undefined ? {} : { network: { href: network } };
  const { initialState, ...rest } = template;
  const first = initialState === undefined ? {} : { initialState };
  return { name: freshName('port'), ...more, networkPortTemplate: { ...first, ...where, networkPortConfig: PORT_CONFIG, ...rest } };
}

export function makePort(c: Context, network: string, more: Content = {}, template: Content = {}): Promise<Value> {
  return steady(c, 'networkPorts', 'NetworkPortCreate', portCreate(network, more, template), SWITCHED);
}

export const addressTemplate = (network: string): Content => ({ allocation: 'static', protocol: 'IPv4', network: { href: network } });

/**
 * A Network that Addresses can be made of: the one chosen as `addressNetwork`, for clouds whose static Addresses are of a
 * Network of their own, else one of the check's.
 */
export async function addressNetwork(c: Context, make: (c: Context) => Promise<string> = sharedNetwork): Promise<string> {
  const name = c.session.choose.addressNetwork;
  if (name === undefined) return make(c);
  const found = (await c.items('networks')).find((each) => each.text('name') === name);
  return found ? idOf(found) : c.skip(`networks holds no ${name}`);
}

/** An Address of a Network that a Consumer keeps. */
export function makeAddress(c: Context, network: string, more: Content = {}): Promise<Value> {
  return c.create('addresses', 'AddressCreate', { name: freshName('address'), ...more, addressTemplate: addressTemplate(network) });
}

export function makeGroup(c: Context, networks: Content, more: Content = {}): Promise<Value> {
  const content = { name: freshName('group'), ...more, forwardingGroupTemplate: networks };
  return c.create('forwardingGroups', 'ForwardingGroupCreate', content);
}

/** Tells whether an announced Network can do with groups; where there is no ResourceMetadata it may be all. */
const joins = (c: Context): boolean => c.session.metadataOf(MEMBER) === undefined || c.knows(`${MEMBER}/add`);
const MEMBER = 'ForwardingGroupNetwork';
/** Needs of a check that puts Networks into groups. */
export const JOINING = [`${MEMBER}/add`];

/** A group with one Network: made of it where Networks are added to groups, else the Network is made in the group. */
export async function groupWithNetwork(c: Context, more: Content = {}): Promise<{ group: Value; network: string }> {
  if (joins(c)) {
    const network = c.session.absolute(idOf(await makeNetwork(c)));
    return { group: await makeGroup(c, { networks: list('network', [{ href: network }]) }, more), network };
  }
  if (!takes(c, 'NetworkTemplate', 'forwardingGroup')) c.skip('Networks get into no group here');
  const group = idOf(await makeGroup(c, {}, more));
  const network = idOf(await makeNetwork(c, {}, { forwardingGroup: { href: group } }));
  return { group: await c.read(group), network: c.session.absolute(network) };
}

/** Asks for a group of a PUBLIC and a PRIVATE Network, or for the second one in a group that has the first. @throws Skip */
export async function mixNetworks(c: Context): Promise<Answer> {
  if (joins(c)) {
    const open = (await c.items('networks')).find((each) => each.text('networkType') === 'PUBLIC') ?? c.skip('no Network is PUBLIC');
    if (open.has('forwardingGroup')) c.skip('the PUBLIC Network is in a group');
    const own = await makeNetwork(c);
    if (own.text('networkType') !== 'PRIVATE') c.skip('no PRIVATE Network can be made');
    const forwardingGroupTemplate = { networks: list('network', [{ href: idOf(own) }, { href: idOf(open) }]) };
    const content = { name: freshName('group'), forwardingGroupTemplate };
    return c.watched(async () => c.post(await c.addUri('forwardingGroups'), 'ForwardingGroupCreate', content));
  }
  if (!takes(c, 'NetworkTemplate', 'forwardingGroup') || !c.can('Network/NetworkConfigByValue')) c.skip('Networks get into no group here');
  const group = idOf(await makeGroup(c, {}));
  const inside = async (networkType: string): Promise<Answer> => {
    const networkTemplate = { networkConfig: { networkType }, forwardingGroup: { href: group } };
    const content = { name: freshName('network'), networkTemplate };
    const answer = await c.watched(async () => c.post(await c.addUri('networks'), 'NetworkCreate', content));
    await c.owned(answer);
    return answer;
  };
  await c.done(await inside('PRIVATE'));
  return inside('PUBLIC');
}

/** A template of a Volume by what `volumeCreate` found. */
export async function volumeTemplate(c: Context): Promise<Content> {
  return (await volumeCreate(c)).volumeTemplate as Content;
}

/** A machine component of a System. */
export async function machineComponent(c: Context, name: string, template: Content = {}, quantity?: number): Promise<Content> {
  const parts = await machineParts(c);
  const { initialState, ...rest } = template;
  const first = initialState === undefined ? {} : { initialState };
  return { name, type: typeUri('Machine'), machineTemplate: { ...first, ...parts, ...rest }, quantity };
}

export const typeUri = (type: string): string => `http://schemas.dmtf.org/cimi/1/${type}`;

/** Targets of the references that the items of a Collection of associations hold. */
export async function targets(c: Context, owner: Value, attribute: string, reference: string): Promise<string[]> {
  const collection = await c.follow(owner, attribute);
  return collection.items().map((item) => c.session.absolute(hrefOf(item, reference)));
}

/** The item of a Collection of associations that refers to a resource. */
export async function association(c: Context, owner: Value, attribute: string, reference: string, target: string): Promise<Value> {
  const items = (await c.follow(owner, attribute)).items();
  const item = items.find((each) => c.session.absolute(each.href(reference) ?? '') === c.session.absolute(target));
  assert.ok(item, `${idOf(owner)}: ${attribute} does not lead to ${target}`);
  return item;
}

/** Adds a reference to one of a resource's own Collections. @throws Skip where it offers no add. */
export async function associate(c: Context, owner: Value, attribute: string, type: string, content: Content): Promise<Value> {
  const add = c.operation(await c.follow(owner, attribute), 'add') ?? c.skip(`${type} can't be added to ${attribute}`);
  const answer = await c.post(add, type, content);
  await c.done(answer);
  // It goes with its owner: nobody has to delete it.
  const uri = await new Context(c.session, c.format, () => undefined).owned(answer);
  assert.ok(uri, `nothing says what was added by ${answer.said()}`);
  return c.read(uri);
}

/** Deletes by the resource's own delete operation; it has to be gone afterwards. */
export async function removed(c: Context, uri: string): Promise<void> {
  const href = c.offered(await c.read(uri), 'delete');
  await c.done(await c.delete(href));
  await c.gone(uri);
}

/** Follows a reference only where the resource has it. @throws Skip else. */
export function has(c: Context, value: Value, attribute: string): void {
  if (!value.has(attribute)) c.skip(`${value.resourceURI ?? ''} has no ${attribute} here`);
}

/** Tells whether ResourceMetadata lists an attribute of a type. */
export function takes(c: Context, type: string, attribute: string): boolean {
  const known = c.session.metadataOf(type)?.list('attributes', 'attribute') ?? [];
  return known.some((each) => each.text('name') === attribute);
}
