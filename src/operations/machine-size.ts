import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import { encodeId } from '../clouds/identity';
import { AT_MOST } from '../clouds/sizes';
import type { Values } from '../model/values';
import { extensionNames } from './extensions';
import { Refusal, type Found, type PlanContext, type UpdateRequest } from './resource-handler';
import { asRef } from './template-merge';
import { describe, sizeMessage, wantedDisks, type WantedDisk } from './size-messages';
import { checkFigures, chooseSize, FIGURES, figuresOf, type Wish } from './sizing';
import { shown } from '../model/shown';

const CONFIG = 'machineTemplate.machineConfig';

/** The size of a machine to be made. */
export interface MachineSize {
  /** Provider key of the configuration. */
  key: string;
  values: Values;
  /** The choice in words, where there was one. */
  message?: string | undefined;
  /** Disks that were asked for beyond the size's own, and what they are to be. */
  disks: readonly WantedDisk[];
  become: 'Disk' | 'Volume' | undefined;
}

/** Parts of a machine that bear on its size. */
export interface SizedBy {
  /** The configuration referred to, if any, and the attributes given by value. */
  config: Found | undefined;
  overrides: Values | undefined;
  image: Item | undefined;
  /** Values that the create gives beside the name and in the template: extension attributes are among them. */
  said: Values;
}

/**
 * The size for a create: the provider's configuration that is referred to, as it is; else by figures: on a cloud without
 * fixed sizes just these, elsewhere a size within the bound.
 * @throws Refusal 400
 */
export async function machineSize(context: PlanContext, cloud: Cloud, { config, overrides, image, said }: SizedBy): Promise<MachineSize> {
  const given = figuresOf(overrides ?? {});
  const erased = Object.entries(overrides ?? {}).flatMap(([name, value]) => (value === null ? [name] : []));
  if (config?.key !== undefined && erased.length === 0 && changesNothing(given, config.values))
    return { key: config.key, values: config.values, disks: [], become: undefined };
  const asked = { ...figuresOf(config ? baseOf(config) : {}), ...given };
  for (const name of erased) delete asked[name];
  if (typeof asked.memory !== 'number' && typeof asked.cpu !== 'number')
    throw new Refusal(400, 'a configuration by value says at least cpu or memory', { at: CONFIG });
  if (image?.cpuArch !== undefined && asked.cpuArch !== undefined && asked.cpuArch !== image.cpuArch)
    throw new Refusal(400, `cpuArch ${shown(String(asked.cpuArch))} is asked for, and the image is for ${image.cpuArch}`, { at: CONFIG });
  checkFigures(asked, CONFIG);
  const asks = extending(cloud, said);
  const zone = asks.zone ?? (await zoneOfParts(context, cloud, said));
  return sizeFor(context, cloud, asked, { cpuArch: image?.cpuArch, fit: image?.fit, ...asks, zone });
}

/** Zone of the networks and volumes that the machine is to have: it goes where they are. */
async function zoneOfParts(context: PlanContext, cloud: Cloud, said: Values): Promise<string | undefined> {
  const name = zoneAttribute(cloud);
  if (name === undefined) return undefined;
  const parts = [
    { type: 'Network', list: said.networkInterfaces, at: 'network' },
    { type: 'Volume', list: said.volumes, at: 'volume' },
  ].filter(({ type }) => extensionNames(context.catalogue, cloud, type).includes(name));
  for (const { type, list, at } of parts) {
    for (const part of Array.isArray(list) ? (list as readonly Values[]) : []) {
      const href = asRef(part[at])?.href;
      const zone = href === undefined ? undefined : (await context.resolve(href, type, `machineTemplate.${at}`)).values[name];
      if (typeof zone === 'string') return zone;
    }
  }
  return undefined;
}

/** Returns the base of an overridden size: cpu and memory count; its disks and clock are that very size's own. */
function baseOf({ key, values }: Found): Values {
  return key === undefined ? values : { cpu: values.cpu, memory: values.memory, cpuArch: values.cpuArch };
}

function changesNothing(given: Values, values: Values): boolean {
  return Object.entries(given).every(([name, value]) => JSON.stringify(value) === JSON.stringify(values[name]));
}

/** Returns what extension attributes of the create ask of a size. */
function extending(cloud: Cloud, said: Values): Pick<Wish, 'needs' | 'zone'> & { atMost?: number } {
  const needs: string[] = [];
  const asks: { zone?: string; atMost?: number } = {};
  for (const { name, choosing } of cloud.capabilities.extensions ?? []) {
    const value = said[name];
    if (choosing === 'zone' && typeof value === 'string') asks.zone = value;
    else if (choosing === 'atMost' && typeof value === 'number') {
      if (value < 1) throw new Refusal(400, `must be at least 1, not ${value}`, { at: name });
      asks.atMost = value;
    } else if (typeof choosing === 'object' && value === true) needs.push(choosing.needs);
  }
  return { ...asks, needs };
}

type Needs = Pick<Wish, 'cpuArch' | 'fit' | 'family' | 'needs' | 'zone'> & { atMost?: number };

