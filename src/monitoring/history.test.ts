import type { ProviderEvent } from '../clouds/monitoring';
import { EVENT_TYPES } from '../model/event-types';
import { untold, type Known, type Recorded } from './history';

const MINUTE = 60_000;
const T0 = Date.UTC(2026, 5, 1);
const entry = (id: string, minute: number, more: Partial<ProviderEvent>): ProviderEvent => ({
  ...{ id, at: T0 + minute * MINUTE, type: 'Machine', key: 'm1', kind: 'model', code: id, detail: id },
  ...more,
});
const turned = (id: string, minute: number, state: string): ProviderEvent => entry(id, minute, { kind: 'state', state });
const recorded = (
  minute: number,
  type: keyof typeof EVENT_TYPES,
  content: Recorded['content'],
  more: Partial<Recorded> = {},
): Recorded => ({
  ...{ type: EVENT_TYPES[type], content, timestamp: new Date(T0 + minute * MINUTE).toISOString() },
  ...more,
});
const state = (minute: number, to: string, more: Partial<Recorded> = {}): Recorded => recorded(minute, 'state', { state: to }, more);
const told = (history: readonly ProviderEvent[], events: readonly Recorded[], more: Partial<Known> = {}): string[] =>
  untold(history, { recorded: events, made: false, ...more }).map(({ event, previous }) =>
    [previous, event.state ?? event.id].filter((part) => part !== undefined).join(' '),
  );

describe('a provider’s history of a resource', () => {
  const history = [entry('create', 0, { change: 'create' }), turned('stop', 10, 'STOPPED'), turned('start', 20, 'STARTED')];

  it('is news where nobody has told anything, each state with the one before', () => {
    expect(told(history, [])).toEqual(['create', 'STOPPED', 'STOPPED STARTED']);
  });

  it('has the state before from the watcher’s look where no event tells it, but not from a later look', () => {
    expect(told(history.slice(1), [], { look: { at: T0 + 5 * MINUTE, state: 'PAUSED' } })).toEqual(['PAUSED STOPPED', 'STOPPED STARTED']);
    expect(told(history.slice(1), [], { look: { at: T0 + 30 * MINUTE, state: 'STARTED' } })).toEqual(['STOPPED', 'STOPPED STARTED']);
  });

  it('is told once: what was recorded of it under its ids is no news, nor what was told before that and deleted', () => {
    const before = [state(20, 'STARTED', { told: { cloud: 'c', id: 'start' } })];
    expect(told([...history, turned('again', 30, 'STOPPED')], before)).toEqual(['STARTED STOPPED']);
  });

  it('leaves out the states that a Job or a look has told at its end', () => {
    expect(told(history, [state(10.5, 'STOPPED', { job: 'j' }), state(21, 'STARTED')])).toEqual(['create']);
  });

  it('takes each event of others for one entry, and none that came after the state had turned again', () => {
    const more = [...history, turned('stop-2', 30, 'STOPPED')];
    expect(told(more, [state(31, 'STOPPED')])).toEqual(['create', 'STOPPED', 'STOPPED STARTED']);
    const quick = [turned('a', 0, 'STOPPED'), turned('b', 0.2, 'STARTED'), turned('c', 0.4, 'STOPPED')];
    expect(told(quick, [state(0.1, 'STOPPED'), state(0.3, 'STARTED')])).toEqual(['STARTED STOPPED']);
  });

  it('tells a restart, which leads to the state that was', () => {
    expect(told([turned('reboot', 5, 'STARTED')], [state(1, 'STARTED')])).toEqual(['STARTED STARTED']);
  });

  it('does not tell the create of what the gateway made, nor one or a delete that was told', () => {
    expect(told(history.slice(0, 1), [], { made: true })).toEqual([]);
    expect(told(history.slice(0, 1), [recorded(90, 'model', { change: 'create' })])).toEqual([]);
    expect(told([entry('delete', 5, { change: 'delete' })], [recorded(90, 'model', { change: 'delete' })])).toEqual([]);
  });

  it('does not tell the changes that a Job made between its beginning and its end', () => {
    const job = [recorded(10, 'model', { change: 'update' }, { job: 'j' }), recorded(15, 'model', { change: 'update' }, { job: 'j' })];
    const changes = [entry('before', 5, {}), entry('resize', 11, {}), entry('confirm', 14, {}), entry('after', 20, {})];
    expect(told(changes, job)).toEqual(['before', 'after']);
  });

  it('does not tell a failure that is an alarm already, but one that nobody has told', () => {
    const failed = entry('resize', 10, { kind: 'alarm' });
    expect(told([failed], [recorded(12, 'alarm', { code: 'quota' }, { severity: 'high', job: 'j' })])).toEqual([]);
    expect(told([failed], [recorded(12, 'alarm', { code: 'invalid' }, { severity: 'low' })])).toEqual(['resize']);
    expect(told([failed], [recorded(90, 'alarm', { code: 'ERROR' }, { severity: 'high' })])).toEqual(['resize']);
  });
});
