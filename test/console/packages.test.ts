import { chromiumAvailable } from '../backends/chromium';
import { describeWith } from '../backends/need';
import type { Json } from '../harness/client';
import { exported, shopIn } from '../packages/export-scene';
import { listOf } from '../protocol/scene';
import { NASTY, visits } from './visit';

/** Packages in the console: Systems go to another cloud, and come in by a URL, each with its plan first. */
describeWith('chromium', chromiumAvailable(), () => {
  const visit = visits({ contentSize: 8 * 2 ** 20, contentAllocated: 2 ** 20 });
  const { clean, enter, go, press, seen, violations } = visit;
  let shop: string;

  const screenOf = (uri: string): string => `#/r/${uri.replace(/^.*\/cimi\//, '')}`;
  const dialog = () => visit.page.getByRole('dialog');
  async function cloudsOf(name: string): Promise<string[]> {
    const { json } = await visit.operator.get(`systems?$filter=name='${name}'&$expand=machines/machine`);
    const members = listOf(json, 'systems').flatMap(({ machines }) => listOf((machines ?? {}) as Json, 'systemMachines'));
    return members.map(({ machine }) => String((machine as unknown as Json).cloud)).sort();
  }

  beforeAll(async () => {
    shop = String((await shopIn(visit.operator, 'sim', 8389)).id);
  });

  test('a System is copied to another cloud after its plan was shown, and its Job is followed', async () => {
    await enter('olga', screenOf(shop));
    await press('To another cloud');
    await dialog().getByLabel('Cloud').selectOption('two');
    await dialog().getByLabel('name', { exact: true }).fill('copy');
    await press('Show the plan');
    await dialog()
      .getByRole('row', { name: /^machine web Machine/ })
      .waitFor();
    expect(await violations()).toEqual([]);
    await dialog().getByText('The request').click();
    await dialog().getByLabel('JSON').getByText('"cloud": "two"').waitFor();
    expect(await cloudsOf('copy')).toEqual([]);
    await dialog().getByRole('button', { name: 'Copy', exact: true }).click();
    await visit.page.getByRole('link', { name: 'Copy: done' }).click();
    await visit.page.getByRole('heading', { level: 1, name: 'copy' }).waitFor();
    expect(await cloudsOf('copy')).toEqual(['two', 'two']);
  });

  test('a plan is of what was asked for; what is refused is told, and nothing is made', async () => {
    await enter('olga', screenOf(shop));
    await press('To another cloud');
    await dialog().getByLabel('Cloud').selectOption('two');
    await press('Show the plan');
    await dialog().getByRole('button', { name: 'Copy', exact: true }).waitFor();
    await dialog()
      .getByRole('radio', { name: /^is stopped first/ })
      .check();
    // Another wish, another plan.
    await dialog().getByRole('button', { name: 'Show the plan' }).waitFor();
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await go('#/c/systems');
    await press('Import a package');
    await dialog().getByLabel('URL of the package').fill('http://127.0.0.1:1/x.ovf');
    await dialog().getByLabel('Cloud').selectOption('two');
    await press('Show the plan');
    await dialog().getByRole('alert').waitFor();
    expect(await violations()).toEqual([]);
  });

  test('a plan that comes after the wish was changed is not shown for the other wish', async () => {
    await enter('olga', screenOf(shop));
    await press('To another cloud');
    await dialog().getByLabel('Cloud').selectOption('two');
    let asked = (): void => undefined;
    let answer = (): void => undefined;
    const isAsked = new Promise<void>((done) => (asked = done));
    const mayAnswer = new Promise<void>((done) => (answer = done));
    await visit.page.route('**/cimi/systems', async (route) => {
      if (route.request().method() === 'POST') {
        asked();
        await mayAnswer;
      }
      await route.continue();
    });
    const show = dialog().getByRole('button', { name: 'Show the plan' });
    await show.click();
    await isAsked;
    await dialog()
      .getByRole('radio', { name: /^is stopped first/ })
      .check();
    answer();
    // Nothing goes on any more.
    await dialog().getByRole('status').waitFor({ state: 'detached' });
    expect(await show.isEnabled()).toBe(true);
    expect(await dialog().getByRole('table').count()).toBe(0);
    await show.click();
    await dialog().getByRole('button', { name: 'Move', exact: true }).waitFor();
    await visit.page.unrouteAll({ behavior: 'wait' });
  });

  test('a package that was exported becomes a template by its URL; its hostile texts stay texts', async () => {
    const { json } = await visit.operator.get(shop);
    await visit.operator.put(`${String(json.id)}?$select=name,description`, { name: NASTY.name, description: NASTY.description });
    const { url } = await exported(visit.operator, shop);
    await enter('olga', '#/c/systemTemplates');
    await press('Import a package');
    await dialog().getByLabel('URL of the package').fill(url);
    await dialog().getByLabel('Cloud').selectOption('two');
    await press('Show the plan');
    await dialog()
      .getByRole('row', { name: /^machine web/ })
      .waitFor();
    await clean('the plan');
    await dialog().getByRole('button', { name: 'Import a package' }).click();
    await visit.page.getByRole('link', { name: 'Import a package: done' }).click();
    await seen('componentDescriptors');
    await clean('what was imported');
  });

  test('a reader is offered none of it', async () => {
    await enter('rita', screenOf(shop));
    await visit.page.getByRole('button', { name: 'Show JSON' }).waitFor();
    expect(await visit.page.getByRole('button', { name: 'To another cloud' }).count()).toBe(0);
  });
});
