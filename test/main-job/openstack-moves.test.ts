import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import type { Client, Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { exported, factsOf, shopIn } from '../packages/export-scene';
import { ACTION_URI, listOf, pathOf, succeeded } from '../protocol/scene';
import { CLOUD, type OpenstackWorld, startOpenstackWorld } from './openstack-world';

/** A workload moved from a simulated cloud to a real OpenStack and back, with two requests each way (5.13.1.2, 5.13.2.1). */

const MIB = 2 ** 20;
/** Contents of boot disks, and of a Volume of one GiB, which is Cinder's unit. */
const CONTENTS = { contentSize: 4 * MIB, copySize: 16 * MIB, contentAllocated: MIB };
const SIMULATED = 'simulated';
const KINDS = ['instance', 'volume', 'snapshot', 'copy', 'net'] as const;

describeWith('OpenStack', openstackAvailable(), () => {
  let world: OpenstackWorld;
  let client: Client;
  let control: SimulatorControl;
  beforeAll(async () => {
    world = await startOpenstackWorld({}, { [SIMULATED]: simulatedCloud(CONTENTS) });
    ({ client } = world);
    control = openControl(join(world.gateway.dataDir, 'clouds', SIMULATED, 'simulator.sqlite'));
  }, 1_800_000);
  afterAll(async () => {
    control.close();
    await world.stop();
  });

  const thingsThere = (): string[] => KINDS.flatMap((kind) => control.things(kind).map(({ id }) => id)).toSorted();
  const deleted = async (uri: unknown): Promise<unknown> => succeeded(client, await client.delete(String(uri)));

  /** Kinds of what the gateway has made in OpenStack, by OpenStack's own APIs. */
  const leftThere = async (): Promise<string[]> =>
    (await world.leftovers()).map((words) => words.replace(/ (?:[^ ]* )*[^ ]*$/, '')).toSorted();

  interface Moved {
    system: Json;
    /** Digests of the contents of its disks as the Jobs tell them, in their order. */
    digests: readonly string[];
    /** Words of the two Jobs. */
    told: readonly unknown[];
    /** Deletes the System, and the images that it was made of. */
    remove(): Promise<void>;
  }

  /** Exports a System and imports it into another cloud; the package goes again. @param digests those of its disks */
  async function moved(system: Json, cloud: string): Promise<Moved> {
    const { url, job: exports } = await exported(client, system.id, { properties: { 'ovf.running': 'snapshot' } });
    const answer = await client.post('systems', { action: `${ACTION_URI}import`, source: url, properties: { cloud } });
    const job = await succeeded(client, answer);
    await deleted(url);
    const images = listOf(job, 'affectedResources').filter(({ href }) => /\/(machineImages|volumeImages)\//.test(String(href)));
    const records = await Promise.all(images.map(async ({ href }) => (await client.get(String(href))).json));
    for (const record of records) expect(record).toMatchObject({ cloud, state: 'AVAILABLE' });
    const there = (await client.get(String(answer.headers.get('location')))).json;
    expect(there.movedFrom).toEqual({ href: system.id });
    return {
      system: there,
      told: [exports.statusMessage, job.statusMessage],
      digests: records.map(({ contentSha256 }) => String(contentSha256)).toSorted(),
      async remove() {
        await deleted(there.id);
        for (const { id } of records) await deleted(id);
      },
    };
  }

  test('a shop of Machines that run and that do not, a Volume and Networks goes there and comes back as it was', async () => {
    const before = thingsThere();
    const shop = await shopIn(client, SIMULATED);
    const [member] = listOf((await client.get(`${pathOf(client, shop.id)}/machines?$expand=machine`)).json, 'systemMachines');
    await succeeded(client, await client.act(String((member?.machine as Json | undefined)?.id), 'start'));
    const [facts, own] = [await factsOf(client, shop), thingsThere()];

    const there = await moved(shop, CLOUD);
    expect(await factsOf(client, there.system)).toEqual(facts);
    expect(there.told[1]).toContain(`its 2 cards are asked for in their order, which cloud '${CLOUD}' does not promise`);
    // What was made to be read has gone with the package, and the source is as it was.
    expect(thingsThere()).toEqual(own);
    expect(await factsOf(client, shop)).toEqual(facts);
    const expected = ['image', 'image', 'image', 'network', 'network', 'server', 'server', 'volume'];
    expect(await leftThere()).toEqual(expected);

    const back = await moved(there.system, SIMULATED);
    expect(await factsOf(client, back.system)).toEqual(facts);
    expect(back.digests).toEqual(there.digests);
    expect(back.told).toEqual([
      expect.stringMatching(/the 2 interfaces of machines\/.* are in the order in which cloud 'private' lists them/),
      expect.not.stringContaining('cards are asked for'),
    ]);
    const ids = thingsThere().filter((id) => !own.includes(id));
    const kept = [...control.snapshots(), ...control.things('copy')].filter(({ id }) => ids.includes(id));
    expect(kept.map((one) => (one as { content?: { digest: string } }).content?.digest).toSorted()).toEqual(
      there.digests.map((digest) => `sha256:${digest}`),
    );
    expect(await leftThere()).toEqual(expected);

    await there.remove();
    expect(await world.leftovers()).toEqual([]);
    await back.remove();
    expect(thingsThere()).toEqual(own);
    await deleted(shop.id);
    expect(thingsThere()).toEqual(before);
  });
});
