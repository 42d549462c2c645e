import { assert } from './kit/assert';
import { list } from './kit/body';
import type { Context } from './kit/context';
import { check, clause } from './kit/define';
import { freshName, idOf } from './kit/ingredients';
import { machineComponent, targets, typeUri } from './kit/parts';
import { hrefOf, textOf, type Value } from './kit/value';
import { readXml, type Element } from './kit/xml';

/** Exports, and imports of the package in package/, which lies where the caller of the suite says (`--choose package=URL`). */

/** Facts of its descriptor: a blank disk of 2 GiB, as clouds report it in whole kilobytes, machines of 512 and 1,024 MiB. */
const BLANK_KB = Math.floor(2 ** 31 / 1000);
const MEMORY_KIB: Readonly<Record<string, number>> = { web: 512 * 1024, db: 1024 * 1024 };

const placeOf = (c: Context): string => c.session.choose.package ?? c.skip('no place of the package was told: --choose package=URL');

/** Imports the package by the action of a Collection; what it makes is deleted when the check ends. */
async function imported(c: Context, collection: 'systems' | 'systemTemplates', name: string): Promise<Value> {
  const answer = await c.act(await c.collection(collection), 'import', { source: placeOf(c), properties: { name } });
  const job = await c.job(answer);
  const target = c.session.absolute(job?.href('targetResource') ?? c.link(collection));
  const affected = job?.list('affectedResources', 'affectedResource') ?? [];
  for (const uri of affected.map((each) => c.session.absolute(textOf(each, 'href')))) if (uri !== target) c.deletes(uri);
  const made = await c.owned(answer);
  await c.done(answer);
  assert.ok(made, `nothing says what was imported by ${answer.said()}`);
  return c.read(made);
}

/** Templates of a SystemTemplate's components of a type, by the components' names: by value, or what the reference leads to. */
async function templates(c: Context, system: Value, type: string): Promise<Map<string, Value>> {
  const found = system.list('componentDescriptors', 'componentDescriptor').filter((each) => each.text('type') === typeUri(type));
  const attribute = `${type.charAt(0).toLowerCase()}${type.slice(1)}Template`;
  const entries = found.map(async (each): Promise<[string, Value]> => {
    const template = each.inner(attribute);
    assert.ok(template, `the component ${each.text('name') ?? ''} has no ${attribute}`);
    const href = template.text('href');
    return [textOf(each, 'name'), href === undefined ? template : await c.read(href)];
  });
  return new Map(await Promise.all(entries));
}

/** Asserts that a Machine's or a template's figures are at least those of its hardware (RA-06, RA-14). */
function assertFigures(of: Value, name: string): void {
  assert.ok(Number(of.text('cpu')) >= 1, `${name} has ${of.text('cpu') ?? 'no'} cpu`);
  assert.ok(Number(of.text('memory')) >= (MEMORY_KIB[name] ?? 0), `${name} has ${of.text('memory') ?? 'no'} KiB of memory`);
}

/** Exports a resource without a destination; what was made for the package goes when the check ends. @returns the descriptor's root */
async function exported(c: Context, value: Value): Promise<Element> {
  const answer = await c.act(value, 'export');
  const job = await c.job(answer);
  const own = c.session.absolute(idOf(value));
  const affected = job?.list('affectedResources', 'affectedResource') ?? [];
  const uris = affected.map((each) => c.session.absolute(textOf(each, 'href')));
  await c.done(answer);
  const { location } = answer;
  assert.ok(location, `no Location tells where the package is: ${answer.said()}`);
  const read = (await c.get(location, { headers: { accept: 'application/ovf' } })).is(200);
  assert.equal(read.mediaType, 'application/ovf');
  // No clause says how a package goes: where it can be deleted it is, and what it held with it.
  const gone = await c.delete(location);
  if (gone.status < 300) await c.done(gone);
  for (const uri of uris) if (uri !== own && uri !== c.session.absolute(location)) c.deletes(uri);
  return readXml(read.text);
}

/** Folder below the place that takes packages, in which nothing lies yet. */
const emptyFolder = (c: Context): string =>
  new URL(`${freshName('export')}/`, c.session.choose.destination ?? c.skip('no place for exports was told: --choose destination=URL'))
    .href;

/** Text at a URL of that place, which is no part of the provider. */
async function placed(uri: string): Promise<string> {
  const answer = await fetch(uri);
  assert.equal(answer.status, 200, `GET ${uri} was answered with ${answer.status}`);
  return answer.text();
}

