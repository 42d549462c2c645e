import { assert } from './kit/assert';
import { CIMI, type Content, list } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf, machineCreate, machineParts, makeMachine, makeVolume, volumeCreate } from './kit/ingredients';
import { credentialData, machineComponent, mixNetworks, networkTemplate, PORT_CONFIG, sharedNetwork } from './kit/parts';
import { PLAYGROUND, playground, TYPE } from './kit/playground';
import { assertSize } from './kit/size';
import { shortName, textOf } from './kit/value';

const CAPABILITY = `${CIMI}/capability/`;
const small = { cpu: 1, memory: 1048576 };

/** A capability that holds only together with another. */
const implies = (one: string, other: string, id: string) =>
  check(`${one} goes with ${other}`, [id], {}, (c) => {
    if (!c.can(one)) c.skip(`capability ${one} is not announced`);
    assert.ok(c.can(other), `${one} is announced, ${other} is not`);
    return Promise.resolve();
  });

/** Creates with a template and waits for a steady state. */
async function made(c: Context, attribute: string, type: string, content: Content, ...states: string[]) {
  return c.untilState(await c.createUri(attribute, type, { name: freshName(), ...content }), ...states);
}

const needs = { collections: ['resourceMetadata'] };
const SWITCHED = ['STARTED', 'STOPPED'];

