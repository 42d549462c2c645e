import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { chromiumAvailable, startChromium } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { ROOT } from './built';

/** The documentation as people meet it: at `/docs/` of a gateway whose users have to log in. */
const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
let gateway: TestGateway;
const at = (path: string) => new URL(path, gateway.base).href;

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, 'scripts/build-docs.mjs')], { cwd: ROOT });
  gateway = await startTestGateway({ config: { access: { required: true } } });
});
afterAll(() => gateway.stop());

test('anyone reads it, without a login; it can be taken away', async () => {
  const bare = await fetch(at('/docs'), { redirect: 'manual' });
  expect([bare.status, bare.headers.get('location')]).toEqual([308, 'docs/']);
  const page = await fetch(at('/docs/'));
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<h1 id="documentation">')]);
  const csp = String(page.headers.get('content-security-policy'));
  expect([csp.includes("default-src 'none'"), csp.includes('unsafe')]).toEqual([true, false]);
  const sign = await fetch(at('/'), { headers: { accept: 'text/html' } });
  expect(await sign.text()).toContain('<a href="docs/">');

  const without = await startTestGateway({ config: { docs: { enabled: false } } });
  expect((await fetch(new URL('/docs/', without.base))).status).toBe(404);
  const other = await fetch(new URL('/', without.base), { headers: { accept: 'text/html' } });
  expect(await other.text()).not.toContain('docs/');
  await without.stop();
});

describeWith('chromium', chromiumAvailable(), () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const faults: string[] = [];
  const open = async (options: Parameters<Browser['newContext']>[0]): Promise<void> => {
    context = await browser.newContext(options);
    page = await context.newPage();
    await page.addInitScript('addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective))');
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(at('/docs/')) && !request.url().startsWith('data:')) faults.push(`asked ${request.url()}`);
    });
  };
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await context.close();
    expect(faults.splice(0)).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('no page hinders anybody or breaks its policy, in the theme %s', async (colorScheme) => {
    await open({ colorScheme });
    for (const path of [
      '',
      'operations.html',
      'errors.html',
      'quickstart.html',
      'clouds/ec2.html',
      'requests/extensions.html',
      'jobs.html',
      'console.html',
      'reference/machine.html',
      'decisions/',
      'drivers/ec2.html',
    ]) {
      await page.goto(at(`/docs/${path}`));
      await page.evaluate(AXE);
      const found = await page.evaluate('axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))');
      expect([path, found]).toEqual([path, []]);
      expect([
        path,
        await page.evaluate('[...document.images].filter((image) => !image.complete || image.naturalWidth === 0).map(({ src }) => src)'),
      ]).toEqual([path, []]);
    }
  });

  test('a diagram is drawn in its colours, which its own style says', async () => {
    await open({ colorScheme: 'dark' });
    await page.goto(at('/docs/jobs.html'));
    const drawn = await page.evaluate(`(async () => {
      const image = document.querySelector('.diagram img');
      await image.decode();
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');
      canvas.drawImage(image, 0, 0);
      return [...canvas.getImageData(2, 2, 1, 1).data];
    })()`);
    expect(drawn).toEqual([16, 21, 29, 255]);
  });

  test('the search finds by words of a section, by keyboard alone, from any depth', async () => {
    await open({});
    await page.goto(at('/docs/reference/machine.html'));
    await page.keyboard.press('/');
    await page.keyboard.type('identity tag');
    const found = page.getByRole('search').getByRole('link');
    await found.first().waitFor();
    await page.getByText(/^\d+ found$/).waitFor();
    await page.evaluate(AXE);
    expect(await page.evaluate('axe.run(".search").then(({ violations }) => violations.map(({ id }) => id))')).toEqual([]);
    await page.keyboard.press('ArrowDown');
    const leads = await page.evaluate('document.activeElement.href');
    expect(leads).toMatch(/\/docs\/.*\.html/);
    await page.keyboard.press('Enter');
    await page.waitForURL(String(leads));
    await page.keyboard.press('/');
    await page.keyboard.type('xyzzyquux');
    await page.getByText('Nothing found').waitFor();
    await page.keyboard.press('Escape');
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  test('a search whose index cannot be had says so, and tries again', async () => {
    await open({});
    await page.goto(at('/docs/'));
    const index = `**/${String(await page.locator('.search').getAttribute('data-index'))}`;
    await page.route(index, (route) => route.fulfill({ status: 503 }));
    await page.getByRole('searchbox').fill('job');
    await page.getByText('could not be loaded').waitFor();
    expect(faults.splice(0).every((words) => words.includes('503'))).toBe(true);
    await page.unroute(index);
    await page.getByRole('searchbox').fill('jobs');
    await page.getByText(/^\d+ found$/).waitFor();
  });

  test('without scripts all is there but the search, also on a small screen', async () => {
    await open({ javaScriptEnabled: false, viewport: { width: 360, height: 640 } });
    await page.goto(at('/docs/'));
    expect(await page.locator('.search').isVisible()).toBe(false);
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Glossary', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Glossary' }).waitFor();
  });
});
