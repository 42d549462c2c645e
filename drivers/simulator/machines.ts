import type { Item, Machines, ReadGroup } from '../../src/clouds/driver';
import { phaseAt } from './account';
import type { SimulatorClient } from './client';
import { fromNames, holds, toNames } from './naming';
import { reads, sent, sentDelete } from './pages';
import { MACHINE_STATES, stateOf } from './states';
import type { Instance, Shape } from './things';

const KIB_PER_MIB = 1024;
const BYTES_PER_GIB = 1024 ** 3;
const FIXED = 'The provider sets its shapes; they cannot be changed';

function machine(instance: Instance, now: number): Item | undefined {
  const { state, unmappedState } = stateOf(MACHINE_STATES, phaseAt(instance.timeline, now));
  if (state === 'absent') return undefined;
  return {
    key: instance.id,
    values: {
      ...fromNames(instance),
      state,
      cpu: instance.vcpus,
      memory: instance.memoryMiB * KIB_PER_MIB,
      cpuArch: instance.arch,
      ...(instance.latest === null ? {} : { latestSnapshot: { item: { type: 'MachineImage', key: instance.latest } } }),
    },
    ...(instance.tag === null ? {} : { tag: instance.tag }),
    ...(instance.token === null ? {} : { token: instance.token }),
    created: new Date(instance.launchedAt).toISOString(),
    ...(unmappedState === undefined ? {} : { unmappedState }),
  };
}

function configuration(shape: Shape): Item {
  return {
    key: shape.id,
    values: {
      name: shape.label,
      cpu: shape.vcpus,
      memory: shape.memoryMiB * KIB_PER_MIB,
      disks: shape.disksGiB.map((gib) => ({ capacity: Math.floor((gib * BYTES_PER_GIB) / 1000), format: 'raw' })),
      cpuArch: shape.arch,
    },
    refuses: { edit: FIXED, delete: FIXED },
  };
}

/** Shapes as MachineConfigurations. */
export function machineConfigs(client: SimulatorClient): ReadGroup {
  const { list, getMany } = reads(client, 'shape', 'machineConfigs', configuration);
  return { list, getMany };
}

/** Instances as Machines. */
export function machines(client: SimulatorClient): Machines {
  const instances = reads(client, 'instance', 'machines', machine);
  return {
    list: instances.list,
    getMany: instances.getMany,
    find: ({ tag }, context) => instances.find(tag, context),
    holds,
    async create(request, context) {
      const run = {
        ...toNames(request),
        shape: request.config,
        snapshot: request.image,
        keyPair: request.credential,
        userData: request.userData,
        nets: request.networks ?? [],
        tag: request.tag,
        token: request.token,
      };
      return { key: await sent(client.run(run, context)) };
    },
    start: (key, context) => sent(client.power('powerOn', 'machines.start', key, false, context)),
    stop: (key, { force }, context) => sent(client.power('powerOff', 'machines.stop', key, force ?? false, context)),
    restart: (key, { force }, context) => sent(client.power('reboot', 'machines.restart', key, force ?? false, context)),
    pause: (key, context) => sent(client.power('freeze', 'machines.pause', key, false, context)),
    suspend: (key, context) => sent(client.power('hibernate', 'machines.suspend', key, false, context)),
    resize: (key, { config }, context) => sent(client.reshape(key, config, context)),
    restore: (key, { image, token }, context) => sent(client.rebuild(key, { snapshot: image, token }, context)),
    rename: (key, naming, context) => sent(client.relabel('instance', 'machines.rename', key, toNames(naming), context)),
    delete: (key, context) => sentDelete(client.terminate(key, context)),
  };
}
