import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openControl } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { Client, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { hrefOf } from '../resources/network-kit';
import { listOf, machineCreate, pathOf } from './scene';

/**
 * Two gateways over one store: what one of them made stands in the lists of the other with all that it refers to, though that one had
 * read its cloud before.
 */
describeWith('postgres', postgresAvailable(), () => {
  let postgres: Postgres;
  let dataDir: string;
  const gateways: TestGateway[] = [];
  const clients: Client[] = [];
  const maker = (): Client => clients[0] as Client;
  const reader = (): Client => clients[1] as Client;

  beforeAll(async () => {
    postgres = await startPostgres();
    dataDir = await mkdtemp(join(tmpdir(), 'cimi-two-'));
    const clouds = { sim: simulatedCloud({}, { guard: { cacheMs: 600_000 } }) };
    for (let at = 0; at < 2; at++) {
      const gateway = await startTestGateway({ dataDir, config: { clouds, store: { kind: 'postgres', url: postgres.url } } });
      gateways.push(gateway);
      clients.push(new Client(gateway.base));
    }
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop({ keepData: true });
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Makes something at the first gateway. @returns its path */
  const make = async (collection: string, type: string, body: object): Promise<string> => {
    const answer = await maker().post(collection, { resourceURI: `${CIMI}/${type}Create`, ...body });
    expect(await maker().ended(answer)).toMatchObject({ state: 'SUCCESS' });
    return pathOf(maker(), answer.headers.get('location'));
  };
  const items = async (collection: string, name: string): Promise<Json[]> => listOf((await reader().get(collection)).json, name);

  test('a port has its network in every list (5.16.7), and goes with it (5.16.1.1.1)', async () => {
    const network = await make('networks', 'Network', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } });
    expect(await items('networkPorts', 'networkPorts')).toEqual([]);
    const port = await make('networkPorts', 'NetworkPort', {
      networkPortTemplate: { network: { href: network }, networkPortConfig: {} },
    });
    const [listed] = await items('networkPorts', 'networkPorts');
    expect(pathOf(reader(), listed?.id)).toBe(port);
    expect(pathOf(reader(), hrefOf(listed ?? {}, 'network'))).toBe(network);
    const xml = await reader().get('networkPorts', { accept: 'application/xml' });
    expect(xml.text).toContain(`<network href="${reader().base}${network}"`);
    expect(await reader().ended(await reader().delete(network))).toMatchObject({ state: 'SUCCESS' });
    expect((await maker().get(port)).status).toBe(404);
  });

  test('a volume of a machine has its volume in the machine’s list (5.14.3)', async () => {
    const machine = await make('machines', 'Machine', machineCreate());
    const volume = await make('volumes', 'Volume', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } });
    const before = await items(`${machine}/volumes`, 'machineVolumes');
    const answer = await maker().post(`${machine}/volumes`, {
      resourceURI: `${CIMI}/MachineVolume`,
      volume: { href: volume },
      initialLocation: '/dev/vdx',
    });
    expect(await maker().ended(answer)).toMatchObject({ state: 'SUCCESS' });
    const after = await items(`${machine}/volumes`, 'machineVolumes');
    expect(after).toHaveLength(before.length + 1);
    expect(after.map((each) => pathOf(reader(), hrefOf(each, 'volume')))).toContain(volume);
  });

  test('a copy of a machine with its tag, which a Job of the other gateway may have taken back, is not listed from what was kept', async () => {
    const machine = await make('machines', 'Machine', machineCreate());
    const control = openControl(join(dataDir, 'clouds', 'sim', 'simulator.sqlite'));
    try {
      const [original] = control.instances().slice(-1);
      if (!original) throw new Error('there is no instance');
      // The provider forgot the token of the create and made another.
      const copy = { ...original, id: 'i-copy' };
      control.add([copy]);
      const paths = async (): Promise<string[]> => (await items('machines', 'machines')).map(({ id }) => pathOf(reader(), id));
      expect(await paths()).toEqual(expect.arrayContaining([machine, 'machines/sim.i-copy']));
      expect(await maker().ended(await maker().act(machine, 'stop'))).toMatchObject({ state: 'SUCCESS' });
      control.remove([copy]);
      const after = await paths();
      expect(after).toContain(machine);
      expect(after).not.toContain('machines/sim.i-copy');
    } finally {
      control.close();
    }
  });
});
