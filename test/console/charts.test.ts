import { linesOf, samplesOf, stepOf } from '../../console/measured';
import { CIMI } from '../../src/model/define';
import { chromiumAvailable } from '../backends/chromium';
import { describeWith } from '../backends/need';
import { made, pathOf, succeeded } from '../protocol/scene';
import { NASTY, visits } from './visit';

const BEGAN = Date.parse('2026-11-30T10:00:00Z') / 1000;

test('samples are those of the span before the newest, in the order of time', () => {
  const items = [90, 60, -3_511].map((second) => ({ timestamp: new Date((BEGAN + second) * 1000).toISOString(), value: '1.5' }));
  expect(samplesOf(items, 'hour')).toEqual([60, 90].map((second) => ({ at: BEGAN + second, value: 1.5 })));
  expect(samplesOf(items, 'day')).toHaveLength(3);
  expect(samplesOf([], 'day')).toEqual([]);
});

test('gaps stay gaps, and steps are never finer than what is measured', () => {
  const samples = [0, 60, 240].map((second) => ({ at: BEGAN + second, value: second }));
  expect(linesOf(samples, 60)).toEqual([[0, 60, 120, 240].map((second) => BEGAN + second), [0, 60, null, 240]]);
  expect([stepOf('hour', 60), stepOf('hour', 300), stepOf('week', 300), stepOf('day', undefined), stepOf('day', 1e9)]).toEqual([
    60, 300, 3_600, 600, 31_622_400,
  ]);
});

/** Charts of Meters in the console. */
describeWith('chromium', chromiumAvailable(), () => {
  const visit = visits();
  const { clean, enter, press, seen, violations } = visit;
  let at: string;

  beforeAll(async () => {
    const { operator, scene } = visit;
    const meterTemplate = { meterConfig: { aspect: `${CIMI}/aspect/cpu`, sampleInterval: 315_360_000 } };
    const meter = await made(operator, 'machines/sim.vm-1/meters', { resourceURI: `${CIMI}/MeterCreate`, meterTemplate, ...NASTY });
    const path = pathOf(operator, meter.id);
    await succeeded(operator, await operator.act(path, 'stop'));
    const { store } = scene.gateway.gateway;
    const builtOn = (await store.series([path])).get(path)?.reached;
    const samples = Array.from({ length: 100 }, (_, n) => ({ t: BEGAN + n * 60, value: n + 0.5, covered: null }));
    await store.transaction((unit) =>
      unit.putSamples([{ meter: path, reached: (BEGAN + 6_000) * 1000, memory: null, samples, ageing: false, builtOn }]),
    );
    await operator.put(`${path}?$select=sampleInterval`, { sampleInterval: 60 });
    at = `#/r/${path}`;
  });

  const chart = () => visit.page.getByRole('img', { name: /^Chart/ });

  test.each(['light', 'dark'])(
    'what was measured is drawn, said in words, and a table beside has each value, in the theme %s',
    async (theme) => {
      await enter('olga', at);
      await visit.page.getByLabel('Theme').selectOption(theme);
      await chart().locator('canvas').waitFor();
      expect(await chart().getAttribute('aria-label')).toBe('Chart: 40.5 % – 99.5 %');
      await seen('Newest value: 99.5 %');
      const rows = visit.page.getByRole('group', { name: 'Values' }).getByRole('row');
      // An hour of minutes, and the head.
      expect(await rows.count()).toBe(61);
      // Something stands on the canvas in the colour of the line.
      const painted =
        '[...document.querySelector(".chart canvas").getContext("2d").getImageData(0, 0, 600, 200).data].some((one) => one > 0)';
      expect(await visit.page.evaluate(painted)).toBe(true);
      expect(await violations(theme === 'light' ? undefined : 'color-contrast')).toEqual([]);
      await clean('the chart');
    },
  );

  test('other spans are chosen by the keyboard; the means of their steps are shown', async () => {
    await enter('olga', at);
    await chart().waitFor();
    await visit.page.getByRole('button', { name: 'Week' }).focus();
    await visit.page.keyboard.press('Enter');
    const rows = visit.page.getByRole('group', { name: 'Values' }).getByRole('row');
    await rows.nth(2).waitFor();
    expect(await visit.page.getByRole('button', { name: 'Week' }).getAttribute('aria-pressed')).toBe('true');
    expect(await rows.count()).toBeLessThan(5);
  });

  test('in Russian its words are Russian, and a Meter without samples says so', async () => {
    const meterTemplate = { meterConfig: { aspect: `${CIMI}/aspect/memory`, sampleInterval: 315_360_000 } };
    const meter = await made(visit.operator, 'machines/sim.vm-2/meters', { resourceURI: `${CIMI}/MeterCreate`, meterTemplate });
    await enter('olga', `#/r/${pathOf(visit.operator, meter.id)}`);
    await seen('Nothing has been measured.');
    await visit.page.getByLabel('Language').selectOption('ru');
    await seen('Ничего не измерено.');
    await visit.go(at);
    await visit.page.getByRole('img', { name: /^График: 40,5 % – 99,5 %/ }).waitFor();
    await press('Неделя');
  });
});