export const clauses = [
  clause('5.11.2', 'Capabilities', [
    check(
      'capabilities have names of their own, and the URIs of the standard',
      ['R5.11.2-03', 'R5.11.2-04', 'R5.11.2-05'],
      { needs },
      (c) => {
        for (const [typeUri, metadata] of c.session.allMetadata()) {
          const capabilities = metadata.list('capabilities', 'capability');
          const names = capabilities.map((each) => each.text('name') ?? shortName(textOf(each, 'uri')));
          assert.equal(new Set(names).size, names.length, typeUri);
          for (const each of capabilities.filter((one) => textOf(one, 'uri').startsWith(CIMI))) {
            assert.equal(textOf(each, 'uri'), `${CAPABILITY}${shortName(typeUri)}/${each.text('name') ?? shortName(textOf(each, 'uri'))}`);
          }
        }
        return Promise.resolve();
      },
    ),
    check('capabilities of the whole provider stand with the Cloud Entry Point', ['R5.11.2-06'], { needs }, (c) => {
      const general = [
        'ExpandParameter',
        'FilterParameter',
        'FirstParameter',
        'SelectParameter',
        'FormatParameter',
        'OrderByParameter',
        'QueryPathNotation',
      ];
      for (const [typeUri, metadata] of c.session.allMetadata()) {
        const names = metadata.list('capabilities', 'capability').map((each) => each.text('name') ?? '');
        if (shortName(typeUri) !== 'CloudEntryPoint')
          assert.deepEqual(
            names.filter((name) => general.includes(name)),
            [],
            typeUri,
          );
      }
      return Promise.resolve();
    }),
    check('what is not announced is refused', ['R5.11.2-07'], { needs: { adds: ['machines'] } }, async (c) => {
      if (c.can('Machine/MachineImageByValue')) c.skip('images by value are announced');
      const machineImage = { type: 'IMAGE', imageLocation: 'http://127.0.0.1/nowhere' };
      const { machineConfig } = await machineParts(c);
      await c.fails(async () => c.post(await c.addUri('machines'), 'MachineCreate', { machineTemplate: { machineConfig, machineImage } }));
    }),
    check('as many properties as MaxPropertyItems says are kept', ['R5.11.2-16'], { needs: playground }, async (c) => {
      const most = Number(
        c.capability('CloudEntryPoint/MaxPropertyItems') ?? c.skip('capability CloudEntryPoint/MaxPropertyItems is not announced'),
      );
      const properties = Object.fromEntries(Array.from({ length: most }, (_, at) => [`key${at}`, String(at)]));
      assert.deepEqual((await c.create(PLAYGROUND, TYPE, { properties, ...small })).map(), properties);
    }),
    check(
      'components of a SystemTemplate are taken by value',
      ['R5.11.2-17'],
      { needs: { adds: ['systemTemplates', 'systems'], capabilities: ['System/SystemComponentTemplateByValue'] } },
      async (c) => {
        const componentDescriptors = list('componentDescriptor', [await machineComponent(c, 'node')]);
        const template = await c.create('systemTemplates', 'SystemTemplate', { name: freshName(), componentDescriptors });
        const system = await c.create('systems', 'SystemCreate', { name: freshName(), systemTemplate: { href: idOf(template) } });
        assert.equal(textOf(await c.follow(system, 'machines'), 'count'), '1');
      },
    ),
    check('a new Machine takes DefaultInitialState unless told otherwise', ['R5.11.2-18'], { needs: { adds: ['machines'] } }, async (c) => {
      const state = c.capability('Machine/DefaultInitialState') ?? c.skip('capability Machine/DefaultInitialState is not announced');
      assert.equal(textOf(await makeMachine(c), 'state'), state);
    }),
    implies('Machine/MachineConfigByValue', 'Machine/MachineTemplateByValue', 'R5.11.2-21'),
    implies('Machine/MachineCredentialByValue', 'Machine/MachineTemplateByValue', 'R5.11.2-23'),
    implies('Machine/MachineImageByValue', 'Machine/MachineTemplateByValue', 'R5.11.2-25'),
    implies('Machine/MachineVolumeTemplatesByValue', 'Machine/MachineTemplateByValue', 'R5.11.2-27'),
    implies('Volume/VolumeConfigByValue', 'Volume/VolumeTemplateByValue', 'R5.11.2-38'),
    implies('Volume/VolumeImageByValue', 'Volume/VolumeTemplateByValue', 'R5.11.2-40'),
    check(
      'a Credential is taken by value in the creation of a Machine',
      ['R5.11.2-22'],
      { needs: { adds: ['machines'], capabilities: ['Machine/MachineCredentialByValue'] } },
      async (c) => {
        const machine = await makeMachine(c, {}, { credential: credentialData(c) });
        assert.notEqual(textOf(machine, 'state'), 'ERROR');
      },
    ),
    check(
      'VolumeTemplates are taken by value in the creation of a Machine',
      ['R5.11.2-26'],
      { needs: { adds: ['machines', 'volumes'], capabilities: ['Machine/MachineVolumeTemplatesByValue'] } },
      async (c) => {
        const volumeTemplates = list('volumeTemplate', [{ volumeConfig: { capacity: 1_000_000 } }]);
        const machine = await makeMachine(c, {}, { volumeTemplates });
        const volumes = (await c.follow(machine, 'volumes')).items();
        assert.equal(volumes.length, 1);
        for (const each of volumes) c.deletes(each.href('volume') ?? '');
        c.deletes(idOf(machine));
      },
    ),
    check(
      'stop and restart take force',
      ['R5.11.2-29'],
      { needs: { adds: ['machines'], capabilities: ['Machine/MachineStopForce'], actions: ['Machine/stop', 'Machine/restart'] } },
      async (c) => {
        const machine = await made(c, 'machines', 'MachineCreate', await machineCreate(c), ...SWITCHED);
        const uri = idOf(machine);
        if (textOf(machine, 'state') === 'STOPPED') await c.done(await c.act(machine, 'start'));
        await c.done(await c.act(await c.untilState(uri, 'STARTED'), 'restart', { force: true }));
        await c.done(await c.act(await c.untilState(uri, 'STARTED'), 'stop', { force: true }));
        await c.untilState(uri, 'STOPPED');
      },
    ),
    check(
      'a Machine is restored from an image that is no snapshot',
      ['R5.11.2-32'],
      { needs: { adds: ['machines'], capabilities: ['Machine/RestoreFromImage'], actions: ['Machine/restore'] } },
      async (c) => {
        const machine = await made(c, 'machines', 'MachineCreate', await machineCreate(c), ...SWITCHED);
        const { machineImage } = await machineParts(c);
        if (c.operation(machine, 'restore') === undefined && c.operation(machine, 'stop') !== undefined)
          await c.done(await c.act(machine, 'stop'));
        const ready = await c.untilState(idOf(machine), ...SWITCHED);
        const image = String(machineImage.href);
        await c.done(await c.act(ready, 'restore', { image: c.format === 'json' ? image : { href: image } }));
        await c.untilState(idOf(machine), ...SWITCHED);
      },
    ),
    check('availability levels are extension attributes where they are announced', ['R5.11.2-34', 'R5.11.2-43'], { needs }, (c) => {
      const announced = ['Machine', 'Volume'].filter((type) => c.can(`${type}/${type}AvailabilityLevel`));
      if (announced.length === 0) c.skip('no availability level is announced');
      for (const type of announced.flatMap((each) => [each, `${each}Template`])) {
        const own =
          c.session
            .metadataOf(type)
            ?.list('attributes', 'attribute')
            .filter((each) => each.has('namespace')) ?? [];
        assert.ok(own.length > 0, `${type} has no extension attribute`);
      }
      return Promise.resolve();
    }),
    check(
      'a CredentialTemplate is taken by value',
      ['R5.11.2-35'],
      { needs: { adds: ['credentials'], capabilities: ['Credential/CredentialTemplateByValue'] } },
      async (c) => {
        const credential = await c.create('credentials', 'CredentialCreate', {
          name: freshName(),
          credentialTemplate: credentialData(c),
        });
        assert.equal(credential.resourceURI, `${CIMI}/Credential`);
      },
    ),
    check(
      'a Volume is shared by Machines where that is announced',
      ['R5.11.2-36'],
      { needs: { adds: ['machines', 'volumes'], capabilities: ['Volume/SharedVolumeSupport'] } },
      async (c) => {
        const volume = idOf(await makeVolume(c));
        for (const machine of [await makeMachine(c), await makeMachine(c)]) {
          const add = c.offered(await c.follow(machine, 'volumes'), 'add');
          await c.create(add, 'MachineVolume', { volume: { href: volume } });
        }
      },
    ),
    check(
      'VolumeTemplates and VolumeConfigurations are taken by value',
      ['R5.11.2-37', 'R5.11.2-42'],
      { needs: { adds: ['volumes'], capabilities: ['Volume/VolumeConfigByValue', 'Volume/VolumeTemplateByValue'] } },
      async (c) => {
        const volume = await made(c, 'volumes', 'VolumeCreate', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }, 'AVAILABLE');
        assertSize('the capacity', Number(textOf(volume, 'capacity')), 1_000_000);
      },
    ),
    check(
      'VolumeImages are taken by value where that is announced',
      ['R5.11.2-39'],
      { needs: { adds: ['volumes'], capabilities: ['Volume/VolumeImageByValue'] } },
      async (c) => {
        const content = await volumeCreate(c);
        const volumeTemplate = {
          ...(content.volumeTemplate as Content),
          volumeImage: { imageLocation: { href: idOf(await makeVolume(c)) } },
        };
        await c.create('volumes', 'VolumeCreate', { ...content, volumeTemplate });
      },
    ),
    check(
      'a VolumeImage is made of a Volume',
      ['R5.11.2-41'],
      { needs: { adds: ['volumes', 'volumeImages'], capabilities: ['Volume/VolumeSnapshot'] } },
      async (c) => {
        const image = await made(c, 'volumeImages', 'VolumeImage', { imageLocation: { href: idOf(await makeVolume(c)) } }, 'AVAILABLE');
        assert.equal(image.resourceURI, `${CIMI}/VolumeImage`);
      },
    ),
    check(
      'NetworkTemplates and NetworkConfigurations are taken by value',
      ['R5.11.2-44', 'R5.11.2-45'],
      { needs: { adds: ['networks'], capabilities: ['Network/NetworkConfigByValue', 'Network/NetworkTemplateByValue'] } },
      async (c) => {
        const network = await made(
          c,
          'networks',
          'NetworkCreate',
          { networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } },
          ...SWITCHED,
        );
        assert.equal(textOf(network, 'networkType'), 'PRIVATE');
      },
    ),
    check('a new Network takes DefaultInitialState unless told otherwise', ['R5.11.2-46'], { needs: { adds: ['networks'] } }, async (c) => {
      const state = c.capability('Network/DefaultInitialState') ?? c.skip('capability Network/DefaultInitialState is not announced');
      const network = await made(c, 'networks', 'NetworkCreate', { networkTemplate: await networkTemplate(c) }, ...SWITCHED);
      assert.equal(textOf(network, 'state'), state);
    }),
    check(
      'NetworkPortTemplates and -Configurations are taken by value; a new port takes DefaultInitialState',
      ['R5.11.2-48', 'R5.11.2-49', 'R5.11.2-50'],
      {
        needs: {
          adds: ['networks', 'networkPorts'],
          capabilities: ['NetworkPort/NetworkPortConfigByValue', 'NetworkPort/NetworkPortTemplateByValue'],
        },
      },
      async (c) => {
        const state =
          c.capability('NetworkPort/DefaultInitialState') ?? c.skip('capability NetworkPort/DefaultInitialState is not announced');
        const networkPortTemplate = { network: { href: await sharedNetwork(c) }, networkPortConfig: PORT_CONFIG };
        assert.equal(textOf(await made(c, 'networkPorts', 'NetworkPortCreate', { networkPortTemplate }, ...SWITCHED), 'state'), state);
      },
    ),
    check(
      'a ForwardingGroup mixes public and private Networks only where that is announced',
      ['R5.11.2-52', 'R5.11.2-53'],
      { needs: { adds: ['forwardingGroups', 'networks'] } },
      async (c) => {
        const answer = await mixNetworks(c);
        await c.owned(answer);
        await (c.can('ForwardingGroup/MixedNetwork') ? c.done(answer) : c.fails(answer));
      },
    ),
    check('JobRetention is a number of minutes, and a Job that has ended is kept', ['R5.11.2-54'], { needs: playground }, async (c) => {
      const minutes = c.capability('Job/JobRetention') ?? c.skip('capability Job/JobRetention is not announced');
      assert.match(minutes, /^\d+$/);
      const answer = await c.post(await c.addUri(PLAYGROUND), TYPE, small);
      await c.owned(answer);
      const job = await c.done(answer);
      assert.equal(idOf(await c.read(answer.jobUri ?? '')), job && idOf(job));
    }),
  ]),
];
