import { Gone } from '../../src/clouds/errors';
import { goneBy, type Kind } from './things';

const ID = '00000000-0000-4000-8000-000000000000';
const OTHER = '11111111-0000-4000-8000-000000000000';
const item = (message: string, code = 404) => JSON.stringify({ itemNotFound: { code, message } });
const net = (type: string, message: string) => JSON.stringify({ NeutronError: { type, message, detail: '' } });
const glance = (message: string) => JSON.stringify({ message: `${message}<br /><br />\n\n\n`, code: '404 Not Found', title: 'Not Found' });
const refusal = (body: string, status = 404) => ({ status, headers: { 'x-openstack-request-id': 'req-1' }, body });

/** Answers of the services of release Zed to a GET or DELETE of what is not there. */
const TOLD: readonly [Kind, string, string][] = [
  ['server', ID, item(`Instance ${ID} could not be found.`)],
  ['flavor', 'nope', item('Flavor nope could not be found.')],
  ['keypair', 'cimi-1', item('Keypair cimi-1 not found for user 224245e3f35648b3a84c0d2ac1dcacd3')],
  ['volume', ID, item(`Volume ${ID} could not be found.`)],
  ['snapshot', ID, item(`Snapshot ${ID} could not be found.`)],
  ['image', ID, glance(`No image found with ID ${ID}`)],
  ['image', ID, glance(`Failed to find image ${ID} to delete`)],
  ['network', ID, net('NetworkNotFound', `Network ${ID} could not be found.`)],
  ['network', ID, net('TagResourceNotFound', `Resource networks ${ID} could not be found.`)],
  ['port', ID, net('PortNotFound', `Port ${ID} could not be found.`)],
  ['router', ID, net('RouterNotFound', `Router ${ID} could not be found`)],
  ['floatingip', ID, net('FloatingIPNotFound', `Floating IP ${ID} could not be found`)],
  ['subnet', ID, net('SubnetNotFound', `Subnet ${ID} could not be found.`)],
  ['subnetpool', ID, net('SubnetPoolNotFound', `Subnet pool ${ID} could not be found.`)],
  ['securitygroup', ID, net('SecurityGroupNotFound', `Security group ${ID} does not exist`)],
  ['trunk', ID, net('TrunkNotFound', `Trunk ${ID} could not be found.`)],
];

test.each(TOLD)('%s %s: the service’s own words are proof', (kind, id, body) => {
  const proof = goneBy({ kind, id }, refusal(body));
  expect(proof).toBeInstanceOf(Gone);
  expect(proof).toMatchObject({ thing: { type: kind, key: id }, requestId: 'req-1', maybeDone: false });
});

test.each(TOLD)('%s %s: the same words are no proof with another status, of another thing, or when cut', (kind, id, body) => {
  const tries = [
    goneBy({ kind, id }, refusal(body, 403)),
    goneBy({ kind, id }, refusal(body, 410)),
    goneBy({ kind, id }, refusal(body.slice(0, -3))),
  ];
  const another = kind === 'flavor' || kind === 'keypair' ? 'another' : OTHER;
  expect([...tries, goneBy({ kind, id: another }, refusal(body))]).toEqual([undefined, undefined, undefined, undefined]);
});

test.each<[string, Kind, string, string]>([
  ['a volume’s words for a server', 'server', ID, item(`Volume ${ID} could not be found.`)],
  ['a volume type for a volume', 'volume', 'x', item('Volume type x could not be found.')],
  ['a longer id', 'flavor', 'm1', item('Flavor m1-large could not be found.')],
  ['a server without a cell', 'server', ID, item(`Instance ${ID} has no mapping to a cell.`)],
  ['a route that is not there', 'network', ID, net('HTTPNotFound', 'The resource could not be found.')],
  ['a port’s fault for a network', 'network', ID, net('PortNotFound', `Port ${ID} could not be found.`)],
  ['words of no service', 'server', ID, `Instance ${ID} could not be found.`],
  ['a fault with more in it', 'server', ID, JSON.stringify({ ...JSON.parse(item(`Instance ${ID} could not be found.`)), via: 'proxy' })],
  ['an empty id', 'flavor', '', item('Flavor  could not be found.')],
])('no proof: %s', (_what, kind, id, body) => {
  expect(goneBy({ kind, id }, refusal(body))).toBeUndefined();
});
