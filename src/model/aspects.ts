import { CIMI } from './define';

/** Base of the aspects' URIs (5.17.7). */
const BASE = `${CIMI}/aspect/`;
const GROUPS = ['CloudEntryPoint', 'System'] as const;

/** Measurable side of a resource (Table 53). */
export interface Aspect {
  name: string;
  uri: string;
  /** Unit on every cloud: a base unit without prefix. */
  units: string;
  /** Types of which the table says it, groups included. */
  types: readonly string[];
  /** Type whose values make up that of a group (System, CloudEntryPoint); absent where no group has the aspect. */
  members?: string;
  /** Largest value there can be; absent where there is none that holds for the life of a Meter (D176). */
  maximum?: string;
}

const aspect = (name: string, more: Omit<Aspect, 'name' | 'uri'>): Aspect => ({ name, uri: BASE + name, ...more });

/** The aspects of the standard. */
export const aspects: readonly Aspect[] = [
  aspect('cpu', { units: 'percent', types: [...GROUPS, 'Machine'], members: 'Machine', maximum: '100' }),
  aspect('memory', { units: 'bytes', types: [...GROUPS, 'Machine'], members: 'Machine' }),
  aspect('disk', { units: 'bytes', types: [...GROUPS, 'Machine', 'Volume'], members: 'Machine' }),
  aspect('bandwidth', { units: 'bytes per second', types: [...GROUPS, 'Network'], members: 'Network' }),
  aspect('inputBandwidth', { units: 'bytes per second', types: ['Machine', 'NetworkPort', 'Volume'] }),
  aspect('outputBandwidth', { units: 'bytes per second', types: ['Machine', 'NetworkPort', 'Volume'] }),
];

/** Finds an aspect of the standard by its URI, or by its bare name. */
export function aspectOf(given: string): Aspect | undefined {
  return aspects.find(({ name, uri }) => given === uri || given === name);
}

/** Types whose aspects are aggregates of what is below them (5.17.7). */
export function isGroup(type: string): boolean {
  return GROUPS.some((group) => group === type);
}

/** Groups that have an aspect of members of a type. */
export function groupsOf(type: string, name: string): readonly string[] {
  return aspectOf(name)?.members === type ? GROUPS : [];
}
