import { assertAccess } from './kit/access';
import { assert } from './kit/assert';
import { check, clause } from './kit/define';
import { idOf, makeMachine } from './kit/ingredients';
import { associatedTo, aspectUri, configByValue, configFor, makeMeter, meterCreate, metersOf, sampled } from './kit/meters';
import { removed } from './kit/parts';
import { assertCollection, assertShape } from './kit/shape';
import { hrefOf, textOf, type Value } from './kit/value';

const needs = { collections: ['meterConfigs'], adds: ['meters', 'machines'] };
const MANDATORY = ['targetResource', 'aspect', 'units', 'sampleInterval', 'timeScope', 'isContinuous', 'samples'];
const LATER = '2999-01-01T00:00:00Z';

const times = (samples: Value): number[] => samples.items().map((each) => Date.parse(textOf(each.inner('sample') ?? each, 'timestamp')));

export const clauses = [
  clause('5.17.3', 'Meter Resource', [
    check('is serialized as its table and pseudo-schema say', ['R5.17.3-05', 'R5.17.3-06'], { needs }, async (c) => {
      const { meter, machine, config } = await makeMeter(c);
      assertShape(c, meter, 'Meter', MANDATORY);
      assert.equal(c.session.absolute(hrefOf(meter, 'targetResource')), c.session.absolute(idOf(machine)));
      for (const name of ['aspect', 'units', 'timeScope', 'sampleInterval']) assert.equal(meter.text(name), config.text(name), name);
      assert.equal(meter.has('intervalDuration'), false, 'an intervalDuration goes with timeScope Interval only (D060)');
    }),
    check('of an interval tells its length as xs:duration (D059)', ['R5.17.3-05', 'R5.17.3-06'], { needs }, async (c) => {
      const { meter } = await makeMeter(c, undefined, { timeScope: 'Interval', intervalDuration: 'daily' });
      assertShape(c, meter, 'Meter', MANDATORY);
      assert.deepEqual([meter.text('timeScope'), meter.text('intervalDuration')], ['Interval', 'P1D']);
    }),
    check('a Consumer changes what is read-write, and nothing else', ['R5.17.3-05'], { needs }, async (c) => {
      const { meter } = await makeMeter(c);
      const ignored = { targetResource: { href: c.link('machines') }, aspect: aspectUri('other'), units: 'other', timeScope: 'Interval' };
      await assertAccess(c, idOf(meter), 'Meter', ignored, { stopTime: LATER, expiresTime: LATER });
    }),
    check('goes when its target is deleted', ['R5.17.3-01', 'R5.17.3-02'], { needs }, async (c) => {
      const machine = await makeMachine(c);
      const { meter } = await makeMeter(c, machine);
      assert.ok((await metersOf(c, await c.read(idOf(machine)))).includes(idOf(meter)));
      await removed(c, idOf(machine));
      await c.gone(idOf(meter));
      assert.ok(!(await c.items('meters')).some((each) => idOf(each) === idOf(meter)));
    }),
    check('takes no samples from its stopTime on', ['R5.17.3-03'], { needs }, async (c) => {
      const { meter } = await makeMeter(c);
      await sampled(c, meter);
      const stopTime = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000).toISOString();
      await c.done(await c.put(c.offered(meter, 'edit'), 'Meter', { stopTime }, { query: { $select: 'stopTime' } }));
      await c.until(idOf(meter), 'stopped', (value) => c.operation(value, 'start') !== undefined);
      const witness = await makeMeter(c);
      await sampled(c, witness.meter, 3);
      const last = Math.max(...times(await c.follow(meter, 'samples')));
      assert.ok(last < Date.parse(stopTime), `a sample of ${new Date(last).toISOString()} after the stopTime ${stopTime}`);
    }),
    check('is deleted after its expiresTime', ['R5.17.3-04'], { needs }, async (c) => {
      const { meter } = await makeMeter(c);
      const expiresTime = new Date(Date.now() + 2_000).toISOString();
      await c.done(await c.put(c.offered(meter, 'edit'), 'Meter', { expiresTime }, { query: { $select: 'expiresTime' } }));
      await c.session.until('the Meter to expire', async () => ([404, 410].includes((await c.get(idOf(meter))).status) ? true : undefined));
    }),
  ]),

  clause('5.17.3.1.1', 'SampleCollection Resource', [
    check('is serialized as its table and pseudo-schema say', ['R5.17.3.1.1-01', 'R5.17.3.1.1-02'], { needs }, async (c) => {
      const { meter } = await makeMeter(c);
      const samples = await sampled(c, meter, 2);
      assertCollection(c, samples, 'SampleCollection', c.format === 'json' ? ['timestamp', 'value'] : []);
      for (const each of samples.items()) {
        const { timestamp, value } = {
          timestamp: textOf(each.inner('sample') ?? each, 'timestamp'),
          value: textOf(each.inner('sample') ?? each, 'value'),
        };
        assert.ok(Number.isFinite(Date.parse(timestamp)), timestamp);
        assert.match(value, /^-?\d+(\.\d+)?$/);
      }
      const single = await c.read(idOf(samples.items()[0] ?? samples));
      assertShape(c, single, 'Sample');
      assert.equal(c.operation(samples, 'add'), undefined, 'samples are not added');
    }),
  ]),

  clause('5.17.3.2', 'Meter operations', [
    check('a deleted Meter is no more among those of its target', ['R5.17.3.2-01'], { needs }, async (c) => {
      const { meter, machine } = await makeMeter(c);
      assert.ok((await metersOf(c, await c.read(idOf(machine)))).includes(idOf(meter)));
      await removed(c, idOf(meter));
      assert.ok(!(await metersOf(c, await c.read(idOf(machine)))).includes(idOf(meter)));
    }),
    check(
      'stop and start are offered by turns and taken with the published Action body (D078)',
      ['R5.17.3.2-02', 'R5.17.3.2-04', 'R5.17.3.2-05', 'R5.17.3.2-07'],
      { needs },
      async (c) => {
        const { meter } = await makeMeter(c);
        const offers = (value: Value) => ['start', 'stop'].filter((name) => c.operation(value, name) !== undefined);
        let now = meter;
        for (let turn = 0; turn < 3; turn++) {
          const [name, more] = offers(now);
          assert.ok(name !== undefined && more === undefined, `start or stop, not ${offers(now).join(' and ') || 'neither'}`);
          await c.done(await c.act(now, name));
          now = await c.read(idOf(meter));
          assert.deepEqual(offers(now), [name === 'start' ? 'stop' : 'start']);
        }
      },
    ),
    check('records after start, and not after stop', ['R5.17.3.2-03', 'R5.17.3.2-06'], { needs }, async (c) => {
      const { meter } = await makeMeter(c);
      await sampled(c, meter);
      await c.done(await c.act(await c.read(idOf(meter)), 'stop'));
      const stopped = Date.now();
      const witness = await makeMeter(c);
      await sampled(c, witness.meter, 3);
      const last = () => c.follow(meter, 'samples').then((samples) => Math.max(...times(samples)));
      assert.ok((await last()) <= stopped, 'nothing is recorded once it is stopped');
      await c.done(await c.act(await c.read(idOf(meter)), 'start'));
      await c.session.until('a sample after the start', async () => ((await last()) > stopped ? true : undefined));
    }),
  ]),

  clause('5.17.4', 'MeterCollection Resource', [
    check('is serialized as published, its items whole', ['R5.17.4-01'], { needs }, async (c) => {
      const { machine } = await makeMeter(c);
      assertCollection(c, await c.collection('meters'), 'MeterCollection', MANDATORY);
      assertCollection(c, await c.follow(await c.read(idOf(machine)), 'meters'), 'MachineMeterCollection', MANDATORY);
    }),
  ]),

  clause('5.17.4.1', 'MeterCollection operations', [
    check('a Meter is made from a MeterTemplate only', ['R5.17.4.1-01'], { needs }, async (c) => {
      const config = await configFor(c, 'Machine');
      await c.fails(async () => c.post(await c.addUri('meters'), 'MeterCreate', { name: 'none' }));
      await c.fails(async () => c.post(await c.addUri('meters'), 'MeterCreate', { name: 'none', meterConfig: { href: idOf(config) } }));
    }),
    check('a Meter of the global Collection is in that of its target too', ['R5.17.4.1-02'], { needs }, async (c) => {
      const { meter, machine } = await makeMeter(c);
      assert.ok((await c.items('meters')).some((each) => idOf(each) === idOf(meter)));
      assert.ok((await metersOf(c, await c.read(idOf(machine)))).includes(idOf(meter)));
    }),
    check('a Meter is made of a configuration by value where that is announced', ['R5.11.2-56', 'R5.11.2-57'], { needs }, async (c) => {
      if (!c.can('Meter/MeterConfigByValue')) c.skip('MeterConfigByValue is not announced');
      assert.ok(c.can('Meter/MeterTemplateByValue'), 'they are announced together (D052)');
      const { machine, config } = await makeMeter(c);
      const meter = await c.create('meters', 'MeterCreate', meterCreate(configByValue(config), idOf(machine)));
      assert.equal(meter.text('aspect'), config.text('aspect'));
      assert.ok(associatedTo(config).length > 0);
    }),
  ]),
];
