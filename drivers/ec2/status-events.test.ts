import type { InstanceStatus } from '@aws-sdk/client-ec2';
import { aftermathOf, alarmsOf } from './status-events';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const NotBefore = new Date('2026-12-05T10:00:00Z');
const NotAfter = new Date('2026-12-05T12:00:00Z');
const plan = (more: object = {}): InstanceStatus => ({
  InstanceId: 'i-1',
  Events: [{ InstanceEventId: 'instance-event-1', Code: 'system-reboot', Description: 'scheduled reboot', NotBefore, NotAfter, ...more }],
});
const first = (status: InstanceStatus) => alarmsOf(status, NOW)[0];

describe('what EC2 plans', () => {
  test('is an alarm of the machine, with its times', () => {
    expect(first(plan())).toEqual({
      pending: true,
      event: {
        id: 'instance-event-1/2026-12-05T10:00:00.000Z',
        at: NOW,
        type: 'Machine',
        key: 'i-1',
        kind: 'alarm',
        code: 'system-reboot',
        detail: 'EC2 plans system-reboot; not before 2026-12-05T10:00:00.000Z; not after 2026-12-05T12:00:00.000Z; scheduled reboot',
        severity: 'high',
      },
    });
  });

  test.each([
    ['instance-retirement', 'critical'],
    ['instance-stop', 'critical'],
    ['system-maintenance', 'medium'],
    ['a-code-of-tomorrow', 'high'],
    ['toString', 'high'],
  ])('%s is %s', (Code, severity) => {
    expect(first(plan({ Code }))?.event).toMatchObject({ code: Code, severity });
  });

  test('is another event when it is put off, and another one when it is over', () => {
    const ids = [plan(), plan({ NotBefore: new Date('2026-12-06T10:00:00Z') }), plan({ Description: '[Completed] scheduled reboot' })].map(
      (status) => first(status)?.event.id,
    );
    expect(new Set(ids).size).toBe(3);
    expect(first(plan({ Description: '[Canceled] scheduled reboot' }))).toMatchObject({
      pending: false,
      event: { severity: 'low', detail: expect.stringContaining("EC2's system-reboot is canceled") as string },
    });
  });

  test('is told with nothing but a code, and without an instance not at all', () => {
    expect(first({ InstanceId: 'i-1', Events: [{ Code: 'instance-stop' }] })?.event).toMatchObject({ id: 'i-1/instance-stop/planned' });
    expect(alarmsOf({ Events: [{ Code: 'instance-stop' }] }, NOW)).toEqual([]);
  });
});

describe('checks', () => {
  const ImpairedSince = new Date('2026-11-30T11:00:00Z');
  const status = (Status: string): InstanceStatus => ({
    InstanceId: 'i-1',
    SystemStatus: {
      Status: Status as 'ok',
      ...(Status === 'impaired' ? { Details: [{ Name: 'reachability', Status: 'failed', ImpairedSince }] } : {}),
    },
    InstanceStatus: { Status: 'ok' },
  });
  const ID = 'i-1/system-status/2026-11-30T11:00:00.000Z';
  const aftermath = (Status: string) => aftermathOf(ID, new Map([['i-1', status(Status)]]), NOW);

  test('that are not passed are an alarm, since when EC2 says', () => {
    expect(alarmsOf(status('impaired'), NOW)).toMatchObject([
      {
        pending: true,
        event: { id: ID, at: ImpairedSince.getTime(), key: 'i-1', code: 'system-status-impaired', severity: 'critical' },
      },
    ]);
    for (const fine of ['ok', 'initializing', 'insufficient-data', 'not-applicable']) expect(alarmsOf(status(fine), NOW)).toEqual([]);
  });

  test('that are passed again are told; a stopped or vanished instance passes none', () => {
    expect(aftermath('ok')).toMatchObject({ kind: 'passing', event: { id: `${ID}/ok`, code: 'system-status-ok', severity: 'low' } });
    expect(aftermath('initializing')).toEqual({ kind: 'unknown' });
    expect(aftermath('not-applicable')).toEqual({ kind: 'nothing' });
    expect(aftermathOf(ID, new Map(), NOW)).toEqual({ kind: 'nothing' });
    expect(aftermathOf('instance-event-1/canceled', new Map(), NOW)).toEqual({ kind: 'nothing' });
  });
});
