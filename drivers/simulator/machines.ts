import type { Choice, Item, Offered, ReadGroup } from '../../src/clouds/driver';
import { weighed, type SizesOption } from '../../src/clouds/sizes';
import { gibToKb, mibToKib } from '../../src/model/units';
import type { SimulatorClient } from './client';
import { fromMarks, fromNames, holds, toNames } from './naming';
import { reads, sent, sentDelete } from './pages';
import { MACHINE_STATES, stateOf } from './states';
import type { Instance, Shape } from './things';
import { phaseAt } from './things';

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
      memory: mibToKib(instance.memoryMiB),
      cpuArch: instance.arch,
      ...(instance.latest === null ? {} : { latestSnapshot: { item: { type: 'MachineImage', key: instance.latest } } }),
    },
    ...fromMarks({ ...instance, madeAt: instance.launchedAt }),
    choice: { rank: 0, family: familyOf(instance.shape) },
    ...(unmappedState === undefined ? {} : { unmappedState }),
  };
}

/** Kinds of shapes by what their names begin with, the first chosen first. */
const KINDS: readonly (readonly [string, string])[] = [
  ['s', 'standard'],
  ['r', 'standard, ARM'],
  ['c', 'much processor'],
  ['m', 'much memory'],
];

const familyOf = (shape: string): string => shape.split('.')[0] ?? shape;

function choiceOf({ id, label }: Shape, sizes: SizesOption): Choice {
  const place = KINDS.findIndex(([letter]) => id.startsWith(letter));
  const own: Choice = { rank: place === -1 ? KINDS.length : place, family: familyOf(id), kind: KINDS[place]?.[1] };
  return weighed(sizes, [id, label], own);
}

function configuration(shape: Shape, sizes: SizesOption): Item {
  return {
    choice: choiceOf(shape, sizes),
    key: shape.id,
    values: {
      name: shape.label,
      cpu: shape.vcpus,
      memory: mibToKib(shape.memoryMiB),
      disks: shape.disksGiB.map((gib) => ({ capacity: gibToKb(gib), format: 'raw' })),
      cpuArch: shape.arch,
    },
    refuses: { edit: FIXED, delete: FIXED },
  };
}

/** Shapes as MachineConfigurations. */
export function machineConfigs(client: SimulatorClient, sizes: SizesOption): ReadGroup {
  const { list, getMany } = reads(client, 'shape', 'machineConfigs', (shape) => configuration(shape, sizes));
  return { list, getMany };
}

/** Instances as Machines. */
export function machines(client: SimulatorClient): Offered<'machines'> {
  const instances = reads(client, 'instance', 'machines', machine);
  return {
    list: instances.list,
    getMany: instances.getMany,
    find: instances.find,
    holds,
    async create(request, context) {
      const run = {
        ...toNames(request),
        shape: request.config,
        snapshot: request.image,
        keyPair: request.credential,
        userData: request.userData,
        nets: request.networks,
        ips: request.addresses,
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
