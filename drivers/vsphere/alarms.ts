import type { CallContext, ProviderEvent } from '../../src/clouds/driver';
import type { Wire } from './client';
import { ifThere, objects } from './collector';
import { isA, type Ref, type Typed } from './types';

/** Severity of an alarm by the colour that it takes; of one that is over: low. */
export const COLOURS: Readonly<Record<string, ProviderEvent['severity']>> = {
  red: 'critical',
  yellow: 'medium',
  green: 'low',
  gray: 'low',
};
/** Types of resources by those of vSphere's objects. */
const TYPES: Readonly<Record<string, string>> = {
  VirtualMachine: 'Machine',
  Network: 'Network',
  DistributedVirtualPortgroup: 'Network',
  OpaqueNetwork: 'Network',
};

/** Type and key of the resource that an object is; nothing of one that is none. */
export function aboutOf(object: Ref | undefined): { type?: string; key?: string } {
  const type = object && Object.hasOwn(TYPES, object.type) ? TYPES[object.type] : undefined;
  return object && type !== undefined ? { type, key: object.value } : {};
}

/** Reads the alarms that are raised now, anywhere in the inventory: the root tells them all, and their names are one call more. */
export async function raised(wire: Wire, context: CallContext): Promise<ProviderEvent[]> {
  const { rootFolder } = await wire.service(context);
  const root = await ifThere(wire, rootFolder, ['triggeredAlarmState'], context);
  const told = root?.properties.get('triggeredAlarmState');
  const states = Array.isArray(told) ? told.filter((each: unknown) => isA(each, 'AlarmState')) : [];
  const alarms = new Map(states.flatMap(({ alarm }) => (alarm ? [[alarm.value, alarm] as const] : [])));
  const seen = await objects(wire, [...alarms.values()], { Alarm: ['info.name'] }, context);
  const names = new Map(seen.map(({ ref, properties }) => [ref.value, properties.get('info.name')]));
  return states.flatMap((state) => alarmOf(state, names.get(state.alarm?.value ?? '')));
}

function alarmOf({ key, entity, alarm, overallStatus, time }: Typed<'AlarmState'>, name: unknown): ProviderEvent[] {
  const at = Date.parse(time ?? '');
  if (key === undefined || key === '' || !Number.isFinite(at)) return [];
  const called = typeof name === 'string' && name !== '' ? name : (alarm?.value ?? '');
  return [
    {
      ...{ id: `alarm:${key}@${time ?? ''}`, at, kind: 'alarm', code: 'AlarmStatusChangedEvent' },
      detail: `Alarm '${called}' on ${entity?.value ?? 'vCenter'} is ${overallStatus ?? 'raised'}`,
      severity: COLOURS[overallStatus ?? ''] ?? 'medium',
      ...aboutOf(entity),
    },
  ];
}
