import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { driver } from '../../drivers/vsphere/index';
import { cloudOptions, loadConfig } from '../../src/config/load';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { mainJob } from './main-job';
import { Steps } from './steps';
import { startVsphereWorld, type VsphereWorld } from './vsphere-world';

const EXAMPLE = join(__dirname, '..', '..', 'config', 'vsphere.yaml');

describe('config/vsphere.yaml', () => {
  test('loads as it stands, and with each of its comments taken for a setting', async () => {
    const plain = await loadConfig({ file: EXAMPLE, env: {}, cwd: tmpdir() });
    expect(cloudOptions(plain, 'vc', driver.options)).toMatchObject({ url: 'https://vcenter.example.org', insecure: false });
    const folder = mkdtempSync(join(tmpdir(), 'cimi-example-'));
    const file = join(folder, 'all.yaml');
    const text = readFileSync(EXAMPLE, 'utf8').replace('secrets: {}', 'secrets:');
    writeFileSync(file, text.replace(/^( +)# (\w+: ["[$\w])/gm, '$1$2'));
    const env = { VSPHERE_PASSWORD: 'other', CIMI_KEY: Buffer.alloc(32).toString('base64') };
    const config = await loadConfig({ file, env, cwd: folder });
    expect(cloudOptions(config, 'vc', driver.options)).toMatchObject({
      password: 'other',
      thumbprint: expect.stringMatching(/^AA:BB/) as string,
      cluster: 'production',
      network: 'VM Network',
      switch: 'production',
      publicNetworks: ['VM Network'],
    });
    rmSync(folder, { recursive: true });
  });
});

describeWith('vcsim', vcsimAvailable(), () => {
  describe('the main job on vSphere', () => {
    let world: VsphereWorld;
    beforeAll(async () => {
      world = await startVsphereWorld();
    });
    afterAll(() => world.stop());
    mainJob(() => world);
  });

  describe('a vCenter with two clusters', () => {
    let world: VsphereWorld;
    beforeAll(async () => {
      world = await startVsphereWorld({ clusters: 2, machines: 1, templates: 1 });
    });
    afterAll(() => world.stop());

    test('sizes are had as asked for, placement is said in the create, what is ambiguous fails with the candidates named', async () => {
      const steps = new Steps(() => world);
      const { machineImage } = await steps.parts();
      const machineTemplate = { machineConfig: { cpu: 3, memory: 3_000_001 }, machineImage };
      const refused = await world.client.post('machines', { resourceURI: `${CIMI}/MachineCreate`, machineTemplate });
      const job = await world.client.ended(refused);
      expect(job).toMatchObject({ state: 'FAILED', statusMessage: expect.stringContaining("'DC0_C0', 'DC0_C1'") as string });
      const machine = await steps.machine({ name: 'placed', cluster: 'DC0_C1', machineTemplate });
      // Rounded up to vSphere's 4 MiB.
      expect(machine).toMatchObject({ state: 'STARTED', cpu: 3, memory: 2932 * 1024 });
      await steps.remove(machine);
      expect(await world.leftovers()).toEqual([]);
    });
  });
});
