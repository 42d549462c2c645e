import { loggable } from './event-log';
import { metered } from './meter-templates';
import type { ResourceHandler } from './resource-handler';

/** Handler whose creates also make the Meters and the EventLog that the template asks for. */
export function monitored(handler: ResourceHandler): ResourceHandler {
  return metered(loggable(handler));
}