/** Exports a resource to a folder. @returns the names of the files in it, and the text of the descriptor */
async function sent(c: Context, value: Value, destination: string): Promise<{ names: string[]; descriptor: string }> {
  await c.done(await c.act(value, 'export', { destination }));
  const names = (await placed(destination)).split('\n').sort();
  const name = names.find((each) => each.endsWith('.ovf'));
  assert.ok(name !== undefined, `no descriptor was put there: ${names.join(', ')}`);
  return { names, descriptor: await placed(new URL(name, destination).href) };
}

/** Elements of a name, wherever they are below one. */
const within = (element: Element, name: string): Element[] =>
  element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...within(child, name)]);

/** Asserts that a descriptor has just these machines, by their names. */
function assertMachines(envelope: Element, names: string[]): void {
  assert.equal(envelope.name, 'Envelope');
  const found = within(envelope, 'VirtualSystem').map(({ children }) => children.find(({ name }) => name === 'Name')?.text);
  assert.deepEqual(found.sort(), names);
}

const NEEDS = { adds: ['systems', 'machines'], actions: ['System/import'] };

export const clauses = [
  clause('5.13.1.2', 'System operations', [
    check(
      'export without a format and a destination makes a package of the System, to which Location leads',
      ['R5.13.1.2-04', 'R5.13.1.2-06', 'R5.13.1.2-07'],
      { needs: { adds: ['systems', 'machines'], actions: ['System/export'] } },
      async (c) => {
        const components = await Promise.all(['db', 'web'].map((name) => machineComponent(c, name)));
        const content = { name: freshName('system'), systemTemplate: { componentDescriptors: list('componentDescriptor', components) } };
        const system = await c.create('systems', 'SystemCreate', content);
        for (const uri of await targets(c, system, 'machines', 'machine')) {
          const machine = await c.untilState(uri, 'STARTED', 'STOPPED');
          if (machine.text('state') === 'STARTED') await c.done(await c.act(machine, 'stop'));
        }
        assertMachines(await exported(c, await c.read(idOf(system))), ['db', 'web']);
      },
    ),

    check(
      'export to an HTTP destination puts the package there, and puts the System as it is by then in the place of one that is there',
      ['R5.13.1.2-05', 'R5.13.1.2-08'],
      { needs: { adds: ['systems', 'machines'], actions: ['System/export'] } },
      async (c) => {
        const destination = emptyFolder(c);
        const components = [await machineComponent(c, 'web')];
        const content = { name: freshName('system'), systemTemplate: { componentDescriptors: list('componentDescriptor', components) } };
        const system = await c.create('systems', 'SystemCreate', content);
        for (const uri of await targets(c, system, 'machines', 'machine')) {
          const machine = await c.untilState(uri, 'STARTED', 'STOPPED');
          if (machine.text('state') === 'STARTED') await c.done(await c.act(machine, 'stop'));
        }
        const first = await sent(c, await c.read(idOf(system)), destination);
        assertMachines(readXml(first.descriptor), ['web']);
        const name = freshName('renamed');
        assert.ok(!first.descriptor.includes(name), 'nothing has the new name yet');
        await c.done(await c.put(c.offered(await c.read(idOf(system)), 'edit'), 'System', { name }, { query: { $select: 'name' } }));
        const second = await sent(c, await c.read(idOf(system)), destination);
        assert.deepEqual(second.names, first.names);
        assertMachines(readXml(second.descriptor), ['web']);
        assert.ok(second.descriptor.includes(name), `the package does not say ${name}, the System's name by now`);
      },
    ),
  ]),

  clause('5.13.3.1', 'SystemTemplate operations', [
    check(
      'export without a format and a destination makes a package of the template, to which Location leads',
      ['R5.13.3.1-01', 'R5.13.3.1-02', 'R5.13.3.1-03'],
      { needs: { adds: ['systemTemplates', 'machines'], actions: ['SystemTemplate/export'] } },
      async (c) => {
        const components = await Promise.all(['db', 'web'].map((name) => machineComponent(c, name)));
        const content = { name: freshName('template'), componentDescriptors: list('componentDescriptor', components) };
        assertMachines(await exported(c, await c.create('systemTemplates', 'SystemTemplate', content)), ['db', 'web']);
      },
    ),

    check(
      'export of a template to an HTTP destination puts the package there',
      ['R5.13.3.1-04'],
      { needs: { adds: ['systemTemplates', 'machines'], actions: ['SystemTemplate/export'] } },
      async (c) => {
        const destination = emptyFolder(c);
        const components = [await machineComponent(c, 'web')];
        const content = { name: freshName('template'), componentDescriptors: list('componentDescriptor', components) };
        const { descriptor } = await sent(c, await c.create('systemTemplates', 'SystemTemplate', content), destination);
        assertMachines(readXml(descriptor), ['web']);
      },
    ),
  ]),

  clause('5.13.2.1', 'SystemCollection operations', [
    check(
      'import makes a System of all that the package consists of',
      ['R5.13.2.1-05', 'R5.13.2.1-02', 'RA-12', 'RA-13', 'RA-14', 'RA-15', 'RA-16', 'RA-17'],
      { needs: NEEDS },
      async (c) => {
        const name = freshName('package');
        const before = (await c.items('machineConfigs')).map(idOf);
        const outer = await imported(c, 'systems', name);
        assert.equal(outer.text('name'), name);
        const read = async (system: Value, attribute: string, reference: string): Promise<Value[]> =>
          Promise.all((await targets(c, system, attribute, reference)).map((uri) => c.read(uri)));
        const named = (values: Value[]) => values.map((each) => each.text('name'));
        const [inner, ...others] = await read(outer, 'systems', 'system');
        assert.ok(inner && others.length === 0 && inner.text('name') === 'inner', 'it has the System of the collection within');
        const [web, ...more] = await read(outer, 'machines', 'machine');
        const [db, ...further] = await read(inner, 'machines', 'machine');
        assert.deepEqual([named([...(web ? [web] : []), ...more]), named([...(db ? [db] : []), ...further])], [['web'], ['db']]);
        const networks = await read(outer, 'networks', 'network');
        assert.deepEqual(named(networks), ['front']);
        for (const [key, machine] of Object.entries({ web, db })) if (machine) assertFigures(machine, key);
        const [network] = networks;
        const [one] = web ? (await c.follow(web, 'networkInterfaces')).items() : [];
        assert.equal(c.session.absolute(one?.href('network') ?? ''), c.session.absolute(network ? idOf(network) : ''));
        const sizes = (await read(outer, 'volumes', 'volume')).map((each) => Number(each.text('capacity')));
        assert.ok(sizes.length === 1 && sizes.every((size) => size >= BLANK_KB), `its Volumes are of ${sizes.join(', ') || 'no'} kB`);
        const configs = (await c.items('machineConfigs')).filter((each) => !before.includes(idOf(each)));
        for (const memory of Object.values(MEMORY_KIB))
          assert.ok(
            configs.some((each) => Number(each.text('memory')) === memory),
            `no MachineConfiguration of ${memory} KiB was made`,
          );
      },
    ),
  ]),

  clause('5.13.4.1', 'SystemTemplateCollection operations', [
    check(
      'import makes a SystemTemplate, and templates of all that the package consists of',
      ['R5.13.4.1-01', 'R5.13.3-13', 'RA-04', 'RA-05', 'RA-06', 'RA-08', 'RA-09', 'RA-11'],
      { needs: { actions: ['SystemTemplate/import'] } },
      async (c) => {
        const name = freshName('package');
        const outer = await imported(c, 'systemTemplates', name);
        assert.equal(outer.text('name'), name);
        if (outer.has('importImage')) assert.equal(hrefOf(outer, 'importImage'), placeOf(c));
        const machines = await templates(c, outer, 'Machine');
        assert.deepEqual([...machines.keys()], ['web']);
        const systems = await templates(c, outer, 'System');
        assert.deepEqual([...systems.keys()], ['inner']);
        assert.deepEqual([...(await templates(c, outer, 'Network')).keys()], ['front']);
        for (const inner of systems.values())
          for (const [key, template] of await templates(c, inner, 'Machine')) machines.set(key, template);
        assert.deepEqual([...machines.keys()].sort(), ['db', 'web']);
        for (const [key, template] of machines) {
          assertFigures(await c.follow(template, 'machineConfig'), key);
          if (template.has('machineImage')) assert.equal((await c.follow(template, 'machineImage')).text('state'), 'AVAILABLE');
        }
        const [data, ...more] = machines.get('web')?.list('volumeTemplates', 'volumeTemplate') ?? [];
        assert.ok(data && more.length === 0, 'web has a template of one further Volume');
        const volume = data.has('volumeConfig') ? data : await c.read(data.text('href') ?? hrefOf(data, 'volumeTemplate'));
        assert.ok(Number((await c.follow(volume, 'volumeConfig')).text('capacity')) >= BLANK_KB);
      },
    ),

    check(
      'an import of what is not there makes nothing',
      ['R5.13.4.1-01'],
      { needs: { actions: ['SystemTemplate/import'] } },
      async (c) => {
        const source = `${placeOf(c)}.nowhere`;
        const answer = await c.watched(async () => c.act(await c.collection('systemTemplates'), 'import', { source }));
        await c.fails(answer);
        if (answer.location !== undefined) await c.gone(answer.location);
      },
    ),
  ]),
];
