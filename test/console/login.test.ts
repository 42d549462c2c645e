import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { chromiumAvailable, startChromium } from '../backends/chromium';
import { freePort } from '../backends/moto';
import { describeWith } from '../backends/need';
import { newKey, OidcProvider } from '../backends/oidc-provider';
import { startTestGateway, type TestGateway } from '../harness/gateway';

/** A login to the console by a real identity provider, in a browser. */
describeWith('chromium', chromiumAvailable(), () => {
  let provider: OidcProvider;
  let house: TestGateway;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(__dirname, '../../scripts/build-console.mjs')]);
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const clients = [{ id: 'console', redirectUris: [`${origin}/console/login/corp/callback`] }];
    provider = await OidcProvider.open(clients, [newKey()], { ada: { groups: ['staff'] } });
    const corp = {
      ...{ issuer: provider.issuer, audience: ['cimi'], addresses: ['127.0.0.0/8'] },
      grants: [{ group: 'staff', role: 'operator', tenant: 'default' }],
      console: { clientId: 'console', clientSecret: 'client-secret', name: 'Example Corp' },
    };
    house = await startTestGateway({ config: { server: { port, shutdownMs: 2000 }, access: { oidc: { corp } } } });
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await house?.stop();
    await provider?.close();
  });

  test('the button leads to the provider and back to the screen that was asked for; a refusal leads back to the login', async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    const faults: string[] = [];
    await page.addInitScript('addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective))');
    page.on('console', (message) => {
      if (message.text().startsWith('CSP')) faults.push(message.text());
    });
    await page.goto(`${origin}/console/#/c/machines`);
    await page.getByRole('link', { name: 'Log in with Example Corp' }).click();
    await page.getByLabel('Name').fill('nobody');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('access_denied').waitFor();
    await page.getByRole('link', { name: 'Back to the console' }).click();
    await page.goto(`${origin}/console/#/c/machines`);
    await page.getByRole('link', { name: 'Log in with Example Corp' }).click();
    await page.getByLabel('Name').fill('ada');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('corp:ada (operator)').waitFor();
    expect(page.url()).toBe(`${origin}/console/#/c/machines`);
    await page.reload();
    await page.getByText('corp:ada (operator)').waitFor();
    const [session, ...others] = (await context.cookies(origin)).filter(({ name }) => name.startsWith('cimi-'));
    expect([session?.sameSite, session?.httpOnly, others]).toEqual(['Strict', true, []]);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('link', { name: 'Log in with Example Corp' }).waitFor();
    expect(faults).toEqual([]);
    await context.close();
  });
});
