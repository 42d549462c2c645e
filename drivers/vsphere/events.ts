import type { CallContext, Events, ProviderEvent } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import type { Wire } from './client';
import { aboutOf, COLOURS, raised } from './alarms';
import { isA, type Ref, type Typed } from './types';

type Meaning = Pick<ProviderEvent, 'kind' | 'state' | 'change' | 'severity'>;

const state = (to: string): Meaning => ({ kind: 'state', state: to, severity: 'low' });
const model = (change: ProviderEvent['change']): Meaning => ({ kind: 'model', change, severity: 'low' });
const alarm = (severity: ProviderEvent['severity']): Meaning => ({ kind: 'alarm', severity });

/** Events that are told, by vSphere's name for their type (a subtype has a line of its own), and what each means. */
export const MEANINGS: Readonly<Record<string, Meaning>> = {
  VmPoweredOnEvent: state('STARTED'),
  DrsVmPoweredOnEvent: state('STARTED'),
  VmPoweredOffEvent: state('STOPPED'),
  VmSuspendedEvent: state('SUSPENDED'),
  VmCreatedEvent: model('create'),
  VmClonedEvent: model('create'),
  VmDeployedEvent: model('create'),
  VmRegisteredEvent: model('create'),
  VmReconfiguredEvent: model('update'),
  VmRenamedEvent: model('update'),
  VmMigratedEvent: model('update'),
  DrsVmMigratedEvent: model('update'),
  VmRelocatedEvent: model('update'),
  VmRemovedEvent: model('delete'),
  DVPortgroupCreatedEvent: model('create'),
  DVPortgroupReconfiguredEvent: model('update'),
  DVPortgroupRenamedEvent: model('update'),
  DVPortgroupDestroyedEvent: model('delete'),
  AlarmStatusChangedEvent: alarm('medium'),
  VmFailedToPowerOnEvent: alarm('high'),
  VmFailedToPowerOffEvent: alarm('high'),
  VmFailedToSuspendEvent: alarm('high'),
  VmFailedMigrateEvent: alarm('medium'),
  VmFailoverFailed: alarm('critical'),
  VmRestartedOnAlternateHostEvent: alarm('high'),
  VmDasBeingResetEvent: alarm('high'),
  VmDasResetFailedEvent: alarm('critical'),
  VmDisconnectedEvent: alarm('high'),
  VmOrphanedEvent: alarm('critical'),
  VmMessageErrorEvent: alarm('high'),
  VmMessageWarningEvent: alarm('medium'),
  HostConnectionLostEvent: alarm('critical'),
  HostDisconnectedEvent: alarm('high'),
  HostShutdownEvent: alarm('high'),
  EnteredMaintenanceModeEvent: alarm('medium'),
};

/** Events in one page, as many as vCenter gives. */
const PAGE = 1_000;
/** Events that are read at one time; what there are more come the next time. */
const MOST = 10_000;

/** Place where the next reading begins: time, in ms since the epoch, and key of the last event told. */
interface Cursor {
  at: number;
  key: number;
}

/** Events of vCenter, from its own history. */
export class VsphereEvents implements Events {
  constructor(private readonly wire: Wire) {}

