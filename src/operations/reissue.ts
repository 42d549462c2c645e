import { cloudOf, type StepContext } from '../jobs/workflow';
import type { WriteGroups } from '../clouds/cloud';
import type { ListedGroup } from '../clouds/driver';

/** Words and looks for an action that is reissued before its first has come to its end (5.14.1.2). */

/** A call of an act, as far as reissuing it goes. */
interface Call {
  shows: string | null;
  goal: readonly string[];
  again?: boolean;
}

/** Tells whether the input of a change is that of an action reissued. */
export function isReissued(input: object): boolean {
  return (input as { calls?: readonly Call[] }).calls?.[0]?.again === true;
}

/**
 * Tells whether the provider is doing what a call asks for, or has done it.
 * @throws ProviderError
 */
export async function isUnderWay(
  { clouds, input }: StepContext<{ cloud: string; group: keyof WriteGroups & ListedGroup }>,
  key: string,
  { shows, goal }: Call,
): Promise<boolean> {
  const { value } = await cloudOf(clouds, input.cloud).get(input.group, key, { maxAgeMs: 0 });
  return [shows, ...goal].includes(String(value?.values.state));
}
