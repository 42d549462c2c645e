import type { Driver } from '../../src/clouds/driver';
import type { Wire } from './client';
import type { Flavors } from './configs';
import { DiagnosticsMeters } from './diagnostics';
import { OpenstackEvents } from './happenings';
import { GnocchiMeters } from './meters';

/** Groups of the driver by which the cloud tells what it measures and what happened. */
export function monitoringGroups(wire: Wire, flavors: Flavors): Pick<Driver, 'meters' | 'events'> {
  const { meters: source, meterSeconds } = wire.options;
  const events = new OpenstackEvents(wire);
  if (source === 'none') return { events };
  if (source === 'diagnostics') return { events, meters: new DiagnosticsMeters(wire, meterSeconds) };
  return { events, meters: new GnocchiMeters(wire, flavors, meterSeconds, source === 'gnocchi') };
}
