import { assert } from './assert';
import type { Content } from './body';
import type { Context } from './context';
import { freshName, idOf } from './ingredients';
import type { Value } from './value';

const shown = (value: Value, name: string): string | undefined => value.text(name) ?? value.href(name);

/**
 * Asserts a table's access constraints (5.4): a partial update changes what the Consumer may write (`writes`, and always the
 * description), and ignores what it may only read (`ignored`, with other values than the resource has).
 */
export async function assertAccess(c: Context, uri: string, type: string, ignored: Content, writes: Content = {}): Promise<void> {
  if (!c.can('CloudEntryPoint/SelectParameter')) c.skip('updates in part are not announced');
  const before = await c.read(uri);
  const changes = { description: freshName('changed'), ...writes };
  const query = { $select: Object.keys(changes).join(',') };
  await c.done(await c.put(c.offered(before, 'edit'), type, { ...changes, ...ignored }, { query }));
  const after = await c.read(uri);
  for (const [name, value] of Object.entries(changes))
    if (typeof value !== 'object') assert.equal(after.text(name), String(value), `${type}.${name} of ${idOf(after)} was not changed`);
  for (const name of Object.keys(ignored)) {
    const same = [shown(before, name), shown(after, name)];
    assert.equal(same[1], same[0], `${type}.${name} is read-only, and a request has changed it`);
  }
}