async function sizeFor(context: PlanContext, cloud: Cloud, asked: Values, needs: Needs): Promise<MachineSize> {
  const own = cloud.sized(asked);
  if (own) return ownSize(cloud, asked, own);
  const become = addedAs(cloud);
  const wish: Wish = {
    ...needs,
    figures: asked,
    atMost: needs.atMost ?? cloud.capabilities.sizes?.atMost ?? AT_MOST,
    moreDisks: become !== undefined,
    cloud: cloud.key,
  };
  const { found, more } = chooseSize(wish, await offeredBy(context, cloud));
  if (become === 'Disk') refuseFormats(more, cloud);
  const beside =
    more.length === 0 ? undefined : `made as ${become ?? 'Disk'}s of the machine: ${describe({ disks: more as unknown as Values[] })}`;
  return { key: found.key ?? '', values: found.values, message: sizeMessage(asked, found, beside), disks: more, become };
}

async function offeredBy(context: PlanContext, cloud: Cloud): Promise<Found[]> {
  return (await context.list('MachineConfiguration', cloud)).filter((found) => found.cloud === cloud && found.key !== undefined);
}

/** The very size, on a cloud without fixed ones. It is told only where the provider's units make it another. */
function ownSize(cloud: Cloud, asked: Values, own: Item | { impossible: string }): MachineSize {
  if ('impossible' in own) throw new Refusal(400, `cloud '${cloud.key}' cannot make a machine with ${describe(asked)}: ${own.impossible}`);
  refuseFormats(wantedDisks(asked), cloud);
  const same = FIGURES.every((figure) => asked[figure] === own.values[figure]);
  const path = `machineConfigs/${encodeId(cloud.key, own.key)}`;
  const message = same ? undefined : sizeMessage(figuresOf({ ...asked, disks: null }), { path, values: own.values, item: own }, undefined);
  return { key: own.key, values: own.values, message, disks: [], become: undefined };
}

/** Returns what disks beyond a size's own can be on this cloud. */
function addedAs(cloud: Cloud): MachineSize['become'] {
  if (cloud.offers('disks', 'create')) return 'Disk';
  return cloud.offers('volumes', 'create') && cloud.offers('attachments', 'create') ? 'Volume' : undefined;
}

/** Disks come unformatted. */
function refuseFormats(disks: readonly WantedDisk[], cloud: Cloud): void {
  const formatted = disks.find(({ format }) => format !== undefined);
  if (formatted)
    throw new Refusal(400, `cloud '${cloud.key}' makes disks unformatted (raw), not with ${shown(String(formatted.format))}`, {
      at: `${CONFIG}.disks`,
      kind: 'unsupported',
    });
}

/** A change of size, and the choice in words; `key` is absent where the machine has the size already, for good. */
export interface Resize {
  key?: string | undefined;
  message?: string | undefined;
}

/**
 * Plans the change of a machine's figures; undefined where none changes.
 * @throws Refusal 400 or 409
 */
export async function resizeOf(context: PlanContext, found: Found, { set }: UpdateRequest): Promise<Resize | undefined> {
  const { cloud, item, values } = found;
  const said = FIGURES.filter((figure) => set[figure] !== undefined);
  const changes = said.some((figure) => set[figure] !== values[figure]);
  const unconfirmed = item?.unconfirmedSize;
  if (!changes && said.length > 0 && unconfirmed !== undefined && cloud?.offers('machines', 'resize')) return { key: unconfirmed };
  if (!changes || !cloud) return undefined;
  if (set.cpuSpeed !== undefined && set.cpuSpeed !== values.cpuSpeed)
    throw new Refusal(400, `cannot be changed on cloud '${cloud.key}'`, { at: 'cpuSpeed', kind: 'unsupported' });
  if (!cloud.offers('machines', 'resize')) throw new Refusal(400, `cloud '${cloud.key}' does not change the size of a machine`);
  const state = String(values.state);
  const states = cloud.capabilities.resizesIn ?? ['STOPPED'];
  if (!states.includes(state))
    throw new Refusal(409, `cpu and memory can be changed while the machine is ${states.join(' or ')}; it is ${state}`);
  const reason = item?.refuses?.resize;
  if (reason !== undefined) throw new Refusal(409, reason, { kind: 'conflict' });
  const asked = figuresOf({ cpu: set.cpu ?? values.cpu, memory: set.memory ?? values.memory });
  checkFigures(asked);
  const arch = typeof values.cpuArch === 'string' ? values.cpuArch : undefined;
  const size = await sizeFor(context, cloud, asked, {
    cpuArch: arch,
    fit: item?.fit,
    family: item?.choice?.family,
    zone: zoneOf(cloud, values),
  });
  const same = size.values.cpu === values.cpu && size.values.memory === values.memory;
  return { ...(same ? {} : { key: size.key }), message: size.message };
}

/** Attribute that tells a machine's zone, on a cloud whose sizes are not in every zone. */
const zoneAttribute = ({ capabilities }: Cloud): string | undefined =>
  capabilities.extensions?.find(({ choosing, types }) => choosing === 'zone' && types.includes('Machine'))?.name;

/** Returns the zone of a machine, which stays there. */
function zoneOf(cloud: Cloud, values: Values): string | undefined {
  const name = zoneAttribute(cloud);
  const zone = name === undefined ? undefined : values[name];
  return typeof zone === 'string' ? zone : undefined;
}
