import { driver as module } from '../../drivers/vsphere/index';
import type { Driver, ListedGroup } from '../../src/clouds/driver';
import { Gone, type ProviderError } from '../../src/clouds/errors';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { context, dropMachine, ended, machinesMethod, marks, pagesOf, provenGone, read } from './counterpart';
import { connect, vcenter } from './vsphere-kit';

const failure = (promise: Promise<unknown> | undefined): Promise<ProviderError> =>
  Promise.resolve(promise).then(
    (value) => {
      throw new Error(`it did not fail: ${JSON.stringify(value)}`);
    },
    (error: unknown) => error as ProviderError,
  );

const NO_FCD = '00000000-0000-4000-8000-000000000000';
const HTML = '<html><body>Not Found</body></html>';
const soap = (fault: string): string =>
  `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>${fault}</soapenv:Fault></soapenv:Body></soapenv:Envelope>`;

/** Tests of what says that something is not there, and what does not; what is told only in part; what belongs to others. */
describeWith('vcsim', vcsimAvailable(), () => {
  const vc = vcenter({ machines: 2, templates: 1, datastores: 2 }, { network: 'DC0_DVPG0' });
  const machineOf = async (): Promise<string> => (await vc.account.machines()).find(({ template }) => !template)?.key ?? '';
  const many = (group: ListedGroup, keys: string[], driver: Driver = vc.driver) => driver[group]?.getMany(keys, context());

  test('getMany proves of each key that vCenter does not have it, and shows the others', async () => {
    const key = await machineOf();
    const machines = (await many('machines', [key, 'vm-99999', vc.template, 'not a key', 'vm-99998'])) ?? [];
    expect(machines.map((answer) => [answer.key, answer instanceof Gone])).toEqual([
      [key, false],
      ...['vm-99999', vc.template, 'not a key', 'vm-99998'].map((gone) => [gone, true]),
    ]);
    expect(machines.find((answer) => answer.key === 'vm-99999')).toMatchObject({ code: 'ManagedObjectNotFound' });
    const none: [ListedGroup, string[]][] = [
      ['machineImages', ['vm-99999', key, 'snapshot-99999']],
      ['machineConfigs', ['none']],
      ['networks', ['network-99999', 'dvportgroup-99999']],
      ['interfaces', ['vm-99999:4000', `${key}:4999`, 'nonsense']],
      ['addresses', ['vm-99999:4000/10.0.0.1', `${key}:4999/10.0.0.1`]],
      ['disks', ['vm-99999:2000', `${key}:none`]],
      ['attachments', [`vm-99999:${NO_FCD}`, `${key}:${NO_FCD}`, 'nonsense']],
      ['volumes', [NO_FCD, 'nonsense']],
      ['volumeImages', [NO_FCD]],
    ];
    for (const [group, keys] of none) expect([group, provenGone(await many(group, keys))]).toEqual([group, keys]);
  });

  test.each([
    ['a page with 404', { answer: { status: 404, body: HTML } }, 'unavailable'],
    ['a page with 200', { answer: { status: 200, body: HTML } }, 'unavailable'],
    ['nothing', { answer: { status: 200, body: '' } }, 'unavailable'],
    ['a login page of a gateway', { answer: { status: 401, body: HTML } }, 'unavailable'],
    ['a refusal of a gateway', { answer: { status: 403, body: HTML } }, 'unavailable'],
    ['a redirect', { answer: { status: 302, body: '' } }, 'unavailable'],
    ['a proxy’s login', { answer: { status: 407, body: HTML } }, 'unavailable'],
    ['another service’s fault', { answer: { status: 500, body: soap('<faultstring>no such thing</faultstring>') } }, 'unavailable'],
    [
      'another service’s fault with a detail',
      { answer: { status: 500, body: soap('<detail><ManagedObjectNotFoundFault xmlns="urn:other"/></detail>') } },
      'unavailable',
    ],
    ['a fault that names nothing', { fault: 'ManagedObjectNotFound' }, 'unavailable'],
    ['an invalid', { fault: 'InvalidArgument' }, 'invalid'],
    ['a cut body', { rewrite: (xml: string) => xml.slice(0, xml.length / 2) }, 'unavailable'],
  ] as const)('%s proves nothing: no read, no delete, no list ends as if something were gone', async (_name, rule, kind) => {
    const key = await machineOf();
    await pagesOf(vc.driver, 'machines');
    vc.account.proxy.add({ method: 'RetrievePropertiesEx', ...rule });
    const calls = [
      () => many('machines', [key]),
      () => pagesOf(vc.driver, 'machines'),
      () => machinesMethod(vc.driver, 'delete')(key, context()),
      () => vc.ended.machineImages?.delete?.(vc.template, context()),
      () => vc.ended.networks?.delete?.('dvportgroup-99999', context()),
      () => vc.ended.disks?.delete?.(`${key}:2000`, context()),
      () => vc.ended.interfaces?.delete?.(`${key}:4000`, context()),
    ];
    for (const call of calls) {
      const error = await failure(call());
      expect([error.kind, error instanceof Gone]).toEqual([kind, false]);
    }
    vc.account.proxy.reset();
    expect(await read(vc.driver, 'machines', key)).toBeDefined();
  });

  test('a login page in front of vCenter is no refused login', async () => {
    const other = await connect(vc.account);
    vc.account.proxy.add({ method: 'Login', answer: { status: 401, body: HTML } });
    expect(await failure(pagesOf(other, 'machines'))).toMatchObject({ kind: 'unavailable', maybeDone: false });
    vc.account.proxy.reset();
    expect((await pagesOf(other, 'machines')).flat()).toHaveLength(1);
    await other.close();
  });

  test('what vCenter leaves out of an answer is asked for once more, and unknown where it says nothing', async () => {
    const key = await machineOf();
    const emptied = (xml: string) => xml.replace(/<objects>.*<\/objects>/s, '');
    vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite: emptied, times: 1 });
    expect(await read(vc.driver, 'machines', key)).toBeDefined();
    vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite: emptied });
    expect(await many('machines', [key])).toEqual([]);
  });

  test('one object that vanishes while a list is read has the list read again', async () => {
    const [key] = [await machineOf()];
    const named = `<detail><ManagedObjectNotFoundFault xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="ManagedObjectNotFound"><obj type="VirtualMachine">${key}</obj></ManagedObjectNotFoundFault></detail>`;
    vc.account.proxy.add({ method: 'RetrievePropertiesEx', answer: { status: 500, body: soap(named) }, times: 1 });
    const error = await failure(pagesOf(vc.driver, 'machines'));
    expect(error).toMatchObject({ kind: 'unavailable', passing: true });
    expect(error).not.toBeInstanceOf(Gone);
    expect((await pagesOf(vc.driver, 'machines')).flat()).toHaveLength(1);
  });

  test('compressed answers are read, and none is asked for; a control character hides nothing but itself', async () => {
    vc.account.proxy.add({ gzip: true });
    expect((await pagesOf(vc.driver, 'machines')).flat()).toHaveLength(1);
    vc.account.proxy.reset();
    vc.account.proxy.add({ rewrite: (xml) => xml.replace(/(<name>name<\/name><val[^>]*>)/g, '$1bell&#x7;') });
    const [item] = (await pagesOf(vc.driver, 'machines')).flat();
    expect(item?.values['name']).toMatch(/^bell\ufffdDC0/);
  });

  const PARTS = ['machines', 'machineImages', 'networks', 'interfaces', 'disks'] as const;
  test.each(PARTS)(
    '%s: whatever property is missing, empty or of another type, the others are listed and nothing throws',
    async (group) => {
      const whole = (await pagesOf(vc.driver, group)).flat().map(({ key }) => key);
      const seen = await vc.account.read(['name']);
      expect(seen.length).toBeGreaterThan(1);
      const property = /<propSet><name>([^<]*)<\/name><val[^>]*>.*?<\/val><\/propSet>/gs;
      const changes: [string, (found: string) => string][] = [
        ['missing', () => ''],
        ['empty', (found) => found.replace(/(<val[^>]*>).*<\/val>/s, '$1</val>')],
        ['a text', (found) => found.replace(/<val[^>]*>.*<\/val>/s, '<val xsi:type="xsd:string">odd</val>')],
        ['a number', (found) => found.replace(/<val[^>]*>.*<\/val>/s, '<val xsi:type="xsd:int">7</val>')],
        ['a structure', (found) => found.replace(/<val[^>]*>.*<\/val>/s, '<val xsi:type="AboutInfo"><name>x</name></val>')],
      ];
      let names: string[] = [];
      const stop = vc.account.proxy.add({
        method: 'RetrievePropertiesEx',
        rewrite: (xml) => {
          names = [...new Set([...names, ...[...xml.matchAll(property)].map(([, name]) => name ?? '')])];
          return xml;
        },
      });
      await pagesOf(vc.driver, group);
      stop();
      for (const name of names.filter((each) => !/template$/.test(each))) {
        for (const [how, change] of changes) {
          let first = true;
          const rewrite = (xml: string): string =>
            xml.replace(property, (found: string, of: string) => {
              if (of !== name || !first) return found;
              first = false;
              return change(found);
            });
          const end = vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite });
          const listed = (await pagesOf(vc.driver, group)).flat();
          end();
          const lost = whole.filter((key) => !listed.some((item) => item.key === key));
          // Devices that are not told cannot be listed; those of the others are.
          const spared = name === 'config.hardware.device' || name === 'snapshot' || name === 'tag' || listed.length > 0;
          expect([group, name, how, spared, name === 'config.hardware.device' ? [] : lost]).toEqual([group, name, how, true, []]);
        }
      }
    },
  );

  test('a machine that another product manages is shown, refuses every change in words, and may be hidden', async () => {
    const key = await machineOf();
    await vc.account.sim.order({ managed: { key, extension: 'com.vmware.vim.eam', type: 'cluster-agent' } });
    const item = await read(vc.driver, 'machines', key);
    const words = expect.stringMatching(/managed by com\.vmware\.vim\.eam \(cluster-agent\)/) as string;
    for (const operation of ['delete', 'stop', 'restart', 'suspend', 'resize', 'edit', 'restore', 'capture'])
      expect(item?.refuses).toMatchObject({ [operation]: words });
    const request = { ...marks(), machine: key, type: 'SNAPSHOT' as const };
    for (const call of [
      () => machinesMethod(vc.driver, 'delete')(key, context()),
      () => machinesMethod(vc.driver, 'rename')(key, { name: 'mine' }, context()),
      () => machinesMethod(vc.driver, 'resize')(key, { config: 'c4-m4096' }, context()),
      () => vc.ended.machineImages?.capture?.(request, context()),
      () => vc.ended.disks?.create?.({ ...marks(), machine: key, capacity: 1000 }, context()),
    ])
      expect(await failure(call())).toMatchObject({ kind: 'forbidden', message: words });
    const hiding = await connect(vc.account, { hideManaged: true });
    expect((await pagesOf(hiding, 'machines')).flat()).toEqual([]);
    expect(await read(hiding, 'machines', key)).toBeDefined();
    await hiding.close();
    await vc.account.sim.order({ managed: { key, extension: '' } });
  });

  test('a volume of Kubernetes is shown, refuses every change, and may be hidden', async () => {
    const order = { fcds: { name: 'pvc-', count: 1, metadata: { 'cns.k8s.pv.name': 'pvc-1' } } };
    const { keys: [id = ''] = [] } = await vc.account.sim.order(order);
    const words = expect.stringMatching(/Kubernetes/) as string;
    expect(await read(vc.driver, 'volumes', id)).toMatchObject({ refuses: { delete: words, edit: words } });
    expect(await failure(vc.ended.volumes?.delete?.(id, context()))).toMatchObject({ kind: 'forbidden', message: words });
    expect(await failure(vc.ended.volumes?.rename?.(id, { name: 'mine' }, context()))).toMatchObject({ kind: 'forbidden' });
    const hiding = await connect(vc.account, { hideManaged: true });
    expect((await pagesOf(hiding, 'volumes')).flat()).toEqual([]);
    await hiding.close();
    await vc.account.sim.order({ drop: 'pvc-' });
  });

  test('a vCenter whose API is too old is refused by check and by each call, and one without a method says which it needs', async () => {
    const spoken = (version: string) => (xml: string) => xml.replace(/<apiVersion>[^<]*</, `<apiVersion>${version}<`);
    vc.account.proxy.add({ method: 'RetrieveServiceContent', rewrite: spoken('6.5') });
    const old = await connect(vc.account);
    expect(await failure(pagesOf(old, 'machines'))).toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/6\.5.*6\.7/) as string,
    });
    expect(await old.check(context())).toEqual([
      expect.objectContaining({ ok: false, message: expect.stringMatching(/6\.5.*6\.7/) as string }),
    ]);
    await old.close();
    vc.account.proxy.reset();
    vc.account.proxy.add({ method: 'RetrieveServiceContent', rewrite: spoken('6.7') });
    const plain = await connect(vc.account);
    expect((await pagesOf(plain, 'machines')).flat()).toHaveLength(1);
    const create = plain.volumes?.create?.({ ...marks(), capacity: 1000 }, context());
    expect(await failure(create)).toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(/CreateDisk_Task.*6\.7\.2/) as string,
    });
    await plain.close();
  });

  test('a running machine with an independent disk is captured without its memory', async () => {
    const { key } = await machinesMethod(vc.driver, 'create')({ ...marks(), config: 'c1-m1024', image: vc.template }, context());
    const memory: string[] = [];
    const stop = [
      vc.account.proxy.add({
        method: 'RetrievePropertiesEx',
        rewrite: (xml) => xml.replace(/<diskMode>persistent</g, '<diskMode>independent_persistent<'),
      }),
      vc.account.proxy.add({ method: 'CreateSnapshot_Task', when: (body) => memory.push(/<memory>(\w+)</.exec(body)?.[1] ?? '') === 0 }),
    ];
    const warnings: string[] = [];
    const driver = await module.connect(module.options.parse(vc.account.options), {
      dataDir: '',
      warn: (words) => void warnings.push(words),
    });
    const capture = { ...marks(), machine: key, type: 'SNAPSHOT' as const };
    const image = await ended(driver, await driver.machineImages?.capture?.(capture, context()));
    for (const each of stop) each();
    expect([memory, warnings]).toEqual([['false'], [expect.stringMatching(/without its memory/)]]);
    expect(await read(driver, 'machineImages', image?.key ?? '')).toBeDefined();
    await driver.close();
    await dropMachine({ driver: vc.driver } as never, key);
  });

  test('a card of a template with an address given by hand gets one of vCenter’s in the copy', async () => {
    const manual = (xml: string) => xml.replace(/<addressType>\w*</g, '<addressType>manual<');
    const bodies: string[] = [];
    vc.account.proxy.add({ method: 'CloneVM_Task', when: (body) => bodies.push(body) === 0 });
    vc.account.proxy.add({ method: 'RetrievePropertiesEx', rewrite: manual });
    const { key } = await machinesMethod(vc.driver, 'create')({ ...marks(), config: 'c1-m1024', image: vc.template }, context());
    const card = /<device xsi:type="Virtual(?:E1000|Vmxnet3)">.*?<\/device>/s.exec(bodies[0] ?? '')?.[0] ?? '';
    expect([/<addressType>(\w+)</.exec(card)?.[1], card.includes('<macAddress>')]).toEqual(['generated', false]);
    vc.account.proxy.reset();
    await dropMachine({ driver: vc.driver } as never, key);
  });
});
