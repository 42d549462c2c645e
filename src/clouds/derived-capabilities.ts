import type { Capabilities, Driver, GroupName, TypeCapabilities } from './driver';

/** Capabilities that follow from the methods a driver has, so that no driver has to say them. */

type Has = (group: GroupName, method: string) => boolean;

/** States in which a thing can be left after its create, by the method that leads there. */
const REACHED: readonly (readonly [string, string])[] = [
  ['stop', 'STOPPED'],
  ['pause', 'PAUSED'],
  ['suspend', 'SUSPENDED'],
];

function initialStates(has: Has, group: GroupName, said: TypeCapabilities | undefined): { InitialStates?: readonly string[] } {
  const first = said?.capabilities?.DefaultInitialState;
  if (typeof first !== 'string') return {};
  return { InitialStates: [first, ...REACHED.flatMap(([method, state]) => (has(group, method) && state !== first ? [state] : []))] };
}

function machines(has: Has, said: Capabilities['types']): Record<string, TypeCapabilities> {
  if (!has('machines', 'create')) return {};
  const states = initialStates(has, 'machines', said.Machine);
  const volumes = has('attachments', 'create');
  const newVolumes = volumes && has('volumes', 'create');
  const credentials = has('credentials', 'import');
  const attributes: readonly (readonly [boolean, string])[] = [
    [(states.InitialStates?.length ?? 0) > 1, 'initialState'],
    [true, 'machineConfig'],
    [true, 'machineImage'],
    [credentials, 'credential'],
    [said.Machine?.capabilities?.UserData !== undefined, 'userData'],
    [volumes, 'volumes'],
    [newVolumes, 'volumeTemplates'],
    [has('interfaces', 'list'), 'networkInterfaces'],
  ];
  return {
    Machine: {
      capabilities: {
        ...states,
        MachineConfigByValue: true,
        MachineTemplateByValue: true,
        ...(credentials ? { MachineCredentialByValue: true } : {}),
        ...(newVolumes ? { MachineVolumeTemplatesByValue: true } : {}),
      },
    },
    MachineTemplate: { attributes: attributes.flatMap(([is, name]) => (is ? [name] : [])) },
  };
}

function volumes(has: Has): Record<string, TypeCapabilities> {
  if (!has('volumes', 'create')) return {};
  const snapshot = has('volumeImages', 'create') ? { VolumeSnapshot: true } : {};
  return { Volume: { capabilities: { VolumeConfigByValue: true, VolumeTemplateByValue: true, ...snapshot } } };
}

function networks(has: Has, said: Capabilities['types']): Record<string, TypeCapabilities> {
  const made = (group: 'networks' | 'networkPorts', type: 'Network' | 'NetworkPort'): Record<string, TypeCapabilities> =>
    has(group, 'create')
      ? {
          [type]: {
            capabilities: {
              ...initialStates(has, group, said[type]),
              [`${type}ConfigByValue`]: true,
              [`${type}TemplateByValue`]: true,
            },
          },
        }
      : {};
  return { ...made('networks', 'Network'), ...made('networkPorts', 'NetworkPort') };
}

/**
 * Derives the capabilities of a driver's types: what follows from its methods, and over that what it says of itself.
 * @returns Capabilities as the gateway goes by them, in either mode of the cloud
 */
export function capabilitiesOf(driver: Driver): Capabilities {
  const has: Has = (group, method) => typeof Reflect.get(driver[group] ?? {}, method) === 'function';
  const said = driver.capabilities.types;
  const types = { ...said };
  for (const [type, derived] of Object.entries({ ...machines(has, said), ...volumes(has), ...networks(has, said) })) {
    const own = said[type];
    const capabilities = { ...derived.capabilities, ...own?.capabilities };
    types[type] = { ...derived, ...own, ...(Object.keys(capabilities).length > 0 ? { capabilities } : {}) };
  }
  return { ...driver.capabilities, types };
}
