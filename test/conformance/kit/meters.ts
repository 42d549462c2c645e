import { type Content, list } from './body';
import type { Context } from './context';
import { freshName, idOf, readOnlyMachine } from './ingredients';
import { typeUri } from './parts';
import type { Value } from './value';

/** Throw-away Meters of what a provider measures, found by its MeterConfigurations. */

const ASPECT = 'http://schemas.dmtf.org/cimi/1/aspect/';
export const aspectUri = (name: string): string => ASPECT + name;

/** Types that a MeterConfiguration is for. */
export const associatedTo = (config: Value): string[] =>
  config.list('associatedTo', 'associatedTo').map((each) => each.text('href') ?? each.own() ?? '');

/** A MeterConfiguration of the provider for a type, of points. @throws Skip where there is none */
export async function configFor(c: Context, type: string): Promise<Value> {
  const found = (await c.items('meterConfigs')).find(
    (each) => associatedTo(each).includes(typeUri(type)) && each.text('timeScope') === 'Point' && c.operation(each, 'delete') === undefined,
  );
  return found ?? c.skip(`nothing is measured of a ${type} here`);
}

/** The attributes of a MeterConfiguration, to be given by value. */
export function configByValue(config: Value, more: Content = {}): Content {
  return {
    associatedTo: list(
      'associatedTo',
      associatedTo(config).map((href) => ({ href })),
    ),
    aspect: config.text('aspect'),
    units: config.text('units'),
    sampleInterval: Number(config.text('sampleInterval')),
    timeScope: 'Point',
    isContinuous: config.text('isContinuous') === 'true',
    ...more,
  };
}

/** Content of a MeterCreate; without a target for a resource's own Collection. */
export function meterCreate(config: Content, target?: string): Content {
  const targetResource = target === undefined ? {} : { targetResource: { href: target } };
  return { name: freshName('meter'), meterTemplate: { ...targetResource, meterConfig: config } };
}

/** A Meter of a Machine: made at the entry point. */
export async function makeMeter(c: Context, machine?: Value, more: Content = {}): Promise<{ meter: Value; machine: Value; config: Value }> {
  const config = await configFor(c, 'Machine');
  const on = machine ?? (await readOnlyMachine(c));
  const meter = await c.create('meters', 'MeterCreate', meterCreate({ href: idOf(config), ...more }, idOf(on)));
  return { meter, machine: on, config };
}

/** URIs of the Meters in a resource's own Collection. */
export async function metersOf(c: Context, owner: Value): Promise<string[]> {
  return (await c.follow(owner, 'meters')).items().map(idOf);
}

/** Distance up to which a check waits for a sample, in s. */
const PATIENT_S = 10;

/** Waits until a Meter has so many samples. @throws Skip where they come too seldom */
export async function sampled(c: Context, meter: Value, count = 1): Promise<Value> {
  if (Number(meter.text('sampleInterval')) > PATIENT_S) c.skip(`samples come only every ${meter.text('sampleInterval') ?? ''} s here`);
  return c.until(meter.href('samples') ?? '', `${count} samples`, (value) => value.items().length >= count);
}
