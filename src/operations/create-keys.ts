import { StepFailure } from '../jobs/workflow';
import type { Value, Values } from '../model/values';
import type { ResourcePath, StoreReads } from '../store/store';

/** Texts in a Job's input that stand for provider keys, each with the path of the resource whose key it is. */
export type KeysToCome = { readonly [placeholder: string]: ResourcePath };

/**
 * A request as the driver takes it: `{ keyOf: path }`, and every text that the input's `keys` lists, stands for the
 * provider key of a resource that is made by the same Job or an earlier one, known only now. Recorded keys never change,
 * so every attempt sends the same. What a consumer wrote freely (properties) is never read so.
 * @throws StepFailure where the other resource has not come to be.
 */
export async function withKeys(context: { store: StoreReads; input: { keys?: KeysToCome } }, value: Value): Promise<Value> {
  const toCome = typeof value === 'string' ? context.input.keys?.[value] : undefined;
  if (toCome !== undefined) return withKeys(context, { keyOf: toCome });
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map((entry) => withKeys(context, entry as Value)));
  const record = value as Values;
  if (typeof record.keyOf === 'string') {
    const key = (await context.store.resource(record.keyOf))?.providerKey;
    if (typeof key !== 'string') throw new StepFailure(`${record.keyOf} does not exist at the provider`, 'notFound');
    return key;
  }
  const entries = await Promise.all(
    Object.entries(record).map(
      async ([name, entry]) => [name, entry === undefined || name === 'properties' ? entry : await withKeys(context, entry)] as const,
    ),
  );
  return Object.fromEntries(entries);
}
