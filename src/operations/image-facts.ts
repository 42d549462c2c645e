import type { Cloud } from '../clouds/cloud';
import { HARDWARE_EXTENSION, IMAGE_FACTS, type Hardware } from '../clouds/image-facts';
import type { Catalogue } from '../model/catalogue';
import type { Values } from '../model/values';
import { extensionNames } from './extensions';

/** Facts of machine images on their way into another cloud: those that it announces are given with the create. */

const IMAGE = 'MachineImage';
const HARDWARE = HARDWARE_EXTENSION.name;

/** Returns those of an image's facts that a cloud keeps. */
export function factsKept(catalogue: Catalogue, cloud: Cloud, facts: Values): Values {
  const names: readonly string[] = extensionNames(catalogue, cloud, IMAGE);
  return Object.fromEntries(
    IMAGE_FACTS.flatMap((name) => (names.includes(name) && facts[name] !== undefined ? [[name, facts[name]]] : [])),
  );
}

/** Tells whether a cloud gives machines one kind of hardware or another. */
export const choosesHardware = (catalogue: Catalogue, cloud: Cloud): boolean => extensionNames(catalogue, cloud, IMAGE).includes(HARDWARE);

/**
 * Hardware of the machines of an image that comes from elsewhere: as asked for, else what most guests have drivers for. A guest that comes
 * from a cloud of the same kind has the drivers for what is usual there.
 * @param from cloud that it comes from; absent where it comes from none
 */
export function hardwareOf(catalogue: Catalogue, cloud: Cloud, asked: Hardware | undefined, from?: Cloud): Values {
  if (!choosesHardware(catalogue, cloud)) return {};
  const hardware = asked ?? (from?.driver === cloud.driver ? undefined : 'safe');
  return hardware === undefined ? {} : { [HARDWARE]: hardware };
}
