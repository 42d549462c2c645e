import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { foreignInstance } from '../../drivers/simulator/control';
import { hashPassword } from '../../src/http/passwords';
import { CIMI } from '../../src/model/define';
import { chromiumAvailable, startChromium } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { basic } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, eventually } from '../harness/wait';
import { IMAGE, made, NANO, openScene, PUBLIC_KEY, type Scene } from '../protocol/scene';

/** The console in a browser, over one gateway: what it asks is recorded, and nothing may break its policy. */
const ROOT = join(__dirname, '../..');
const HOSTILE = '<img src=x onerror="hacked=1">\u202etxt <script>hacked=1</script> javascript:hacked=1';
/** The same from consumers, whose texts have limits: markup, marks of direction, and length. */
const MARKUP = '"><img src=x onerror="hacked=1"><script>hacked=1</script>\u200f\u05d0\u061c';
const NASTY = {
  name: MARKUP,
  description: `${MARKUP} ${'long '.repeat(800)}`,
  properties: { [MARKUP]: `${MARKUP} ${'long '.repeat(800)}`, link: 'javascript:hacked=1' },
};
const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');

describeWith('chromium', chromiumAvailable(), () => {
  let scene: Scene;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];
  const asked = new Set<string>();
  const origin = () => new URL(scene.client.base).origin;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build-console.mjs')]);
    scene = await openScene({
      config: {
        access: { required: true },
        clouds: {
          sim: simulatedCloud({ maxInstances: 200 }, { guard: { cacheMs: 0, retries: 0 } }),
          two: simulatedCloud({}, { guard: { cacheMs: 0, retries: 0 } }),
        },
      },
    });
    for (const [name, role] of [
      ['olga', 'operator'],
      ['rita', 'reader'],
    ] as const)
      await scene.gateway.gateway.store.access.putPrincipal({
        name,
        tenant: 'default',
        role,
        passwordHash: await hashPassword(`pw-${name}`),
      });
    const machines = Array.from({ length: 60 }, (_, index) => ({ ...foreignInstance(`vm-${index}`), label: `web-${index}` }));
    scene.control.add([...machines, { ...foreignInstance('vm-evil'), label: HOSTILE, note: HOSTILE, labels: { [HOSTILE]: HOSTILE } }]);
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  beforeEach(async () => {
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1000, height: 500 } });
    page = await context.newPage();
    await page.addInitScript('addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective))');
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      // What the browser notes of an answer's status is no fault of the page.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text());
    });
    page.on('request', (request) => asked.add(request.url()));
  });
  afterEach(async () => {
    await context.close();
    expect(faults.splice(0)).toEqual([]);
  });

  const logins = new Map<string, Parameters<BrowserContext['addCookies']>[0]>();

  /** Logs in by the form once for each user; then the session is still there. */
  async function enter(name: string, at = ''): Promise<void> {
    const known = logins.get(name);
    if (known) {
      await context.addCookies(known);
      await page.goto(`${origin()}/console/${at}`);
      await page.getByRole('button', { name: 'Log out' }).waitFor();
      return;
    }
    await page.goto(`${origin()}/console/${at}`);
    await page.getByLabel('User').fill(name);
    await page.getByLabel('Password').fill(`pw-${name}`);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    logins.set(name, await context.cookies());
  }

  const jsonOf = async (path: string) => (await scene.client.as(basic('olga', 'pw-olga')).get(path)).json;
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const seen = (text: string) => page.getByText(text, { exact: false }).first().waitFor();
  const refresh = () => page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
  /** Hindrances on the page. @param rule the only one that is looked at */
  async function violations(rule?: string): Promise<unknown> {
    // From outside of the page, whose policy takes no script of others.
    await page.evaluate(AXE);
    const options = JSON.stringify(rule === undefined ? {} : { runOnly: [rule] });
    return page.evaluate(`axe.run(${options}).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`);
  }

  test('a wrong password is told in words; logged in, the clouds are there, and a failing one says why', async () => {
    await page.goto(`${origin()}/console/`);
    await page.getByLabel('User').fill('olga');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await seen('the name or the password is wrong');
    await page.getByLabel('Password').fill('pw-olga');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.getByRole('row', { name: /sim.*UP/ }).waitFor();
    // How much of the account's bounds is used comes with a later look.
    await comesTrue(async () => {
      await refresh();
      await page.getByRole('meter', { name: /^machines: 61 \/ 200$/ }).waitFor({ timeout: 500 });
    });
    scene.controlOf('two').fail({ method: '*', kind: 'unavailable', message: 'the power is out', times: 1_000 });
    for (let times = 0; times < 3; times += 1) await scene.client.as(basic('olga', 'pw-olga')).get('clouds/two/machines');
    await refresh();
    await page.getByRole('row', { name: /two.*DOWN.*the power is out/ }).waitFor();
    await page.goto(`${origin()}/console/#/c/machines`);
    await seen('Missing, since they do not answer: two');
    scene.controlOf('two').clearFailures();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('User').waitFor();
    expect((await context.cookies())[0]?.value ?? '').toBe('');
  });

  test('a screen is whole without a second look, after the login and by its address', async () => {
    // Timers of a second and more never come: what is shown was read at once.
    await page.addInitScript(
      '{ const real = setTimeout; setTimeout = (work, ms, ...more) => (ms >= 1000 ? 0 : real(work, ms, ...more)); }',
    );
    await enter('olga');
    await page.getByRole('row', { name: /^sim .*simulator/ }).waitFor();
    await page.getByRole('row', { name: /^machines 6\d/ }).waitFor();
    await page
      .getByText(/No Jobs|SUCCESS|FAILED/)
      .first()
      .waitFor();
    for (const [at, text] of [
      ['#/', 'simulator'],
      ['#/c/machines', 'web-4'],
      ['#/r/machines/sim.vm-4', 'cpuArch'],
      ['#/c/jobs', 'Progress'],
    ] as const) {
      await page.goto('about:blank');
      await page.goto(`${origin()}/console/${at}`);
      await seen(text);
    }
  });

  test('a gateway that does not answer is told, and asked again by hand', async () => {
    await enter('olga');
    await page.route('**/console/session', (route) => route.abort());
    await page.reload();
    await page.getByRole('alert').waitFor();
    await page.unroute('**/console/session');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('row', { name: /^sim .*simulator/ }).waitFor();
  });

  test('selection, scroll and focus outlive refreshes with rows that change', async () => {
    await enter('olga', '#/c/machines');
    await page.getByLabel('Select web-5', { exact: true }).check();
    await page.getByLabel('Select web-9', { exact: true }).check();
    const before = await page.evaluate('[scrollY, document.activeElement.getAttribute("aria-label")]');
    for (let times = 0; times < 20; times += 1) {
      scene.control.relabel(`vm-${20 + times}`, { label: `other-${times}` });
      await refresh();
      await page.getByRole('link', { name: `other-${times}`, exact: true }).waitFor();
    }
    expect(await page.evaluate('[scrollY, document.activeElement.getAttribute("aria-label")]')).toEqual(before);
    expect(await page.getByLabel('Select web-5', { exact: true }).isChecked()).toBe(true);
    await seen('2 selected');
    await page.getByRole('button', { name: 'stop', exact: true }).click();
    await page.getByRole('button', { name: 'Do it' }).click();
    for (const name of ['web-5', 'web-9']) await page.getByRole('row', { name: new RegExp(`${name} STOPPED`) }).waitFor();
    await page.goto(`${origin()}/console/#/c/jobs`);
    await page
      .getByRole('row', { name: /stop SUCCESS/ })
      .first()
      .waitFor();
  });

  test('a resource shows what can be done with it; an edit of an old version shows the new one', async () => {
    await enter('olga', `#/r/machines/sim.vm-1`);
    await page.getByRole('heading', { level: 1, name: 'web-1' }).waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    scene.control.relabel('vm-1', { note: 'by somebody else' });
    await page.getByLabel('Description').fill('mine');
    await page.getByRole('button', { name: 'Save' }).click();
    await seen('by somebody else');
    await page.getByRole('button', { name: 'Save' }).click();
    await comesTrue(async () => {
      const { json } = await scene.client.as(basic('olga', 'pw-olga')).get('machines/sim.vm-1');
      expect(String(json.description)).toBe('mine');
    });
    await page.getByRole('button', { name: 'Show JSON' }).click();
    await page.getByText('"resourceURI"').waitFor();
  });

  test('a reader is offered nothing that it may not do', async () => {
    await enter('rita', '#/r/machines/sim.vm-2');
    await page.getByRole('heading', { level: 1, name: 'web-2' }).waitFor();
    expect(await page.getByRole('button', { name: /stop|Delete|Edit/ }).count()).toBe(0);
  });

  test.each(['light', 'dark'])('no screen hinders anybody, in the theme %s', async (theme) => {
    // Colours are all that differs in the other theme.
    const rule = theme === 'light' ? undefined : 'color-contrast';
    await page.goto(`${origin()}/console/`);
    await page.getByLabel('Theme').selectOption(theme);
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
      await page.goto(`${origin()}/console/${at}`);
      await seen(text);
      expect([at, await violations(rule)]).toEqual([at, []]);
    }
    await page.goto(`${origin()}/console/#/new/machines`);
    for (const step of ['Image', 'Size', 'Network and access', 'Storage', 'Name and summary']) {
      await press(step);
      await page.getByRole('heading', { level: 2, name: step }).waitFor();
      expect([step, await violations(rule)]).toEqual([step, []]);
    }
    await press('All attributes');
    await page.getByRole('dialog').getByText('Values of its own').first().click();
    expect(await violations(rule)).toEqual([]);
    await page.goto(`${origin()}/console/#/r/machines/sim.vm-3`);
    await press('Delete');
    expect(await violations(rule)).toEqual([]);
  });

  test('in Russian everything of the console’s own is Russian, and stays so', async () => {
    await enter('olga');
    await page.getByLabel('Language').selectOption('ru');
    await page.getByRole('heading', { level: 1, name: 'Обзор' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Обзор' }).waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('ru');
    await page.goto(`${origin()}/console/#/c/machines`);
    await page.getByLabel('Выбрать web-1', { exact: true }).check();
    await seen('выбран: 1');
  });

  test('a machine is made step by step; its Job is followed on other screens, and over a reload', async () => {
    await enter('olga', '#/c/machines');
    await press('Create machines');
    await page.getByRole('radio', { name: /^sim/ }).check();
    await press('Next');
    await page.getByRole('radio', { name: 'Choose Debian 12 sim.img-debian-12', exact: true }).check();
    await press('Next');
    // Nothing is chosen: the gateway's refusal leads back to what it names.
    await press('Name and summary');
    await press('Create Machine');
    await page.getByRole('heading', { level: 2, name: 'Size' }).waitFor();
    await page.getByRole('alert').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('f-machineTemplate.machineConfig');
    await page.getByRole('radio', { name: /sim.s1_2enano$/ }).check();
    await press('Next');
    await page.getByRole('checkbox', { name: /sim.net-default$/ }).check();
    await page.getByRole('radio', { name: 'A public key' }).check();
    await page.getByRole('textbox', { name: 'A public key' }).fill(PUBLIC_KEY);
    await page.getByLabel('User data').fill('#cloud-config\n# ä');
    await press('Next');
    await press('Next');
    await page.getByLabel('name', { exact: true }).fill('made-by-hand');
    await page.getByLabel('JSON').getByText(PUBLIC_KEY).waitFor();
    await page.getByLabel('curl', { exact: true }).getByText('curl -X POST -u USER').waitFor();
    const QUICK = 20;
    const delays = {
      start: QUICK,
      stop: QUICK,
      pause: QUICK,
      suspend: QUICK,
      restart: QUICK,
      restore: QUICK,
      delete: QUICK,
      capture: QUICK,
    };
    scene.control.set({ delays: { ...delays, create: 3_600_000 } });
    await press('Create Machine');
    await page.getByRole('heading', { level: 1, name: 'machines' }).waitFor();
    const going = page.getByRole('status').getByRole('progressbar');
    await going.waitFor();
    await page.goto(`${origin()}/console/#/c/jobs`);
    await going.waitFor();
    await page.reload();
    await going.waitFor();
    const made = await eventually(() => scene.control.instances().find(({ label }) => label === 'made-by-hand'));
    scene.control.resetSettings();
    scene.control.setPhase(made.id, 'running');
    await page.getByRole('link', { name: 'Create Machine: done' }).click();
    await page.getByRole('heading', { level: 1, name: 'made-by-hand' }).waitFor();
    await page.getByRole('row', { name: 'state STARTED' }).waitFor();
    // What happened to it stands below.
    await page.getByRole('group', { name: 'Events' }).getByRole('row').nth(1).waitFor();
    // Operations ask for what they take, and show the request.
    await press('stop');
    await page.getByRole('dialog').getByLabel('force').selectOption('true');
    await page.getByText('The request').click();
    await page.getByLabel('JSON').getByText('"action": "http://schemas.dmtf.org/cimi/1/action/stop"').waitFor();
    await press('Send');
    await page.getByRole('row', { name: 'state STOPPED' }).waitFor();
    await press('capture');
    await page.getByRole('dialog').getByLabel('name').fill('captured');
    await press('Send');
    await page.getByRole('link', { name: 'capture: done' }).click();
    await page.getByRole('heading', { level: 1, name: 'captured' }).waitFor();
  });

  test('any other thing is made by the form of its type, which shows what the gateway refuses', async () => {
    await enter('olga', '#/c/volumes');
    await press('Create volumes');
    await page.getByRole('heading', { level: 2, name: 'Create Volume' }).waitFor();
    await page.getByLabel('name', { exact: true }).fill('disk-1');
    await press('Send');
    // Needed, and named by the gateway: at the field itself.
    const template = page.getByRole('group', { name: /^volumeTemplate/ });
    await template.locator('..').getByRole('alert').waitFor();
    await page.getByText('Values of its own').first().click();
    await page.getByText('Values of its own').nth(1).click();
    await page.getByLabel(/^capacity/).fill('1000000');
    await page.getByText('The request').click();
    await page.getByLabel('JSON').getByText('"capacity": 1000000').waitFor();
    await press('Send');
    // Its cloud is asked for next, and offered.
    const cloud = page.getByLabel('cloud', { exact: true }).first();
    await cloud.locator('..').getByRole('alert').waitFor();
    await cloud.selectOption('sim');
    await press('Send');
    await page.getByRole('link', { name: 'Create Volume: done' }).click();
    await page.getByRole('row', { name: /^capacity 1\S* GB/ }).waitFor();
    // What is deleted is named once more.
    await press('Delete');
    const sure = page.getByRole('dialog').getByRole('button', { name: 'Delete' });
    expect(await sure.isDisabled()).toBe(true);
    await page.getByRole('dialog').getByRole('textbox').fill('disk-1');
    await sure.click();
    await page.getByText('delete: done').waitFor();
  });

  test('every screen shows hostile texts as texts, and every collection that takes something has a form', async () => {
    const operator = scene.client.as(basic('olga', 'pw-olga'));
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
    scene.control.add([{ ...foreignInstance('vm-long'), ...around, label: `${HOSTILE} ${'long '.repeat(800)}` }]);
    await enter('olga');
    const clean = async (where: string): Promise<void> => {
      const found = await page.evaluate(
        '[typeof hacked, document.querySelectorAll("img, iframe, object, embed, body script, a[href^=javascript]").length]',
      );
      expect([where, found]).toEqual([where, ['undefined', 0]]);
    };
    const entry = await jsonOf('cloudEntryPoint');
    const linked = (value: unknown): boolean => (value as { href?: string } | null)?.href !== undefined;
    const forms: string[] = [];
    for (const path of Object.keys(entry).filter((name) => linked(entry[name]))) {
      const { operations } = await jsonOf(`${path}?$first=1&$last=1`);
      await page.goto(`${origin()}/console/#/c/${path}`);
      await page.getByRole('heading', { level: 1, name: path }).waitFor();
      const takes = ((operations ?? []) as { rel: string }[]).some(({ rel }) => rel === 'add');
      if (takes && path !== 'machines') {
        await press(`Create ${path}`);
        const dialog = page.getByRole('dialog');
        await dialog.getByRole('button', { name: 'Send' }).waitFor();
        expect([path, (await dialog.locator('input, select, textarea').count()) > 1]).toEqual([path, true]);
        await clean(`the form of ${path}`);
        await dialog.getByRole('button', { name: 'Cancel' }).click();
        forms.push(path);
      }
      if (path in bodies || path === 'machines') {
        await page.getByRole('link', { name: 'onerror' }).first().click();
        await page.getByRole('button', { name: 'Show JSON' }).waitFor();
        for (const name of ['Edit', 'Delete']) {
          await press(name);
          await page.getByRole('dialog').waitFor();
          await clean(`${name} of ${path}`);
          await page.keyboard.press('Escape');
        }
        await page.getByText('Events').first().waitFor();
      }
      await clean(path);
    }
    expect(forms.length).toBeGreaterThan(15);
    for (const at of ['#/', '#/c/jobs', '#/new/machines']) {
      await page.goto(`${origin()}/console/${at}`);
      await page.getByRole('heading', { level: 1, name: /Overview|Jobs|New machine/ }).waitFor();
      await clean(at);
    }
    // Its Job began another, which stands below it.
    const jobs = ((await jsonOf('jobs')) as Record<string, unknown>)['jobs'] as { id: string; nestedJobs?: object[] }[];
    const [parent] = jobs.filter(({ nestedJobs }) => nestedJobs !== undefined);
    await page.goto(`${origin()}/console/#/c/jobs`);
    await page.getByRole('row', { name: /^↳ add/ }).waitFor();
    await page.goto(`${origin()}/console/#/r/${String(parent?.id).replace(/^.*\/cimi\//, '')}`);
    await page
      .getByRole('region', { name: 'Nested Jobs' })
      .getByRole('row', { name: /^add SUCCESS/ })
      .waitFor();
  });

  test('something is made by the keyboard alone', async () => {
    await enter('olga', '#/c/machineConfigs');
    await page.getByRole('button', { name: 'Create machineConfigs' }).waitFor();
    const on = 'document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent';
    const tabTo = async (name: RegExp): Promise<void> => {
      for (let presses = 0; presses < 60; presses++) {
        if (name.test(String(await page.evaluate(on)))) return;
        await page.keyboard.press('Tab');
      }
      throw new Error(`Tab does not lead to ${String(name)}`);
    };
    await tabTo(/^Create machineConfigs$/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    // What was left is where it goes on.
    expect(await page.evaluate(on)).toBe('Create machineConfigs');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Send' }).waitFor();
    await tabTo(/^name$/);
    await page.keyboard.type('typed');
    await tabTo(/^cpu/);
    await page.keyboard.type('2');
    await tabTo(/^memory/);
    await page.keyboard.type('1048576');
    await tabTo(/^Send$/);
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /typed/ }).waitFor();
    expect((await jsonOf("machineConfigs?$filter=name='typed'"))['machineConfigurations']).toMatchObject([{ cpu: 2, memory: 1_048_576 }]);
  });

  test('it asks for nothing but the public API', () => {
    const paths = [...asked].map((url) => new URL(url)).map((url) => (url.protocol === 'data:' ? '' : url.href.slice(origin().length)));
    expect(paths.filter((path) => path !== '' && !/^\/(cimi|console)\//.test(path))).toEqual([]);
    expect(asked.size).toBeGreaterThan(10);
  });
});