  /** A collector for each reading: a session has room for 32, and one that is kept is lost with the session. */
  async since(from: Value | undefined, context: CallContext): Promise<{ events: readonly ProviderEvent[]; cursor: Value }> {
    const cursor = cursorOf(from);
    const { eventManager } = await this.wire.service(context);
    if (!eventManager) throw new ProviderError('unsupported', 'this vCenter tells no events', { maybeDone: false });
    if (!cursor) {
      const at = await this.#now(context);
      return { events: await raised(this.wire, context), cursor: { at, key: 0 } };
    }
    const time = { beginTime: new Date(cursor.at).toISOString() };
    const filter = { time, eventTypeId: Object.keys(MEANINGS) };
    const collector = await this.wire.call('CreateCollectorForEvents', eventManager, { filter }, context);
    if (!collector) throw new ProviderError('unavailable', 'vCenter made no collector of events', { maybeDone: false });
    try {
      const told = (await this.#read(collector, context)).filter((event) => isLater(event, cursor));
      told.sort((a, b) => atOf(a) - atOf(b) || keyOf(a) - keyOf(b));
      const last = told.at(-1);
      const next: Cursor = last ? { at: atOf(last), key: keyOf(last) } : cursor;
      return { events: told.flatMap(eventOf), cursor: { at: next.at, key: next.key } };
    } finally {
      await this.#drop(collector);
    }
  }

  async #read(collector: Ref, context: CallContext): Promise<Typed<'Event'>[]> {
    const events: Typed<'Event'>[] = [];
    while (events.length < MOST) {
      const page = (await this.wire.call('ReadNextEvents', collector, { maxCount: PAGE }, context)) ?? [];
      events.push(...page.filter((event) => atOf(event) > 0));
      if (page.length < PAGE) break;
    }
    return events;
  }

  /** The time of vCenter's own clock, which its events have. */
  async #now(context: CallContext): Promise<number> {
    const told = await this.wire.call('CurrentTime', { type: 'ServiceInstance', value: 'ServiceInstance' }, {}, context);
    const now = Date.parse(told ?? '');
    if (Number.isFinite(now)) return now;
    throw new ProviderError('unavailable', 'vCenter does not tell its time', { maybeDone: false });
  }

  /** Drops a collector; one that is not dropped goes with the session. */
  async #drop(collector: Ref): Promise<void> {
    try {
      await this.wire.call('DestroyCollector', collector, {}, { signal: AbortSignal.timeout(5_000) });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
    }
  }
}

const atOf = ({ createdTime }: Typed<'Event'>): number => {
  const at = Date.parse(createdTime ?? '');
  return Number.isFinite(at) ? at : 0;
};
const keyOf = ({ key }: Typed<'Event'>): number => key ?? 0;
const isLater = (event: Typed<'Event'>, { at, key }: Cursor): boolean => atOf(event) > at || (atOf(event) === at && keyOf(event) > key);

function cursorOf(value: Value | undefined): Cursor | undefined {
  if (typeof value !== 'object' || value === null || !('at' in value && 'key' in value)) return undefined;
  const { at, key } = value;
  // The years that a Date can write in four digits.
  if (typeof at !== 'number' || !(at > 0 && at < 253_402_300_800_000) || typeof key !== 'number') return undefined;
  return { at, key };
}

function eventOf(event: Typed<'Event'>): ProviderEvent[] {
  const code = event.$type ?? '';
  const meaning = Object.hasOwn(MEANINGS, code) ? MEANINGS[code] : undefined;
  if (!meaning) return [];
  const status = isA(event, 'AlarmStatusChangedEvent') ? event : undefined;
  const about = status?.entity?.entity ?? event.vm?.vm ?? event.net?.network;
  const words = event.fullFormattedMessage?.trim() ?? '';
  return [
    {
      ...meaning,
      // Keys begin anew where vCenter's database does.
      id: `${keyOf(event)}@${event.createdTime ?? ''}`,
      at: atOf(event),
      code,
      detail: words === '' ? wordsOf(event, code) : words,
      ...aboutOf(about),
      ...(status ? { severity: COLOURS[status.to ?? ''] ?? meaning.severity } : {}),
    },
  ];
}

function wordsOf(event: Typed<'Event'>, code: string): string {
  const name = event.vm?.name ?? event.net?.name;
  if (!isA(event, 'AlarmStatusChangedEvent')) return name === undefined ? code : `${code} of ${name}`;
  return `Alarm '${event.alarm?.name ?? ''}' on ${event.entity?.name ?? name ?? 'vCenter'} changed from ${event.from} to ${event.to}`;
}
