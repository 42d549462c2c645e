import assert from 'node:assert/strict';
import type { Content } from './body';
import type { Context } from './context';
import type { Value } from './value';

/** Ways to make throw-away resources of what a provider offers, found by listing. */

const reference = (value: Value): Content => ({ href: idOf(value) });

/** A resource's own URI. */
export function idOf(value: Value): string {
  const id = value.text('id');
  assert.ok(id, `${value.resourceURI ?? 'the value'} has no id`);
  return id;
}

/** The item that the caller of the suite chose for a collection (`--choose machineImages=NAME`), else the first by `order`. */
async function chosen(c: Context, attribute: string, usable: (value: Value) => boolean, order: (value: Value) => number): Promise<Value> {
  const items = await c.items(attribute);
  const name = c.session.choose[attribute];
  const found =
    name === undefined
      ? [...items].filter(usable).sort((a, b) => order(a) - order(b))[0]
      : items.find((item) => item.text('name') === name);
  return found ?? c.skip(name === undefined ? `${attribute} holds nothing that can be used` : `${attribute} holds no ${name}`);
}

const number = (value: Value, name: string): number => Number(value.text(name) ?? 0);

/** References that make a small Machine: `machineConfig` and `machineImage`. Found once. */
export function machineParts(c: Context): Promise<{ machineConfig: Content; machineImage: Content }> {
  return c.shared('machine parts', async (s) => ({
    machineConfig: reference(
      await chosen(
        s,
        'machineConfigs',
        (config) => number(config, 'cpu') > 0,
        (config) => number(config, 'memory') * 100 + number(config, 'cpu'),
      ),
    ),
    machineImage: reference(
      await chosen(
        s,
        'machineImages',
        (image) => image.text('state') === 'AVAILABLE',
        () => 0,
      ),
    ),
  }));
}

/** A name that nothing else has. */
export function freshName(prefix = 'conformance'): string {
  return `${prefix}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Content of a MachineCreate; `template` is added to its template, `more` beside it. */
export async function machineCreate(c: Context, more: Content = {}, template: Content = {}): Promise<Content> {
  return { name: freshName('machine'), ...more, machineTemplate: { ...template, ...(await machineParts(c)), ...template } };
}

const STEADY = ['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED', 'ERROR'];

/** A throw-away Machine in the state that the provider brings it to. */
export async function makeMachine(c: Context, more: Content = {}, template: Content = {}): Promise<Value> {
  const uri = await c.createUri('machines', 'MachineCreate', await machineCreate(c, more, template));
  return c.untilState(uri, ...STEADY);
}

/** A Machine that every check may read but none may change; made once. */
export async function readOnlyMachine(c: Context): Promise<Value> {
  return c.read(
    await c.shared('machine to read', async (s) =>
      idOf(await makeMachine(s, { description: 'to be read', properties: { Owner: 'conformance' } })),
    ),
  );
}

/** Content of a VolumeCreate of the smallest configuration that the provider lists, else of 1 GB by value. */
export async function volumeCreate(c: Context, more: Content = {}): Promise<Content> {
  const volumeConfig = await c.shared('volume parts', async (s): Promise<Content> => {
    const name = s.session.choose.volumeConfigs;
    const all = s.entry.has('volumeConfigs') ? await s.items('volumeConfigs') : [];
    // What a Consumer made, he may delete at any time.
    const own = all.filter((each) => (name === undefined ? s.operation(each, 'delete') === undefined : each.text('name') === name));
    const [smallest] = own.sort((a, b) => number(a, 'capacity') - number(b, 'capacity'));
    if (smallest) return reference(smallest);
    return name === undefined ? { capacity: 1_000_000 } : s.skip(`volumeConfigs holds no ${name}`);
  });
  return { name: freshName('volume'), ...more, volumeTemplate: { volumeConfig } };
}

/** A throw-away Volume that is AVAILABLE. */
export async function makeVolume(c: Context, more: Content = {}): Promise<Value> {
  const uri = await c.createUri('volumes', 'VolumeCreate', await volumeCreate(c, more));
  return c.untilState(uri, 'AVAILABLE');
}

/** A type that Volumes have here: one that ResourceMetadata names, else that of a VolumeConfiguration or of a Volume. @throws Skip */
export async function volumeType(c: Context): Promise<string> {
  const attributes = c.session.metadataOf('VolumeConfiguration')?.list('attributes', 'attribute') ?? [];
  const [named] = attributes.find((each) => each.text('name') === 'type')?.texts('values', 'value') ?? [];
  const of = (items: Value[]): string | undefined => items.map((each) => each.text('type')).find((type) => type !== undefined);
  const seen = named ?? of(await c.items('volumeConfigs')) ?? of(await c.items('volumes'));
  return seen ?? of([await makeVolume(c)]) ?? c.skip('nothing tells what types of Volumes there are');
}
