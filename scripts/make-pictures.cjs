// Makes the pictures of the console's screens, docs/pictures, over a gateway of its own in front of two simulated clouds:
//   node scripts/make-pictures.cjs
// Chromium as for the tests (CHROMIUM names another).
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
require('../test/backends/register-typescript.js');

const { startChromium } = require('../test/backends/chromium.ts');
const { Client, basic } = require('../test/harness/client.ts');
const { simulatedCloud } = require('../test/harness/gateway.ts');
const { shopIn } = require('../test/packages/export-scene.ts');
const { listOf, made, openScene, pathOf, succeeded } = require('../test/protocol/scene.ts');
const { foreignInstance } = require('../drivers/simulator/control.ts');
const { hashPassword } = require('../src/http/passwords.ts');
const { CIMI } = require('../src/model/define.ts');

const folder = path.join(__dirname, '../docs/pictures');
const SIZE = { width: 1200, height: 760 };
const QUALITY = 0.85;
const [USER, PASSWORD] = ['olga', 'a long password'];

/** A gateway with something of everything. */
async function world() {
  const options = { contentSize: 8 * 2 ** 20, contentAllocated: 2 ** 20 };
  const guard = { cacheMs: 0, retries: 0 };
  const clouds = {
    private: simulatedCloud({ ...options, maxInstances: 12 }, { guard, name: 'Private' }),
    public: simulatedCloud({ ...options, maxInstances: 100 }, { guard, name: 'Public' }),
    branch: simulatedCloud({}, { guard, name: 'Branch office' }),
  };
  const scene = await openScene({ config: { access: { required: true }, clouds } });
  const { store } = scene.gateway.gateway;
  const passwordHash = await hashPassword(PASSWORD);
  await store.access.putPrincipal({ name: USER, tenant: 'default', role: 'operator', passwordHash });
  const client = new Client(scene.client.base).as(basic(USER, PASSWORD));
  const names = ['web-1', 'web-2', 'cache', 'mail', 'build-1', 'build-2'];
  for (const cloud of ['private', 'public'])
    scene.controlOf(cloud).add(names.map((label) => ({ ...foreignInstance(`vm-${label}`), label: `${label}.${cloud}` })));
  const shop = await shopIn(client, 'private', 8389);
  const [db] = listOf((await client.get("machines?$filter=name='db'")).json, 'machines');
  const meterTemplate = { meterConfig: { aspect: `${CIMI}/aspect/cpu`, sampleInterval: 60 } };
  const meter = await made(client, 'machines/private.vm-web-1/meters', {
    ...{ resourceURI: `${CIMI}/MeterCreate`, name: 'cpu of web-1' },
    meterTemplate,
  });
  await succeeded(client, await client.act(pathOf(client, meter.id), 'stop'));
  const at = pathOf(client, meter.id);
  const builtOn = (await store.series([at])).get(at)?.reached;
  const now = Math.floor(Date.now() / 60_000) * 60;
  const samples = Array.from({ length: 60 }, (_, n) => ({
    t: now - (60 - n) * 60,
    value: 35 + 25 * Math.sin(n / 9) + 8 * Math.sin(n * 1.7),
    covered: null,
  }));
  await store.transaction((unit) => unit.putSamples([{ meter: at, reached: now * 1000, memory: null, samples, ageing: false, builtOn }]));
  scene.controlOf('branch').fail({ method: '*', kind: 'unavailable', message: 'no route to the branch office', times: 100_000 });
  for (let times = 0; times < 3; times += 1) await client.get('clouds/branch/machines');
  await client.get('clouds');
  return { scene, shop, db, meter };
}

/** Screens by the names of their pictures: the address, what is done there, and words that are there when it is ready. */
function screensOf({ shop, db, meter }) {
  const at = (uri) => `#/r/${String(uri).replace(/^.*\/cimi\//, '')}`;
  const press = (name) => (page) => page.getByRole('button', { name, exact: true }).click();
  return [
    ['overview', '#/', /machines: /],
    ['machines', '#/c/machines', /web-2\.private/],
    ['machine', '#/r/machines/private.vm-web-1', /cpuArch/],
    ['new-machine', '#/new/machines', /Debian 12/, press('Image')],
    ['create', '#/c/volumes', /The request/, press('Create volumes')],
    ['system', at(shop.id), /What hangs together/, (page) => page.locator('#graph').evaluate((one) => one.scrollIntoView())],
    ['move', at(shop.id), /^machine web$/, planned],
    ['meter', at(meter.id), /Newest value/, (page) => page.locator('#chart').evaluate((one) => one.scrollIntoView())],
    ['jobs', '#/c/jobs', /SUCCESS/],
    ['events', at(db.id), /model/, (page) => page.locator('#events').evaluate((one) => one.scrollIntoView())],
  ];
}

async function planned(page) {
  await page.getByRole('button', { name: 'To another cloud', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Cloud').selectOption('public');
  await dialog.getByRole('button', { name: 'Show the plan' }).click();
  await dialog.getByRole('rowheader', { name: 'machine web' }).waitFor();
}

/** Makes a small picture of a screen; the browser itself packs it. */
async function picture(page, packer, name) {
  const png = (await page.screenshot({ animations: 'disabled' })).toString('base64');
  const packed = await packer.evaluate(
    async ([data, quality]) => {
      const image = new globalThis.Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = globalThis.document.createElement('canvas');
      [canvas.width, canvas.height] = [image.width, image.height];
      canvas.getContext('2d').drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', quality).split(',')[1];
    },
    [png, QUALITY],
  );
  fs.writeFileSync(path.join(folder, `${name}.webp`), Buffer.from(packed, 'base64'));
}

async function main() {
  execFileSync(process.execPath, [path.join(__dirname, 'build-console.mjs')]);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  const all = await world();
  const browser = await startChromium();
  try {
    const packer = await browser.newPage();
    const page = await browser.newPage({ viewport: SIZE, locale: 'en-GB' });
    const console = new URL('/console/', all.scene.client.base).href;
    await page.goto(console);
    await page.getByLabel('User').fill(USER);
    await picture(page, packer, 'login');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Log out' }).waitFor();
    for (const theme of ['light', 'dark']) {
      await page.getByLabel('Theme').selectOption(theme);
      for (const [name, at, words, act] of screensOf(all)) {
        if (theme === 'dark' && !['system', 'machines'].includes(name)) continue;
        await page.goto('about:blank');
        await page.goto(console + at);
        await page.getByRole('button', { name: 'Log out' }).waitFor();
        await page.locator('h1').waitFor();
        await page.locator('section, table, form').first().waitFor();
        if (act) await act(page);
        await page.getByText(words).first().waitFor();
        await picture(page, packer, theme === 'dark' ? `${name}-dark` : name);
      }
    }
  } finally {
    await browser.close();
    await all.scene.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
