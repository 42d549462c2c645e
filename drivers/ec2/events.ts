import { DescribeInstanceStatusCommand, type InstanceStatus } from '@aws-sdk/client-ec2';
import type { CallContext, Events, ProviderEvent } from '../../src/clouds/driver';
import type { Value } from '../../src/model/values';
import type { Wire } from './client';
import { aftermathOf, alarmsOf } from './status-events';

/**
 * Alarms about instances: what EC2 plans for them (reboots, retirements, maintenance), and which of its checks they do not pass. EC2 tells all that
 * is so now, and no history: the cursor is the list of ids that were told and are still so.
 */
export class Ec2Events implements Events {
  constructor(private readonly wire: Wire) {}

  async since(cursor: Value | undefined, context: CallContext): Promise<{ events: readonly ProviderEvent[]; cursor: Value }> {
    const told = toldIn(cursor);
    const statuses = await statusesOf(this.wire, context);
    const now = Date.now();
    const alarms = [...statuses.values()].flatMap((status) => alarmsOf(status, now));
    const current = new Set(alarms.map(({ event }) => event.id));
    // What was over before anybody looked is no news.
    const fresh = alarms.filter(({ event, pending }) => (told ? !told.has(event.id) : pending)).map(({ event }) => event);
    const waiting: string[] = [];
    for (const id of told ?? []) {
      if (current.has(id)) continue;
      const aftermath = aftermathOf(id, statuses, now);
      if (aftermath.kind === 'unknown') waiting.push(id);
      if (aftermath.kind === 'passing') fresh.push(aftermath.event);
    }
    return { events: fresh.sort((a, b) => a.at - b.at), cursor: [...current, ...waiting] };
  }
}

/** Statuses of all instances by their ids, of those too that do not run: a stopped one may be about to be retired. */
async function statusesOf(wire: Wire, context: CallContext): Promise<Map<string, InstanceStatus>> {
  const { pageSize } = wire.options;
  const all = new Map<string, InstanceStatus>();
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeInstanceStatusCommand({ IncludeAllInstances: true, MaxResults: pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) {
    for (const status of wire.keyed('instance', page.InstanceStatuses, ({ InstanceId }) => InstanceId))
      all.set(status.InstanceId ?? '', status);
  }
  return all;
}

/** The ids in a cursor; undefined where there is none that can be read. */
function toldIn(cursor: Value | undefined): ReadonlySet<string> | undefined {
  if (!Array.isArray(cursor)) return undefined;
  return new Set(cursor.filter((id) => typeof id === 'string'));
}
