import { layered } from '../../console/graph-layout';
import { chromiumAvailable } from '../backends/chromium';
import { describeWith } from '../backends/need';
import type { Json } from '../harness/client';
import { shopIn } from '../packages/export-scene';
import { NASTY, visits } from './visit';

test('parts of one layer stand where few connections cross', () => {
  const parts = [
    ...['n1', 'n2', 'n3'].map((id) => ({ id, layer: 0 })),
    ...['m1', 'm2', 'm3'].map((id) => ({ id, layer: 1 })),
    { id: 'v1', layer: 2 },
  ];
  const links = [
    ['m1', 'n3'],
    ['m2', 'n2'],
    ['m3', 'n1'],
    ['m3', 'v1'],
  ] as const;
  const rows = layered(parts, links);
  expect([...rows.keys()].sort()).toEqual(['m1', 'm2', 'm3', 'n1', 'n2', 'n3', 'v1']);
  expect(['m1', 'm2', 'm3'].map((id) => rows.get(id))).toEqual(['n3', 'n2', 'n1'].map((id) => rows.get(id)));
  expect(layered([], [])).toEqual(new Map());
});

/** The graph of a System in the console. */
describeWith('chromium', chromiumAvailable(), () => {
  const visit = visits();
  const { clean, enter, violations } = visit;
  let shop: Json;

  beforeAll(async () => {
    shop = await shopIn(visit.operator, 'sim');
  });
  const at = () => `#/r/${String(shop.id).replace(/^.*\/cimi\//, '')}`;
  const drawn = () => visit.page.locator('svg.graph');

  test.each(['light', 'dark'])('shows machines, volumes and networks, and how they hang together, in the theme %s', async (theme) => {
    await enter('olga', at());
    await visit.page.getByLabel('Theme').selectOption(theme);
    await drawn().getByRole('link', { name: 'web machine STOPPED' }).waitFor();
    expect(await drawn().getByRole('link').count()).toBe(5);
    // Two cards of one machine, one of the other, and its disk.
    expect(await drawn().locator('path').count()).toBe(4);
    const table = visit.page.getByRole('group', { name: 'Connected with' });
    expect(await table.getByRole('row', { name: /^web machine STOPPED/ }).textContent()).toMatch(/front.*back|back.*front/);
    expect(await table.getByRole('row', { name: /^back network/ }).textContent()).toMatch(/web.*db|db.*web/);
    expect(await violations(theme === 'light' ? undefined : 'color-contrast')).toEqual([]);
  });

  test('its parts are reached by the keyboard, and lead to themselves', async () => {
    await enter('olga', at());
    await drawn()
      .getByRole('link', { name: /^db machine/ })
      .focus();
    await visit.page.keyboard.press('Enter');
    await visit.page.getByRole('heading', { level: 1, name: 'db' }).waitFor();
  });

  test('hostile names are shortened, and stay texts', async () => {
    const { json } = await visit.operator.get(`${String(shop.id)}?$expand=machines`);
    const [entry] = ((json.machines ?? {}) as Json).systemMachines as unknown as { machine: { href: string } }[];
    await visit.operator.put(`${entry?.machine.href ?? ''}?$select=name`, { name: NASTY.name });
    await enter('olga', at());
    await drawn()
      .getByRole('link', { name: /img src/ })
      .waitFor();
    await clean('the graph');
  });
});
