import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { foreignInstance } from '../../drivers/simulator/control';
import { hashPassword } from '../../src/http/passwords';
import { chromiumAvailable, startChromium } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { basic } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, eventually } from '../harness/wait';
import { KEY_BYTES, openScene, PUBLIC_KEY, type Scene } from '../protocol/scene';

/** The console in a browser, over one gateway: what it asks is recorded, and nothing may break its policy. */
const ROOT = join(__dirname, '../..');
const HOSTILE = '<img src=x onerror="hacked=1">\u202etxt <script>hacked=1</script> javascript:hacked=1';
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
          sim: simulatedCloud({}, { guard: { cacheMs: 0, retries: 0 } }),
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

  const seen = (text: string) => page.getByText(text, { exact: false }).first().waitFor();
  const refresh = () => page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
  async function violations(): Promise<unknown> {
    // From outside of the page, whose policy takes no script of others.
    await page.evaluate(AXE);
    return page.evaluate('axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))');
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

  test('texts of strangers are texts', async () => {
    await enter('olga', '#/c/machines');
    await page.getByRole('link', { name: '<img src=x' }).first().click();
    await page
      .getByRole('cell', { name: /javascript:hacked/ })
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Show JSON' }).click();
    expect(await page.evaluate('[typeof hacked, document.querySelectorAll("main img, main script").length]')).toEqual(['undefined', 0]);
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
  });

  test.each(['light', 'dark'])('no screen hinders anybody, in the theme %s', async (theme) => {
    await page.goto(`${origin()}/console/`);
    await page.getByLabel('Theme').selectOption(theme);
    expect(await violations()).toEqual([]);
    await enter('olga');
    const screens: Readonly<Record<string, string>> = {
      '#/': 'simulator',
      '#/c/machines': 'web-3',
      '#/r/machines/sim.vm-3': 'cpuArch',
      '#/c/jobs': 'Progress',
      '#/r/clouds/sim': 'resourceTypes',
    };
    for (const [at, text] of Object.entries(screens)) {
      await page.goto(`${origin()}/console/${at}`);
      await seen(text);
      expect([at, await violations()]).toEqual([at, []]);
    }
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

  const jsonOf = async (path: string) => (await scene.client.as(basic('olga', 'pw-olga')).get(path)).json;
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

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
    await page.getByLabel('JSON').getByText(KEY_BYTES.slice(0, 60)).waitFor();
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

  test('every collection that takes something has a form for it', async () => {
    await enter('olga');
    const entry = await jsonOf('cloudEntryPoint');
    const paths = Object.entries(entry).flatMap(([name, value]) => ((value as { href?: string } | null)?.href === undefined ? [] : [name]));
    const forms: Record<string, number> = {};
    for (const path of paths.filter((name) => name !== 'machines')) {
      const { operations } = await jsonOf(`${path}?$first=1&$last=1`);
      if (!((operations ?? []) as { rel: string }[]).some(({ rel }) => rel === 'add')) continue;
      await page.goto(`${origin()}/console/#/c/${path}`);
      await press(`Create ${path}`);
      await page.getByRole('dialog').getByRole('button', { name: 'Send' }).waitFor();
      forms[path] = await page.getByRole('dialog').locator('input, select, textarea').count();
    }
    expect(Object.keys(forms).length).toBeGreaterThan(15);
    expect(Object.entries(forms).filter(([, fields]) => fields < 2)).toEqual([]);
  });

  test('it asks for nothing but the public API', () => {
    const paths = [...asked].map((url) => new URL(url)).map((url) => (url.protocol === 'data:' ? '' : url.href.slice(origin().length)));
    expect(paths.filter((path) => path !== '' && !/^\/(cimi|console)\//.test(path))).toEqual([]);
    expect(asked.size).toBeGreaterThan(10);
  });
});
