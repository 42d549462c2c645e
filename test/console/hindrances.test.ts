import { foreignInstance } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import { chromiumAvailable } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { IMAGE, made, NANO } from '../protocol/scene';
import { HOSTILE, NASTY, visits } from './visit';

/** Everybody can use the console, and no text of others does harm in it. */
describeWith('chromium', chromiumAvailable(), () => {
  const visit = visits();
  const { clean, enter, go, jsonOf, origin, press, seen, violations } = visit;

  test.each(['light', 'dark'])('no screen hinders anybody, in the theme %s', async (theme) => {
    // Colours are all that differs in the other theme.
    const rule = theme === 'light' ? undefined : 'color-contrast';
    await visit.page.goto(`${origin()}/console/`);
    await visit.page.getByLabel('Theme').selectOption(theme);
    expect(await violations(rule)).toEqual([]);
    await enter('olga');
    const screens: Readonly<Record<string, string>> = {
      '#/': 'simulator',
      '#/c/machines': 'web-3',
      '#/r/machines/sim.vm-3': 'cpuArch',
      '#/c/jobs': 'Progress',
      '#/r/clouds/sim': 'resourceTypes',
      '#/new/machines': 'Whichever fits',
    };
    for (const [at, text] of Object.entries(screens)) {
      await go(at);
      await seen(text);
      expect([at, await violations(rule)]).toEqual([at, []]);
    }
    await go('#/new/machines');
    for (const step of ['Image', 'Size', 'Network and access', 'Storage', 'Name and summary']) {
      await press(step);
      await visit.page.getByRole('heading', { level: 2, name: step }).waitFor();
      expect([step, await violations(rule)]).toEqual([step, []]);
    }
    await press('All attributes');
    await visit.page.getByRole('dialog').getByText('Values of its own').first().click();
    expect(await violations(rule)).toEqual([]);
    await go('#/r/machines/sim.vm-3');
    await press('Delete');
    expect(await violations(rule)).toEqual([]);
  });

  test('every screen shows hostile texts as texts, and every collection that takes something has a form', async () => {
    const operator = visit.operator;
    const config = { cpu: 1, memory: 1_048_576, disks: [{ capacity: 1_000_000 }] };
    const template = { machineConfig: { href: NANO }, machineImage: { href: IMAGE } };
    const component = { type: `${CIMI}/Machine`, ...NASTY, machineTemplate: template };
    const bodies: Readonly<Record<string, object>> = {
      machineConfigs: config,
      machineTemplates: { machineConfig: config },
      credentialTemplates: { userName: NASTY.name },
      credentials: { credentialTemplate: { userName: NASTY.name, password: 'secret' } },
      volumeTemplates: { volumeConfig: { capacity: 1_000_000 } },
      systemTemplates: { componentDescriptors: [component] },
      systems: { systemTemplate: { componentDescriptors: [component] }, cloud: 'sim' },
      eventLogTemplates: { persistence: 'daily' },
    };
    for (const [path, body] of Object.entries(bodies)) await made(operator, path, { ...NASTY, ...body });
    const around = { label: HOSTILE, note: HOSTILE, labels: { [HOSTILE]: HOSTILE } };
    visit.scene.control.add([{ ...foreignInstance('vm-long'), ...around, label: `${HOSTILE} ${'long '.repeat(800)}` }]);
    await enter('olga');
    const entry = await jsonOf('cloudEntryPoint');
    const linked = (value: unknown): boolean => (value as { href?: string } | null)?.href !== undefined;
    const forms: string[] = [];
    for (const path of Object.keys(entry).filter((name) => linked(entry[name]))) {
      const { operations } = await jsonOf(`${path}?$first=1&$last=1`);
      await go(`#/c/${path}`);
      await visit.page.getByRole('heading', { level: 1, name: path }).waitFor();
      const takes = ((operations ?? []) as { rel: string }[]).some(({ rel }) => rel === 'add');
      if (takes && path !== 'machines') {
        await press(`Create ${path}`);
        const dialog = visit.page.getByRole('dialog');
        await dialog.getByRole('button', { name: 'Send' }).waitFor();
        expect([path, (await dialog.locator('input, select, textarea').count()) > 1]).toEqual([path, true]);
        await clean(`the form of ${path}`);
        await dialog.getByRole('button', { name: 'Cancel' }).click();
        forms.push(path);
      }
      if (path in bodies || path === 'machines') {
        await visit.page.getByRole('link', { name: 'onerror' }).first().click();
        await visit.page.getByRole('button', { name: 'Show JSON' }).waitFor();
        for (const name of ['Edit', 'Delete']) {
          await press(name);
          await visit.page.getByRole('dialog').waitFor();
          await clean(`${name} of ${path}`);
          await visit.page.keyboard.press('Escape');
        }
        await visit.page.getByText('Events').first().waitFor();
      }
      await clean(path);
    }
    expect(forms.length).toBeGreaterThan(15);
    for (const at of ['#/', '#/c/jobs', '#/new/machines']) {
      await go(at);
      await visit.page.getByRole('heading', { level: 1, name: /Overview|Jobs|New machine/ }).waitFor();
      await clean(at);
    }
    // Its Job began another, which stands below it.
    const jobs = ((await jsonOf('jobs')) as Record<string, unknown>)['jobs'] as { id: string; nestedJobs?: object[] }[];
    const [parent] = jobs.filter(({ nestedJobs }) => nestedJobs !== undefined);
    await go('#/c/jobs');
    await visit.page.getByRole('row', { name: /^↳ add/ }).waitFor();
    await go(`#/r/${String(parent?.id).replace(/^.*\/cimi\//, '')}`);
    await visit.page
      .getByRole('region', { name: 'Nested Jobs' })
      .getByRole('row', { name: /^add SUCCESS/ })
      .waitFor();
  });
});
