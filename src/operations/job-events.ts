import type { Catalogue } from '../model/catalogue';
import { wordOf, type EventChange } from '../model/event-types';
import type { Outcome } from '../model/event';
import type { Value, Values } from '../model/values';
import type { EventRecord } from '../store/event-record';
import type { JobRow, ResourceRow, UnitOfWork } from '../store/store';
import { alarmEvent, modelEvent, stateEvent, type EventSubject } from './events';
import { JOB } from './job';
import { lateCall } from './late-call';
import { lookAgain } from './look-again';
import type { Found } from './resource-handler';

/** Events that the end of a Job leaves behind: the change of the model (N10), the state it led to, the alarm where it failed. */

/** Changes of the model by the last word of an action; what is not among them leaves the model as it is (N9). */
const CHANGES: Readonly<Record<string, EventChange>> = { add: 'create', edit: 'update', delete: 'delete' };

/** Returns the change of the model that an action makes; undefined for start, stop and their like. */
export function changeOf(action: string): EventChange | undefined {
  return CHANGES[wordOf(action)];
}

/** Workflows that look after what others have done: they make no change of their own. */
const LOOKING: readonly string[] = [lateCall.name, lookAgain.name];

/** Member of a Job's input that says in which state its resource was when it was accepted. */
const WAS = 'wasInState';

/** Returns the input of a Job with the state that its resource has now. */
export function withState(input: Values, found: Pick<Found, 'values'> | undefined): Values {
  const state = found?.values.state;
  return typeof state === 'string' ? { ...input, [WAS]: state } : input;
}

/** Makes what records the events of a Job's end, in its last transaction. */
export function endTold(catalogue: Catalogue): (unit: UnitOfWork, ended: JobRow, was: JobRow) => Promise<void> {
  return async (unit, ended, was) => {
    const path = pathOf(was);
    const type = catalogue.locate(path)?.type;
    if (type === undefined || type === JOB) return;
    const row = await unit.resource(path);
    const begun = await unit.eventOfJob({ tenant: was.tenant, resource: path, job: was.id });
    const name = row?.values.name ?? begun?.content.resName;
    const subject = { tenant: was.tenant, path, type, name };
    for (const event of endEvents({ ended, was, subject, row, detail: begun?.content.detail })) await unit.recordEvent(event);
  };
}

/** Returns the path of what a Job is about: what it makes, or its target. */
function pathOf({ input, target }: JobRow): string {
  const path = isObject(input) ? input.path : undefined;
  return typeof path === 'string' ? path : target;
}

interface Ended {
  ended: Pick<JobRow, 'id' | 'state' | 'action' | 'statusMessage' | 'failure' | 'workflow'>;
  was: Pick<JobRow, 'input'>;
  subject: EventSubject;
  /** Row of the resource as it is at the end. */
  row: Pick<ResourceRow, 'state' | 'providerKey'> | undefined;
  /** Detail of the event that its acceptance left. */
  detail: Value | undefined;
}

/** Makes the events of a Job's end. */
export function endEvents({ ended, was, subject, row, detail }: Ended): EventRecord[] {
  const { id: job, state, failure, statusMessage } = ended;
  const events: EventRecord[] = [];
  const looks = LOOKING.includes(ended.workflow ?? '');
  const change = looks ? undefined : changeOf(ended.action);
  const outcome: Outcome = state === 'SUCCESS' ? 'Success' : 'Failure';
  if (change) events.push(modelEvent(subject, change, { job, outcome, detail: typeof detail === 'string' ? detail : undefined }));
  const now = looks ? undefined : stateAfter(ended, was.input, row);
  const previous = isObject(was.input) && typeof was.input[WAS] === 'string' ? was.input[WAS] : undefined;
  if (now !== undefined && now !== previous) events.push(stateEvent(subject, now, { job, previous }));
  if (state === 'FAILED')
    events.push(alarmEvent(subject, failure?.kind ?? 'internal', { job, detail: statusMessage, severity: 'high', outcome: 'Failure' }));
  return events;
}

/** Returns the state that a Job is known to have led to: the one it waited for, or that of what never came to be. */
function stateAfter({ state }: Ended['ended'], input: Value | null, row: Ended['row']): string | undefined {
  if (!row) return undefined;
  if (row.state === 'ERROR') return row.state;
  if (state !== 'SUCCESS' || !isObject(input)) return undefined;
  const { calls, goal } = input;
  const last: unknown = Array.isArray(calls) ? calls.at(-1) : undefined;
  const goals = isObject(last) ? last.goal : goal;
  const [only, ...others] = Array.isArray(goals) ? goals : [];
  return typeof only === 'string' && others.length === 0 ? only : undefined;
}

function isObject(value: unknown): value is { readonly [key: string]: Value | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
