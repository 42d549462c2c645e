import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { foreignInstance } from '../../drivers/simulator/control';
import { hashPassword } from '../../src/http/passwords';
import { startChromium } from '../backends/chromium';
import { basic, type Client } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { openScene, type Scene } from '../protocol/scene';

/** Visits of the console in a browser, over one gateway: what is asked is recorded, and nothing may break its policy. */

const ROOT = join(__dirname, '../..');
const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
/** Name of what a cloud has, made to do harm. */
export const HOSTILE = '<img src=x onerror="hacked=1">\u202etxt <script>hacked=1</script> javascript:hacked=1';
/** The same from consumers, whose texts have limits: markup, marks of direction, and length. */
const MARKUP = '"><img src=x onerror="hacked=1"><script>hacked=1</script>\u200f\u05d0\u061c';
export const NASTY = {
  name: MARKUP,
  description: `${MARKUP} ${'long '.repeat(800)}`,
  properties: { [MARKUP]: `${MARKUP} ${'long '.repeat(800)}`, link: 'javascript:hacked=1' },
};

/** Visit of one test. */
export interface Visit {
  readonly scene: Scene;
  readonly page: Page;
  readonly context: BrowserContext;
  /** Client of the operator. */
  readonly operator: Client;
  origin(): string;
  /** Logs in by the form once for each user; then the session is still there. @param at screen */
  enter(name: string, at?: string): Promise<void>;
  /** Goes to a screen. */
  go(at: string): Promise<void>;
  jsonOf(path: string): Promise<Record<string, unknown>>;
  press(name: string): Promise<void>;
  seen(text: string): Promise<void>;
  /** Makes the page look again. */
  refresh(): Promise<void>;
  /** Finds hindrances on the page. @param rule the only one that is looked at */
  violations(rule?: string): Promise<unknown>;
  /** Expects that no text became markup or was run. */
  clean(where: string): Promise<void>;
}

/** Opens a gateway of two simulated clouds with many machines, and a page before each test. Nothing may be asked but the public API. */
export function visits(options: Parameters<typeof simulatedCloud>[0] = {}): Visit {
  let scene: Scene;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];
  const asked: string[] = [];
  const logins = new Map<string, Parameters<BrowserContext['addCookies']>[0]>();
  const origin = (): string => new URL(scene.client.base).origin;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(ROOT, 'scripts/build-console.mjs')]);
    const guard = { cacheMs: 0, retries: 0 };
    scene = await openScene({
      config: {
        access: { required: true },
        clouds: { sim: simulatedCloud({ maxInstances: 200, ...options }, { guard }), two: simulatedCloud(options, { guard }) },
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
    page.on('request', (request) => asked.push(request.url()));
  });
  afterEach(async () => {
    await context.close();
    expect(faults.splice(0)).toEqual([]);
    const paths = asked.splice(0).filter((url) => !url.startsWith('data:') && url !== 'about:blank');
    expect(paths.filter((url) => !/^\/(cimi|console)\//.test(url.slice(origin().length)))).toEqual([]);
    expect(paths).not.toEqual([]);
  });

  const operator = (): Client => scene.client.as(basic('olga', 'pw-olga'));
  return {
    get scene() {
      return scene;
    },
    get page() {
      return page;
    },
    get context() {
      return context;
    },
    get operator() {
      return operator();
    },
    origin,
    async enter(name, at = '') {
      const known = logins.get(name);
      if (known) await context.addCookies(known);
      await page.goto(`${origin()}/console/${at}`);
      if (!known) {
        await page.getByLabel('User').fill(name);
        await page.getByLabel('Password').fill(`pw-${name}`);
        await page.getByRole('button', { name: 'Log in' }).click();
      }
      await page.getByRole('button', { name: 'Log out' }).waitFor();
      if (!known) logins.set(name, await context.cookies());
    },
    async go(at) {
      await page.goto(`${origin()}/console/${at}`);
    },
    jsonOf: async (path) => (await operator().get(path)).json,
    press: (name) => page.getByRole('button', { name, exact: true }).click(),
    seen: (text) => page.getByText(text, { exact: false }).first().waitFor(),
    refresh: () => page.evaluate('document.dispatchEvent(new Event("visibilitychange"))'),
    async violations(rule) {
      // From outside of the page, whose policy takes no script of others.
      await page.evaluate(AXE);
      const only = JSON.stringify(rule === undefined ? {} : { runOnly: [rule] });
      return page.evaluate(`axe.run(${only}).then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`);
    },
    async clean(where) {
      const found = await page.evaluate(
        '[typeof hacked, document.querySelectorAll("img, iframe, object, embed, body script, a[href^=javascript]").length]',
      );
      expect([where, found]).toEqual([where, ['undefined', 0]]);
    },
  };
}
