import type { ResourceHandler } from './resource-handler';
import { checkFigures } from './sizing';
import { planStoredCreate, planStoredUpdate, storedHandler } from './stored';

const TYPE = 'MachineConfiguration';

/** MachineConfiguration (DSP0263 5.14.5): the provider's sizes, and the gateway's own beside them. */
export const machineConfigHandler: ResourceHandler = storedHandler(TYPE, {
  group: 'machineConfigs',
  shared: true,
  async create(context, request) {
    checkFigures(request.values);
    return planStoredCreate(TYPE, context, request);
  },
  async update(context, found, request) {
    checkFigures(request.set);
    return planStoredUpdate(context, found, request);
  },
});
