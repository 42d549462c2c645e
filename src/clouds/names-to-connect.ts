import type { Driver, DriverModule } from './driver';
import type { ImageChoice, PortableNames, SizeChoice } from './portable';

/** Portable names as a configuration says them. */
export interface NamesToConnect {
  /** `default`, a pattern of names, or more, by portable name. */
  images?: Readonly<Record<string, string | ImageChoice>> | undefined;
  /** A size of the cloud's own by key or name, or figures, by portable name. */
  sizes?: Readonly<Record<string, string | Exclude<SizeChoice, { size: string }>>> | undefined;
}

/** Stands for the name that its publisher gives an image. */
const DEFAULT = 'default';

/**
 * Portable names of a cloud, with the driver's own in the place of `default`.
 * @throws Error naming the name that its driver cannot have
 */
export function namesFor(
  { images = {}, sizes = {} }: NamesToConnect,
  { name: driverName, imageNames = {} }: Pick<DriverModule, 'name' | 'imageNames'>,
  { machineImages, machineConfigs }: Pick<Driver, 'machineImages' | 'machineConfigs'>,
): PortableNames {
  const owned = (name: string, choice: ImageChoice): ImageChoice => {
    if (choice.owner !== undefined && !machineImages?.named)
      throw new Error(`images.${name}.owner: the driver ${driverName} looks for images among those that it lists, not by their owner`);
    return choice;
  };
  const chosen = Object.entries(images).map(([name, said]): [string, ImageChoice] => {
    if (!machineImages) throw new Error(`images.${name}: the driver ${driverName} has no images`);
    if (said !== DEFAULT) return [name, owned(name, typeof said === 'string' ? { name: said } : said)];
    const own = Object.hasOwn(imageNames, name) ? imageNames[name] : undefined;
    const known = Object.keys(imageNames).join(', ') || 'none';
    if (!own)
      throw new Error(
        `images.${name}: the driver ${driverName} knows no image of that name by itself (it knows ${known}): say which it is`,
      );
    return [name, own];
  });
  const sized = Object.entries(sizes).map(([name, said]): [string, SizeChoice] => {
    if (!machineConfigs) throw new Error(`sizes.${name}: the driver ${driverName} has no sizes`);
    return [name, typeof said === 'string' ? { size: said } : said];
  });
  return { images: Object.fromEntries(chosen), sizes: Object.fromEntries(sized) };
}
