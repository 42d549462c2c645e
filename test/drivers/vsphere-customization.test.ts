import { driver as module } from '../../drivers/vsphere/index';
import type { CreateMachine, Driver } from '../../src/clouds/driver';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { context, dropMachine, machinesMethod, marks } from './counterpart';

/** XML without what may differ between two writers: where namespaces are declared and how their prefixes are called. */
const plain = (xml: string): string =>
  xml
    .replace(/ xmlns:[\w-]+="[^"]*"/g, '')
    .replace(/ [\w-]+:type="/g, ' xsi:type="')
    .replace(/&#34;/g, '&quot;')
    .replace(/&#39;/g, "'");

const inner = (xml: string, element: string): string => new RegExp(`<${element}>(.*)</${element}>`, 's').exec(xml)?.[1] ?? '';

describeWith('vcsim', vcsimAvailable(), () => {
  describe('guest customization', () => {
    let account: VsphereAccount;
    let driver: Driver;
    let template: string;
    beforeAll(async () => {
      account = await startVsphere({ machines: 2, templates: 1 });
      driver = await connected();
      template = (await account.machines()).find((machine) => machine.template)?.key ?? '';
    });
    afterAll(async () => {
      await driver.close();
      await account.stop();
    });
    afterEach(() => account.proxy.reset());
    const connected = (more: Record<string, unknown> = {}): Promise<Driver> =>
      Promise.resolve(module.connect(module.options.parse({ ...account.options, ...more }), { dataDir: '', warn: () => undefined }));
    const create = (more: Partial<CreateMachine>, own = driver) =>
      machinesMethod(own, 'create')({ ...marks(), config: 'c1-m1024', image: template, ...more }, context());
    const customized = (name: string): Partial<CreateMachine> => ({ extensions: { customization: name } });
    /** Watches what vCenter tells of specifications, and what the clones send. */
    const watch = (): { told: string[]; sent: string[] } => {
      const seen = { told: [] as string[], sent: [] as string[] };
      account.proxy.add({ method: 'GetCustomizationSpec', rewrite: (xml) => (seen.told.push(plain(inner(xml, 'spec'))), xml) });
      account.proxy.add({ method: 'CloneVM_Task', when: (body) => seen.sent.push(plain(inner(body, 'customization'))) < 0 });
      return seen;
    };
    const hostName = async (key: string): Promise<string | undefined> => {
      const machine = (await account.read(['guest.hostName'])).find((text) => text.includes(`>${key}<`)) ?? '';
      return /<val[^>]*>([^<]*)</.exec(machine)?.[1];
    };

    test.each(['vcsim-linux', 'vcsim-linux-static', 'vcsim-windows-static', 'vcsim-windows-domain'])(
      '%s arrives whole: nothing of it is known to the driver, all of it is sent',
      async (name) => {
        const { told, sent } = watch();
        const { key } = await create({ name: 'guest', ...customized(name) });
        expect(told).toHaveLength(1);
        expect(sent).toEqual(told);
        expect(sent[0]).toContain('<identity xsi:type="Customization');
        expect(sent[0]).toContain('<nicSettingMap>');
        await dropMachine({ driver } as never, key);
      },
    );

    test('the guest is what the specification says; without one it is left alone', async () => {
      const { key } = await create({ name: 'guest', ...customized('vcsim-linux-static') });
      expect(await hostName(key)).toMatch(/^vcsim-?\d+$/);
      const other = await create({ name: 'other' });
      expect(await hostName(other.key)).toBeUndefined();
      for (const each of [key, other.key]) await dropMachine({ driver } as never, each);
    });

    test('one that is configured is for every copy; a create says another, or none', async () => {
      const own = await connected({ customization: 'vcsim-linux-static', network: 'DC0_DVPG0' });
      const names: (string | undefined)[] = [];
      for (const more of [{}, customized('vcsim-linux'), customized(''), { image: 'blank' }]) {
        const { key } = await create({ name: 'guest', ...more }, own);
        names.push(await hostName(key));
        await dropMachine({ driver: own } as never, key);
      }
      const some = expect.stringMatching(/^guest-/) as string;
      expect(names).toEqual([expect.stringMatching(/^vcsim/) as string, some, undefined, undefined]);
      await own.close();
    });

    test.each<[string, Partial<CreateMachine>, RegExp]>([
      [
        'a name that is not there',
        customized('none'),
        /no guest customization 'none'.*'vcsim-linux', 'vcsim-linux-static', 'vcsim-windows/,
      ],
      ['a machine made from nothing', { image: 'blank', ...customized('vcsim-linux') }, /from nothing has no guest/],
    ])('%s is refused in words before anything is made', async (_what, more, words) => {
      const before = await account.machines();
      await expect(create(more)).rejects.toMatchObject({
        kind: 'invalid',
        maybeDone: false,
        message: expect.stringMatching(words) as string,
      });
      expect(account.proxy.calls().filter((method) => method.endsWith('_Task'))).toEqual([]);
      expect(await account.machines()).toEqual(before);
    });

    test('so is another number of cards than the specification has settings for', async () => {
      const twice = (xml: string) => xml.replace(/<nicSettingMap>.*<\/nicSettingMap>/s, '$&$&');
      account.proxy.add({ method: 'GetCustomizationSpec', rewrite: twice });
      await expect(create(customized('vcsim-linux'))).rejects.toMatchObject({
        ...{ kind: 'invalid', maybeDone: false },
        message: "the guest customization 'vcsim-linux' has settings for 2 network cards, and the machine would have 1 network card",
      });
      expect(account.proxy.count('CloneVM_Task')).toBe(0);
    });

    test('cloud-init’s own network configuration needs none', async () => {
      const metadata = '<metadata>instance-id: one\nlocal-hostname: by-cloud-init</metadata>';
      const prep = (xml: string) =>
        xml
          .replace(/<nicSettingMap>.*<\/nicSettingMap>/s, '')
          .replace(/<identity ([^>]*:type=)"[^"]*">.*<\/identity>/s, `<identity $1"CustomizationCloudinitPrep">${metadata}</identity>`);
      account.proxy.add({ method: 'GetCustomizationSpec', rewrite: prep });
      const { key } = await create(customized('vcsim-linux'));
      expect(await hostName(key)).toBe('by-cloud-init');
      await dropMachine({ driver } as never, key);
    });

    test('vCenter’s own refusal crosses in its words', async () => {
      await account.sim.order({ fault: { method: 'CloneVM_Task', fault: 'UncustomizableGuest' } });
      await expect(create(customized('vcsim-linux'))).rejects.toMatchObject({
        kind: 'invalid',
        code: 'UncustomizableGuest',
        maybeDone: false,
      });
      await account.sim.order({ clear: true });
      expect(await account.leftovers()).toEqual([]);
    });

    test('the privileges for it are asked for, each privilege once', async () => {
      const all = await driver.check(context());
      expect(new Set(all.map(({ what }) => what)).size).toBe(all.length);
      const findings = all.filter(({ what }) => /Customize|ReadCustSpecs/.test(what));
      expect(findings.map(({ ok }) => ok)).toEqual([true, true]);
    });
  });
});
