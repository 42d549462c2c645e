import type { CallContext, CreateMachine } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { objects } from './collector';
import { SoapFault } from './soap';
import type { Ref, Typed } from './types';
import { child, type Node } from './xml';

/** A guest customization specification as vCenter keeps it. */
export interface Customization {
  name: string;
  spec: Node;
}

/**
 * Reads the customization of the guest that a create names, else the configured one; undefined where neither does.
 * @param copied whether the machine is a copy: one made from nothing has no guest
 * @throws ProviderError `invalid` for a name that vCenter does not know (naming those it knows) and for what has no guest
 */
export async function customizationOf(
  wire: Wire,
  { extensions = {} }: CreateMachine,
  copied: boolean,
  context: CallContext,
): Promise<Customization | undefined> {
  const { customization } = extensions;
  const asked = typeof customization === 'string' ? customization : undefined;
  if (!copied && asked !== undefined && asked !== '')
    throw refused(`customization '${asked}': a machine made from nothing has no guest to customize`);
  const name = copied ? (asked ?? wire.options.customization ?? '') : '';
  return name === '' ? undefined : named(wire, name, context);
}

async function named(wire: Wire, name: string, context: CallContext): Promise<Customization> {
  const { customizationSpecManager: manager } = await wire.service(context);
  if (!manager)
    throw new ProviderError('unsupported', `this vCenter keeps no guest customizations, so not '${name}'`, { maybeDone: false });
  try {
    const { spec } = (await wire.faulty('GetCustomizationSpec', manager, { name }, context)) ?? {};
    if (spec) return { name, spec };
  } catch (error) {
    if (!(error instanceof SoapFault)) throw error;
    if (error.code !== 'NotFound') throw error.translated();
  }
  const names = (await known(wire, manager, context)).map((each) => `'${each}'`).sort();
  throw refused(`there is no guest customization '${name}': candidates are ${names.join(', ') || 'none'}`);
}

async function known(wire: Wire, manager: Ref, context: CallContext): Promise<string[]> {
  const [seen] = await objects(wire, [manager], { CustomizationSpecManager: ['info'] }, context);
  const info = seen?.properties.get('info');
  const list = Array.isArray(info) ? (info as readonly Typed<'CustomizationSpecInfo'>[]) : [];
  return list.flatMap(({ name }) => name ?? []);
}

/**
 * vCenter would copy first and find out at the first start that there is not one setting for each card.
 * @throws ProviderError `invalid`
 */
export function checkCards({ name, spec }: Customization, cards: number): void {
  const settings = spec.children.filter((each) => each.name === 'nicSettingMap').length;
  // cloud-init's own network configuration is no list of cards.
  if (settings === cards || (settings === 0 && child(spec, 'identity')?.xsiType === 'CustomizationCloudinitPrep')) return;
  throw refused(`the guest customization '${name}' has settings for ${count(settings)}, and the machine would have ${count(cards)}`);
}

const count = (cards: number): string => `${cards} network card${cards === 1 ? '' : 's'}`;

function refused(message: string): ProviderError {
  return new ProviderError('invalid', message, { maybeDone: false });
}
