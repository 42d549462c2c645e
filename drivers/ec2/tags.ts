import { CreateTagsCommand, DeleteTagsCommand, DescribeTagsCommand } from '@aws-sdk/client-ec2';
import type { CallContext, Naming } from '../../src/clouds/driver';
import type { Wire } from './client';
import { holds, isNamingTag, namingTags, tagList, type Tags } from './naming';

/** Tags of one resource: one call. */
async function readTags(wire: Wire, id: string, context: CallContext): Promise<Tags> {
  const tags: Record<string, string> = {};
  for await (const page of wire.pages((NextToken) =>
    wire.send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [id] }], MaxResults: 1000, NextToken }), context),
  )) {
    for (const tag of page.Tags ?? []) if (tag.Key !== undefined) tags[tag.Key] = tag.Value ?? '';
  }
  return tags;
}

/** Takes tags away, whatever their values. */
export async function eraseTags(wire: Wire, ids: readonly string[], keys: readonly string[], context: CallContext): Promise<void> {
  await wire.send(new DeleteTagsCommand({ Resources: [...ids], Tags: keys.map((Key) => ({ Key })) }), context);
}

/** Adds tags, or changes their values. */
export async function writeTags(wire: Wire, ids: readonly string[], tags: Tags, context: CallContext): Promise<void> {
  await wire.send(new CreateTagsCommand({ Resources: [...ids], Tags: tagList(tags) }), context);
}

/**
 * Makes a resource's naming tags what `naming` says, touching nobody else's. One read and at most two writes;
 * stale tags go first, so that the limit of 50 is not met on the way.
 */
export async function renameTags(wire: Wire, id: string, naming: Naming, context: CallContext): Promise<void> {
  const wanted = namingTags(holds(naming, wire.maxProperties));
  const present = await readTags(wire, id, context);
  const stale = Object.keys(present).filter((key) => isNamingTag(key) && !Object.hasOwn(wanted, key));
  const changed = Object.entries(wanted).filter(([key, value]) => present[key] !== value);
  if (stale.length > 0) await eraseTags(wire, [id], stale, context);
  if (changed.length > 0) await writeTags(wire, [id], Object.fromEntries(changed), context);
}
