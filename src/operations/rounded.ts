import type { ListedGroup } from '../clouds/driver';
import { cloudOf, type StepContext } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import { withDetail } from './size-messages';

/** Result of a step that found more given than was asked for. */
interface Rounded {
  rounded: string;
}

/**
 * Compares the figures that were asked of a provider with those that it shows: clouds count in units of their own and
 * round up, and a client is told of both.
 * @param asked what the driver was asked for, by attribute
 * @returns the words as a step's result; null where all is as asked
 * @throws ProviderError
 */
export async function roundedUp(context: StepContext<{ cloud: string }>, group: ListedGroup, key: string, asked: Values): Promise<Value> {
  const figures = Object.entries(asked).filter(([, value]) => typeof value === 'number');
  if (figures.length === 0) return null;
  const { value: item } = await cloudOf(context.clouds, context.input.cloud).get(group, key, { maxAgeMs: 0 });
  // What shows less is not yet as it will be.
  const words = figures.flatMap(([name, value]) => {
    const given = item?.values[name];
    return typeof given === 'number' && given > Number(value)
      ? [`${name} ${Number(value)} was asked for, the provider gives ${given}`]
      : [];
  });
  return words.length === 0 ? null : ({ rounded: words.join('; ') } satisfies Rounded);
}

/**
 * A Job's statusMessage with the figures that were asked for and given.
 * @param told how a size was chosen, which says both already
 * @param result of the step that compared them
 */
export function withFigures(message: string, told: string | undefined, result: Value | undefined): string {
  const found = typeof result === 'object' && result !== null && 'rounded' in result ? (result as unknown as Rounded) : undefined;
  return withDetail(message, told ?? found?.rounded);
}
