import type { Outcome, Severity } from '../model/event';
import { EVENT_TYPES, type EventChange } from '../model/event-types';
import type { Value, Values } from '../model/values';
import type { EventRecord } from '../store/event-record';
import type { ResourcePath, ResourceRow } from '../store/store';

/**
 * Events as they are recorded (5.17.13): `unit.recordEvent(stateEvent(subjectOf(row), 'STOPPED', { previous: 'STARTED' }))`. Each
 * function makes the record of one type of Table 57; the reference to the resource and its type are laid into the content when it is
 * told. Nothing secret goes into any of them.
 */

/** Resource that an event tells of. */
export interface EventSubject {
  tenant: string;
  path: ResourcePath;
  /** Name of its type. */
  type: string;
  /** Name of the resource, where known (resName). */
  name?: Value | undefined;
}

/** Facts that any event may come with. */
export interface EventFacts {
  /** Time of the occurrence, in ms since the epoch; absent: now. */
  at?: number | undefined;
  /** Id of the Job that it comes of. */
  job?: string | undefined;
  /** Cloud and the provider's own name for the event: told again, it is not recorded again. */
  told?: { cloud: string; id: string } | undefined;
  /** Contact point to handle it: an address, a telephone number, a URL. */
  contact?: string | undefined;
  severity?: Severity | undefined;
  outcome?: Outcome | undefined;
}

/** The same with an outcome of the type's own, where it has any. */
type Facts = Omit<EventFacts, 'outcome'> & { outcome?: string | undefined };

/** Makes the subject of events about a stored resource. */
export function subjectOf({ tenant, path, type, values }: Pick<ResourceRow, 'tenant' | 'path' | 'type' | 'values'>): EventSubject {
  return { tenant, path, type, name: values.name };
}

/**
 * Makes the record of a change of the model (N9, N10): it is Pending until its Job has ended, which a second one tells. It has no
 * severity.
 */
export function modelEvent(
  subject: EventSubject,
  change: EventChange,
  { detail, ...facts }: EventFacts & { detail?: string | undefined } = {},
): EventRecord {
  return record(EVENT_TYPES.model, subject, { resName: nameOf(subject), change, detail }, { outcome: 'Success', ...facts });
}

/**
 * Makes the record of a resource's state, or of the change of it; of low severity.
 * @param state the state at this very moment (5.17.13)
 */
export function stateEvent(
  subject: EventSubject,
  state: string,
  { previous, ...facts }: EventFacts & { previous?: string | undefined } = {},
): EventRecord {
  return record(
    EVENT_TYPES.state,
    subject,
    { resName: nameOf(subject), state, previous },
    { outcome: 'Status', severity: 'low', ...facts },
  );
}

/**
 * Makes the record of an error, or of something to be acted on.
 * @param code short word for its kind: an error kind, or the provider's name of it
 */
export function alarmEvent(
  subject: EventSubject,
  code: string,
  { detail, ...facts }: EventFacts & { detail?: string | undefined; severity: Severity },
): EventRecord {
  return record(EVENT_TYPES.alarm, subject, { resName: nameOf(subject), code, detail }, { outcome: 'Warning', ...facts });
}

/**
 * Makes the record of a request; it has no severity, unless somebody gives it one.
 * @param operation the request's HTTP method
 */
export function accessEvent(
  subject: EventSubject,
  operation: string,
  { detail, initiator, ...facts }: EventFacts & { detail?: string | undefined; initiator?: string | undefined; outcome: Outcome },
): EventRecord {
  return record(EVENT_TYPES.access, subject, { operation, detail, initiator }, facts);
}

/** Makes the record of an event of one's own type (5.17.13: providers may add types). */
export function ownEvent(type: string, subject: EventSubject, content: Values, facts: Facts & { outcome: string }): EventRecord {
  return record(type, subject, content, facts);
}

function record(type: string, subject: EventSubject, content: Values, facts: Facts): EventRecord {
  const { at, job, told, contact, severity, outcome = 'Unknown' } = facts;
  return {
    tenant: subject.tenant,
    resource: subject.path,
    resourceType: subject.type,
    type,
    content: Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined)),
    outcome,
    ...(severity === undefined ? {} : { severity }),
    ...(contact === undefined ? {} : { contact }),
    ...(job === undefined ? {} : { job }),
    ...(at === undefined ? {} : { at }),
    ...(told === undefined ? {} : { told }),
  };
}

function nameOf({ name }: EventSubject): string | undefined {
  return typeof name === 'string' && name !== '' ? name : undefined;
}
