import type { EbsStatusSummary, InstanceStatus, InstanceStatusEvent, InstanceStatusSummary } from '@aws-sdk/client-ec2';
import type { ProviderEvent } from '../../src/clouds/driver';

/** Pure part of the events: what EC2 tells of its instances, as alarms. */

type Severity = NonNullable<ProviderEvent['severity']>;

/** Severity of what EC2 is about to do, by its code; `high` where the code is not known. */
const SEVERITIES: Readonly<Record<string, Severity>> = {
  'instance-retirement': 'critical',
  'instance-stop': 'critical',
  'instance-reboot': 'high',
  'system-reboot': 'high',
  'system-maintenance': 'medium',
};

type Summary = InstanceStatusSummary | EbsStatusSummary | undefined;

/** Checks that EC2 makes of an instance that runs. */
const CHECKS: Readonly<Record<string, { severity: Severity; of(status: InstanceStatus): Summary }>> = {
  'system-status': { severity: 'critical', of: ({ SystemStatus }) => SystemStatus },
  'instance-status': { severity: 'high', of: ({ InstanceStatus }) => InstanceStatus },
  'attached-ebs-status': { severity: 'high', of: ({ AttachedEbsStatus }) => AttachedEbsStatus },
};

const severityOf = (code: string): Severity => (Object.hasOwn(SEVERITIES, code) ? SEVERITIES[code] : undefined) ?? 'high';

/** EC2 shows what is over for a week, with the word before its description. */
const OVER = /^\[(Completed|Canceled)\]\s*/i;

/** An alarm, and whether it is about something that is still to be seen to. */
export interface Alarm {
  event: ProviderEvent;
  pending: boolean;
}

/**
 * Alarms of one instance: what EC2 plans to do to it, and which of its checks have failed.
 * @param now when EC2 was asked, in ms since the epoch: the time of what EC2 does not give a time to
 */
export function alarmsOf(status: InstanceStatus, now: number): Alarm[] {
  const key = status.InstanceId;
  if (key === undefined || key === '') return [];
  return [
    ...(status.Events ?? []).map((event) => planned(key, event, now)),
    ...Object.entries(CHECKS).flatMap(([code, { severity, of }]) => failed(key, code, severity, of(status), now)),
  ];
}

/** Aftermath of an alarm that is no longer there: `passing` tells it, `unknown` means to wait, of the rest nothing is said. */
export type Aftermath = { kind: 'passing'; event: ProviderEvent } | { kind: 'unknown' } | { kind: 'nothing' };

/**
 * Tells what has become of a failed check.
 * @param id id of its alarm
 * @param statuses what EC2 tells of the instances now, by their ids
 */
export function aftermathOf(id: string, statuses: ReadonlyMap<string, InstanceStatus>, now: number): Aftermath {
  const [key = '', code = ''] = id.split('/');
  const status = statuses.get(key);
  const word = status && Object.hasOwn(CHECKS, code) ? CHECKS[code]?.of(status)?.Status : undefined;
  if (word === 'initializing' || word === 'insufficient-data') return { kind: 'unknown' };
  if (word !== 'ok') return { kind: 'nothing' };
  const detail = `The instance passes EC2's ${code} check again`;
  return {
    kind: 'passing',
    event: { id: `${id}/ok`, at: now, type: 'Machine', key, kind: 'alarm', code: `${code}-ok`, detail, severity: 'low' },
  };
}

/** Plan of EC2: one event as long as its time stays, and another when that changes, or when it is over. */
function planned(key: string, event: InstanceStatusEvent, now: number): Alarm {
  const code = event.Code ?? 'unknown';
  const words = event.Description ?? '';
  const over = OVER.exec(words)?.[1]?.toLowerCase();
  const name = event.InstanceEventId ?? `${key}/${code}`;
  const when = over ?? event.NotBefore?.toISOString() ?? 'planned';
  return {
    pending: over === undefined,
    event: {
      id: `${name}/${when}`,
      at: now,
      type: 'Machine',
      key,
      kind: 'alarm',
      code,
      detail: [over === undefined ? `EC2 plans ${code}` : `EC2's ${code} is ${over}`, ...timesOf(event), words.replace(OVER, '')]
        .filter((text) => text !== '')
        .join('; '),
      severity: over === undefined ? severityOf(code) : 'low',
    },
  };
}

function timesOf({ NotBefore, NotAfter, NotBeforeDeadline }: InstanceStatusEvent): string[] {
  return [
    NotBefore ? `not before ${NotBefore.toISOString()}` : '',
    NotAfter ? `not after ${NotAfter.toISOString()}` : '',
    NotBeforeDeadline ? `can be put off until ${NotBeforeDeadline.toISOString()}` : '',
  ];
}

/** A check of EC2 that an instance has not passed. */
function failed(key: string, code: string, severity: Severity, summary: Summary, now: number): Alarm[] {
  if (summary?.Status !== 'impaired') return [];
  const details = (summary.Details ?? []).filter(({ Status }) => Status === 'failed');
  const since = details.flatMap(({ ImpairedSince }) => ImpairedSince?.getTime() ?? []);
  const at = since.length > 0 ? Math.min(...since) : undefined;
  const names = details.map(({ Name }) => Name ?? '').filter((name) => name !== '');
  const what = names.length > 0 ? ` (${names.join(', ')})` : '';
  return [
    {
      pending: true,
      event: {
        id: `${key}/${code}/${at === undefined ? 'impaired' : new Date(at).toISOString()}`,
        at: at ?? now,
        type: 'Machine',
        key,
        kind: 'alarm',
        code: `${code}-impaired`,
        detail: `The instance does not pass EC2's ${code} check${what}`,
        severity,
      },
    },
  ];
}
