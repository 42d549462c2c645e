import { any, CIMI, ref, string, uri, type Attributes } from './define';
import type { Severity } from './event';

/** Base of the event types that the standard defines (Table 57). */
export const EVENT = `${CIMI}/event/`;
/** Types of Table 57 by their relative URI. */
export const EVENT_TYPES = { state: `${EVENT}state`, alarm: `${EVENT}alarm`, model: `${EVENT}model`, access: `${EVENT}access` } as const;
/** Base of the types whose content is a CADF event (Table 57, D075). */
export const AUDIT = 'http://schemas.dmtf.org/cloud/audit/1.0/';
/** Type of the events with CADF's content that the gateway tells (DSP0262). */
export const CADF_EVENT = `${AUDIT}event`;

/** Changes that a model event tells of (Table 57). */
export const CHANGES = ['create', 'update', 'delete'] as const;
export type EventChange = (typeof CHANGES)[number];

/** The last word of a URI: of an event's type, of an action. */
export function wordOf(uri: string): string {
  return uri.slice(uri.lastIndexOf('/') + 1);
}

/** Tells whether events of the type are evidence: nobody takes them away but retention. */
export function isEvidence(type: string): boolean {
  return type === EVENT_TYPES.access || type.startsWith(AUDIT);
}

/** Type of events: its URI decides what their content is (5.17.13). */
export interface EventType {
  /** Last word of the URI. */
  name: string;
  uri: string;
  /** Namespace of the elements of its content in XML. */
  namespace: string;
  description: string;
  /** Attributes that its content holds, in order. `resource` and `resType` are laid in when an event is told. */
  content: Attributes;
  /** Severity where an event has none of its own. */
  severity?: Severity | undefined;
  /** Outcomes beside those of Table 56; they are there for all events of the type. */
  outcomes?: readonly string[] | undefined;
}

const always = { provider: 'mandatory immutable', consumer: 'mandatory read-only' } as const;
const sometimes = { provider: 'optional immutable', consumer: 'optional read-only' } as const;
const about = { resName: string(sometimes), resource: ref('*', always), resType: uri(sometimes) };

const ofStandard = (name: keyof typeof EVENT_TYPES, more: Pick<EventType, 'description' | 'content' | 'severity'>): EventType => ({
  ...{ name, uri: EVENT_TYPES[name], namespace: CIMI },
  ...more,
});

/** Event types of the standard (Table 57), but for those of CADF. */
export const standardEventTypes: readonly EventType[] = [
  ofStandard('state', {
    description: 'The state of a resource, or a change of it.',
    content: { ...about, state: string(always), previous: string(sometimes) },
    severity: 'low',
  }),
  ofStandard('alarm', {
    description: 'An error, or something else that somebody should act on.',
    content: { ...about, code: string(always), detail: any(sometimes) },
  }),
  ofStandard('model', {
    description: 'A change of the model: what was created, updated or deleted.',
    content: { ...about, change: string({ ...always, values: CHANGES }), detail: any(sometimes) },
  }),
  ofStandard('access', {
    description: 'A request to a resource.',
    content: { operation: string(always), resource: ref('*', always), detail: any(sometimes), initiator: any(sometimes) },
  }),
];

/** Content of an own type: the resource that an event is about, and what the type declares. */
export function ownContent(declared: Attributes): Attributes {
  return { resource: ref('*', always), ...declared };
}
