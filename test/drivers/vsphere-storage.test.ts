import type { CallContext, Item } from '../../src/clouds/driver';
import type { ProviderError } from '../../src/clouds/errors';
import { mibToKb } from '../../src/model/units';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { context, dropMachine, machinesMethod, marks, pagesOf, read } from './counterpart';
import { vcenter } from './vsphere-kit';

const MIB = mibToKb(1);
type Making = 'disks' | 'attachments' | 'volumes' | 'volumeImages';

const failure = (promise: Promise<unknown> | undefined): Promise<ProviderError> =>
  Promise.resolve(promise).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as ProviderError,
  );

/** Tests of what vSphere's storage has beyond the contract suite. */
describeWith('vcsim', vcsimAvailable(), () => {
  const vc = vcenter({ machines: 2, templates: 1, datastores: 2 }, { network: 'DC0_DVPG0' });

  const create = async (group: Making, request: object, own = marks(group), at: CallContext = context()): Promise<string> =>
    (await (vc.ended[group]!.create as (request: never, at: object) => Promise<{ key: string }>)({ ...own, ...request } as never, at)).key;
  const drop = (group: Making, key: string): Promise<void> => vc.ended[group]!.delete!(key, context());
  const machine = async (image = vc.template, config = 'c1-m1024'): Promise<string> =>
    (await machinesMethod(vc.driver, 'create')({ ...marks(), config, image }, context())).key;
  const dropped = (key: string): Promise<void> => dropMachine({ driver: vc.driver } as never, key);
  const of = async (group: 'disks' | 'attachments', owner: string): Promise<Item[]> =>
    (await pagesOf(vc.driver, group)).flat().filter((item) => item.owner === owner);
  const reconfigured = (key: string, spec: string): Promise<string> =>
    vc.account.console(
      `<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">${key}</_this><spec>${spec}</spec></ReconfigVM_Task>`,
    );
  const snapshot = (key: string) =>
    vc.ended.machineImages!.capture!({ ...marks(), machine: key, type: 'SNAPSHOT', name: 'held' }, context());
  const placeOf = async (key: string): Promise<unknown> => (await read(vc.driver, 'volumes', key))?.values['datastore'];

  test('a list of volumes costs its pages and one call for what is attached; of disks and attachments, its pages', async () => {
    await vc.account.sim.order({ fcds: { name: 'many-', count: 7 } });
    await pagesOf(vc.driver, 'volumes');
    await pagesOf(vc.driver, 'disks');
    vc.account.proxy.reset();
    expect((await pagesOf(vc.driver, 'volumes')).flat()).toHaveLength(7);
    expect(vc.account.proxy.calls()).toEqual([
      'VslmListVStorageObjectForSpec',
      'VslmListVStorageObjectForSpec',
      'VslmRetrieveVStorageObjectAssociations',
    ]);
    vc.account.proxy.reset();
    await pagesOf(vc.driver, 'disks');
    await pagesOf(vc.driver, 'attachments');
    expect(vc.account.proxy.calls()).toEqual(['RetrievePropertiesEx', 'RetrievePropertiesEx']);
    await vc.account.sim.order({ drop: 'many-' });
  });

  test('the catalogue is asked again where the session has ended', async () => {
    await pagesOf(vc.driver, 'volumes');
    await vc.account.endSessions();
    vc.account.proxy.reset();
    expect((await pagesOf(vc.driver, 'volumes')).flat()).toEqual([]);
    expect(vc.account.proxy.count('Login')).toBe(1);
  });

  test('a volume goes where it is told, else beside its machine, else where most space is; what is not there is refused', async () => {
    const there = await create('volumes', { capacity: MIB, extensions: { datastore: 'LocalDS_1' } });
    expect(await placeOf(there)).toBe('LocalDS_1');
    const one = await machine();
    const near = await create('volumes', { capacity: MIB, machine: one });
    const [, datastore] =
      /<val[^>]*>.*?>(datastore-\d+)</.exec((await vc.account.read(['datastore'])).find((text) => text.includes(`>${one}<`)) ?? '') ?? [];
    const byKey = await create('volumes', { capacity: MIB, extensions: { datastore } });
    expect(await placeOf(near)).toBe(await placeOf(byKey));
    const error = await failure(create('volumes', { capacity: MIB, extensions: { datastore: 'none' } }));
    expect(error).toMatchObject({
      kind: 'invalid',
      maybeDone: false,
      message: expect.stringContaining("'LocalDS_0', 'LocalDS_1'") as string,
    });
    const image = await create('volumeImages', { volume: there, extensions: { datastore: 'LocalDS_0' } });
    expect((await read(vc.driver, 'volumeImages', image))?.values['datastore']).toBe('LocalDS_0');
    await drop('volumeImages', image);
    for (const key of [there, near, byKey]) await drop('volumes', key);
    await dropped(one);
  });

  test('the whole name is kept where vCenter shows a part of it; a rename there is seen', async () => {
    const name = `long ${'é'.repeat(100)} 漢字 <&> end`;
    const key = await create('volumes', { capacity: MIB, name, description: 'd', properties: { a: 'b' } });
    expect((await read(vc.driver, 'volumes', key))?.values).toMatchObject({ name, description: 'd', properties: { a: 'b' } });
    expect((await vc.account.fcds())[0]?.name).toHaveLength(80);
    expect(
      vc.ended.volumes!.holds!({ name: 'x'.repeat(251), description: ' padded', properties: { big: 'x'.repeat(3000), s: '1' } }),
    ).toEqual({
      properties: { s: '1' },
    });
    await vc.ended.volumes!.rename!(key, {}, context());
    expect((await read(vc.driver, 'volumes', key))?.values['name']).toBeUndefined();
    expect((await vc.account.fcds())[0]?.name).toMatch(/^cimi-\w{12}$/);
    const which = `<id><id>${key}</id></id>`;
    const catalogue = '<_this type="VslmVStorageObjectManager">VStorageObjectManager</_this>';
    const told = await vc.account.console(
      `<VslmRetrieveVStorageObject xmlns="urn:vslm">${catalogue}${which}</VslmRetrieveVStorageObject>`,
      '/vslm',
    );
    const datastore = /<datastore type="Datastore"[^>]*>[^<]*<\/datastore>/.exec(told)?.[0] ?? '';
    const manager = '<_this type="VcenterVStorageObjectManager">VStorageObjectManager</_this>';
    await vc.account.console(
      `<RenameVStorageObject xmlns="urn:vim25">${manager}${which}${datastore}<name>by hand</name></RenameVStorageObject>`,
    );
    expect((await read(vc.driver, 'volumes', key))?.values['name']).toBe('by hand');
    await drop('volumes', key);
  });

  test('what vCenter cannot tell of is in ERROR, in its words', async () => {
    await vc.account.sim.order({ fcds: { name: 'broken-', count: 1 } });
    const error = '<error><fault xsi:type="InaccessibleDatastore"/><localizedMessage>it is away</localizedMessage></error>';
    vc.account.proxy.add({
      method: 'VslmListVStorageObjectForSpec',
      rewrite: (xml) => xml.replace('</queryResults>', `${error}</queryResults>`),
    });
    const [item] = (await pagesOf(vc.driver, 'volumes')).flat();
    expect(item).toMatchObject({ values: { state: 'ERROR' }, refuses: { edit: expect.stringContaining('it is away') as string } });
    await vc.account.sim.order({ drop: 'broken-' });
  });

  test('images are no volumes and volumes no images', async () => {
    const volume = await create('volumes', { capacity: MIB, name: 'one' });
    const image = await create('volumeImages', { volume });
    expect([(await pagesOf(vc.driver, 'volumes')).flat().length, (await pagesOf(vc.driver, 'volumeImages')).flat().length]).toEqual([1, 1]);
    expect([await read(vc.driver, 'volumes', image), await read(vc.driver, 'volumeImages', volume)]).toEqual([undefined, undefined]);
    await drop('volumes', image);
    await drop('volumeImages', volume);
    expect(await vc.account.fcds()).toHaveLength(2);
    expect(await failure(create('volumes', { capacity: MIB, image: volume }))).toMatchObject({ kind: 'notFound', maybeDone: false });
    expect(await failure(create('volumeImages', { volume: image }))).toMatchObject({ kind: 'notFound', maybeDone: false });
    expect(await failure(create('volumes', { capacity: MIB, type: 'http://example.org/fast' }))).toMatchObject({ kind: 'invalid' });
    await drop('volumeImages', image);
    await drop('volumes', volume);
  });

  test('a copy whose answer was lost is waited for, not made twice', async () => {
    const volume = await create('volumes', { capacity: MIB });
    await vc.account.sim.order({ taskDelay: { cloneVStorageObject: 1200, CloneVStorageObject: 1200 } });
    const own = marks('slow');
    const since = Date.now();
    // The answer of the first call is lost; the second finds the task, in whichever process.
    vc.account.proxy.add({ method: 'CloneVStorageObject_Task', drop: 'after', times: 1 });
    expect(await failure(create('volumeImages', { volume }, own))).toMatchObject({ kind: 'timeout', maybeDone: true });
    const image = await create('volumeImages', { volume }, own, { ...context(), repeated: { since } });
    expect(vc.account.proxy.count('CloneVStorageObject_Task')).toBe(1);
    expect((await vc.ended.volumeImages!.find!(own, context())).map(({ key }) => key)).toEqual([image]);
    expect(await create('volumeImages', { volume }, own)).toBe(image);
    await drop('volumeImages', image);
    await drop('volumes', volume);
  });

  test('a volume of an image whose create was cut off is found unfinished, and gone on with', async () => {
    const volume = await create('volumes', { capacity: MIB });
    const image = await create('volumeImages', { volume });
    const own = marks('cut');
    vc.account.proxy.add({ method: 'ExtendDisk_Task', drop: 'before', times: 1 });
    expect(await failure(create('volumes', { capacity: 20 * MIB, image }, own))).toMatchObject({ kind: 'timeout', maybeDone: true });
    const [begun] = await vc.ended.volumes!.find!(own, context());
    expect(begun).toMatchObject({ tag: own.tag, token: own.token, unfinished: true });
    expect(await create('volumes', { capacity: 20 * MIB, image }, own)).toBe(begun?.key);
    const [whole, ...more] = await vc.ended.volumes!.find!(own, context());
    expect([whole?.unfinished, Number(whole?.values['capacity']) >= 20 * MIB, more]).toEqual([undefined, true, []]);
    for (const key of [volume, begun?.key ?? '']) await drop('volumes', key);
    await drop('volumeImages', image);
  });

  test('a disk whose create was cut off is found unfinished, and gone on with', async () => {
    const one = await machine();
    const own = marks('cut');
    vc.account.proxy.add({ method: 'ReconfigVM_Task', when: (body) => !body.includes('deviceChange'), drop: 'before', times: 1 });
    expect(await failure(create('disks', { machine: one, capacity: MIB }, own))).toMatchObject({ kind: 'timeout', maybeDone: true });
    const [begun] = await vc.ended.disks!.find!(own, context());
    expect(begun).toMatchObject({ tag: own.tag, token: own.token, unfinished: true });
    expect(await create('disks', { machine: one, capacity: MIB }, own)).toBe(begun?.key);
    const [whole, ...more] = await vc.ended.disks!.find!(own, context());
    expect([whole?.key, whole?.unfinished, more]).toEqual([begun?.key, undefined, []]);
    await dropped(one);
  });

  test('what is recorded of a disk is not taken for another in its place, nor for one of a copy', async () => {
    const [one, other] = [await machine(), await machine()];
    const own = marks('mine');
    const key = await create('disks', { machine: one, capacity: MIB }, own);
    const text = (await vc.account.read(['config.hardware.device'])).find((each) => each.includes(`>${one}<`)) ?? '';
    const all = text.match(/<VirtualDevice .*?<\/VirtualDevice>/gs) ?? [];
    const disk = all.find((each) => each.includes('"VirtualDisk"') && each.includes('>1048576<')) ?? '';
    const value = (name: string): string => new RegExp(`<${name}>([^<]*)<`).exec(disk)?.[1] ?? '';
    const [slot, deviceKey] = [
      `<controllerKey>${value('controllerKey')}</controllerKey><unitNumber>${value('unitNumber')}</unitNumber>`,
      value('key'),
    ];
    const change = (operation: string, more: string, inner: string) =>
      `<deviceChange><operation>${operation}</operation>${more}<device xsi:type="VirtualDisk">${inner}</device></deviceChange>`;
    // The record itself, as a copy of the machine would have it.
    const extra = (await vc.account.read(['config.extraConfig'])).find((each) => each.includes(`>${one}<`)) ?? '';
    const [record = ''] = /<key>cimi\.disk\.[^<]*<\/key><value[^>]*>[^<]*<\/value>/.exec(extra) ?? [];
    expect(record).toContain(own.tag);
    const plain = record.replace(/<value[^>]*>/, '<value xmlns:xsd="http://www.w3.org/2001/XMLSchema" xsi:type="xsd:string">');
    await reconfigured(other, `<extraConfig>${plain}</extraConfig>`);
    expect((await of('disks', other)).map(({ tag }) => tag)).toEqual([undefined]);
    // Somebody takes the disk off, leaving its file, and puts another one in the same place.
    await reconfigured(one, change('remove', '', `<key>${deviceKey}</key>`));
    expect(await read(vc.driver, 'disks', key)).toBeUndefined();
    const backing = '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>persistent</diskMode></backing>';
    await reconfigured(
      one,
      change('add', '<fileOperation>create</fileOperation>', `<key>-1</key>${backing}${slot}<capacityInKB>2048</capacityInKB>`),
    );
    const disks = await of('disks', one);
    expect([disks.length, disks.some((each) => each.key === key), disks.map(({ tag }) => tag)]).toEqual([2, false, [undefined, undefined]]);
    expect(await vc.ended.disks!.find!(own, context())).toEqual([]);
    await drop('disks', key);
    expect(await of('disks', one)).toHaveLength(2);
    for (const each of [one, other]) await dropped(each);
  });

  test('a machine without a bus gets one; many disks and volumes at the same time find places of their own', async () => {
    const one = await machine('blank', 'c1-m512');
    const volumes = await Promise.all([1, 2, 3].map(() => create('volumes', { capacity: MIB })));
    await Promise.all([
      ...[1, 2, 3].map(() => create('disks', { machine: one, capacity: MIB })),
      ...volumes.map((volume) => create('attachments', { machine: one, volume })),
    ]);
    expect([(await of('disks', one)).length, (await of('attachments', one)).length]).toEqual([3, 3]);
    await dropped(one);
    for (const key of volumes) await drop('volumes', key);
  });

  test('snapshots stand in the way of growing, deleting and detaching, and the refusal says so; the machine still goes, its volumes stay', async () => {
    const one = await machine();
    const disk = await create('disks', { machine: one, capacity: MIB });
    const volume = await create('volumes', { capacity: MIB });
    const attachment = await create('attachments', { machine: one, volume });
    await snapshot(one);
    const words = { kind: 'conflict', maybeDone: false, message: expect.stringContaining('snapshots first') as string };
    expect(await failure(vc.ended.disks!.update!(disk, { capacity: 9 * MIB }, context()))).toMatchObject(words);
    expect(await failure(drop('disks', disk))).toMatchObject(words);
    expect(await failure(drop('attachments', attachment))).toMatchObject(words);
    await dropped(one);
    expect((await pagesOf(vc.driver, 'volumes')).flat()).toMatchObject([{ key: volume, values: { state: 'AVAILABLE' } }]);
    await drop('volumes', volume);
  });

  test('the copy of a machine has plain copies of its volumes, as its disks', async () => {
    const one = await machine();
    const volume = await create('volumes', { capacity: MIB });
    await create('attachments', { machine: one, volume });
    const taken = await snapshot(one);
    const copy = await machine(taken.key);
    expect([(await of('attachments', copy)).length, (await of('disks', copy)).length, (await of('disks', one)).length]).toEqual([0, 2, 1]);
    for (const key of [copy, one]) await dropped(key);
    await drop('volumes', volume);
  });

  test('vCenter busy with the machine is no refusal: the Job comes again', async () => {
    const one = await machine();
    await vc.account.sim.order({ fault: { method: 'ReconfigVM_Task', fault: 'TaskInProgress', times: 1 } });
    const error = await failure(create('disks', { machine: one, capacity: MIB }));
    expect(error).toMatchObject({ kind: 'unavailable', maybeDone: false, passing: true });
    await dropped(one);
  });
});
