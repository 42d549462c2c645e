import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import type { BoundaryPoint } from '../../src/jobs/engine-context';
import { Client, type Answer } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { waitUntil } from '../harness/wait';

const DAY_MS = 86_400_000;

let gateway: TestGateway;
let client: Client;
let cloud: SimulatorControl;
let onBoundary: (point: BoundaryPoint) => Promise<void> = () => Promise.resolve();
beforeAll(async () => {
  gateway = await startTestGateway({ onBoundary: (point) => onBoundary(point) });
  client = new Client(gateway.base);
  cloud = openControl(join(gateway.dataDir, 'clouds', 'sim', 'simulator.sqlite'));
});
afterAll(async () => {
  cloud.close();
  await gateway.stop();
});
afterEach(() => {
  cloud.clearFailures();
  cloud.remove(cloud.instances());
});

function create(): Promise<Answer> {
  const template = {
    machineConfig: { href: `machineConfigs/${encodeId('sim', 's1.small')}` },
    machineImage: { href: `machineImages/${encodeId('sim', 'img-debian-12')}` },
    credential: { key: Buffer.from('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ6mGQqYkXv0Yx0cXn0rZlq8eA2mS1h3m5aQm0o6rVtY').toString('hex') },
  };
  return client.post('machines', { resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineCreate', machineTemplate: template });
}

/** The doubled effect of an attempt whose answer was lost, and a copy that somebody made with all tags, long ago by its time. */
function twins(): void {
  const [made] = cloud.instances();
  if (!made) throw new Error('nothing was made');
  cloud.add([
    { ...made, id: 'vm-twin' },
    { ...made, id: 'vm-clone', launchedAt: made.launchedAt - DAY_MS },
  ]);
}

/** Ids at the provider once no more than so many are left: what was told to go takes its moment. */
async function remaining(count: number): Promise<string[]> {
  await waitUntil(() => cloud.instances().length <= count);
  return cloud.instances().map(({ id }) => id);
}

describe('a create whose answer was lost and whose first effect shows late', () => {
  beforeEach(() => cloud.fail({ method: 'machines.create', kind: 'timeout', afterEffect: true }));

  test('keeps one; the twin goes, what somebody copied stays', async () => {
    onBoundary = async ({ step, moment }) => {
      if (step === 'create' && moment === 'recorded' && cloud.instances().length === 1) twins();
    };
    const answer = await create();
    expect(await client.ended(answer)).toMatchObject({ state: 'SUCCESS' });
    const ids = await remaining(2);
    expect(ids).toHaveLength(2);
    expect(ids).toContain('vm-clone');
    expect(ids).not.toContain('vm-twin');
  });

  test('deleted meanwhile: both of its own go, what somebody copied stays', async () => {
    let deleted: Promise<Answer> | undefined;
    let path = '';
    onBoundary = async ({ step, moment }) => {
      if (step !== 'create' || moment !== 'ran' || cloud.instances().length !== 1) return;
      twins();
      await waitUntil(() => path !== '');
      deleted ??= client.delete(path);
      await deleted;
    };
    const answer = await create();
    path = (answer.headers.get('location') ?? '').slice(client.base.length);
    expect(await client.ended(answer)).toMatchObject({ state: 'STOPPED' });
    expect(deleted && (await client.ended(await deleted))).toMatchObject({ state: 'SUCCESS' });
    expect(await remaining(1)).toEqual(['vm-clone']);
  });
});

test('a key pair whose import was not recorded goes when the create is stopped', async () => {
  let deleted: Promise<Answer> | undefined;
  let path = '';
  const before = cloud.keyPairs();
  onBoundary = async ({ step, moment }) => {
    if (step !== 'credential' || moment !== 'ran' || deleted) return;
    await waitUntil(() => path !== '');
    deleted = client.delete(path);
    await deleted;
    throw new Error('as if the process had died here');
  };
  const answer = await create();
  path = (answer.headers.get('location') ?? '').slice(client.base.length);
  expect(await client.ended(answer)).toMatchObject({ state: 'STOPPED' });
  expect(deleted && (await client.ended(await deleted))).toMatchObject({ state: 'SUCCESS' });
  expect(cloud.keyPairs()).toEqual(before);
});
