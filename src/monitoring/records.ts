import type { Cloud } from '../clouds/cloud';
import type { ProviderError } from '../clouds/errors';
import type { ProviderEvent } from '../clouds/monitoring';
import { entryPath } from '../model/cloud-path';
import { alarmEvent, modelEvent, stateEvent, type EventSubject } from '../operations/events';
import type { EventRecord } from '../store/event-record';
import type { AvailabilityNews } from './availability';
import type { Change } from './news';

/** Events of what a watcher finds. */

/** State in which somebody should look at a resource. */
const TROUBLE = 'ERROR';

/** Makes the events of a change that was seen; a resource that fails by itself is an alarm as well, with the provider's reason. */
export function recordsOf({ what, ...subject }: Change, cloud: Pick<Cloud, 'name'>): EventRecord[] {
  if (what === 'create') return [modelEvent(subject, what, { detail: `appeared in ${cloud.name}, not made through this gateway` })];
  if (what === 'delete') return [modelEvent(subject, what, { detail: `gone from ${cloud.name}, not deleted through this gateway` })];
  const { state, previous, reason } = what;
  if (state !== TROUBLE) return [stateEvent(subject, state, { previous })];
  const detail = reason ?? `${cloud.name} gives no reason`;
  return [stateEvent(subject, state, { previous }), alarmEvent(subject, TROUBLE, { detail, severity: 'high', outcome: 'Failure' })];
}

/** Makes the event of something that the provider told; told again, it is not recorded again. */
export function recordOf(event: ProviderEvent, subject: EventSubject, cloud: Pick<Cloud, 'key'>, previous?: string): EventRecord {
  const { at, code, detail, severity } = event;
  const facts = { at, told: { cloud: cloud.key, id: event.id } };
  if (event.kind === 'state' && event.state !== undefined)
    return stateEvent(subject, event.state, { ...facts, previous, ...(severity && { severity }) });
  if (event.kind === 'model') return modelEvent(subject, event.change ?? 'update', { ...facts, detail: worded(code, detail) });
  return alarmEvent(subject, code, { ...facts, detail, severity: severity ?? 'medium' });
}

/** Makes the subject of what is told of a cloud as a whole: its own entry point. */
export function cloudSubject({ key, name }: Pick<Cloud, 'key' | 'name'>, tenant: string): EventSubject {
  return { tenant, path: entryPath(key, 'cloudEntryPoint'), type: 'CloudEntryPoint', name };
}

/** Makes the events, one for each tenant that may use it, of a cloud that went away, in whole or in part (why), or came back. */
export function availabilityRecords(
  cloud: Pick<Cloud, 'key' | 'name' | 'tenants'>,
  told: AvailabilityNews,
  error: ProviderError | undefined,
): EventRecord[] {
  const { name } = cloud;
  const [words, severity] = told === 'away' ? (['does not answer', 'critical'] as const) : (['answers in part', 'high'] as const);
  return cloud.tenants.map((tenant) => {
    const subject = cloudSubject(cloud, tenant);
    return told !== 'back' && error
      ? alarmEvent(subject, error.kind, { detail: `${name} ${words}: ${error.message}`, severity, outcome: OUTCOMES[told] })
      : alarmEvent(subject, 'available', { detail: `${name} answers again`, severity: 'low', outcome: 'Success' });
  });
}

const OUTCOMES = { away: 'Failure', degraded: 'Warning' } as const;

function worded(code: string, detail: string): string {
  return detail === '' ? code : `${code}: ${detail}`;
}
