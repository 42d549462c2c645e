import type { Accepted, Changed } from '../sdk/index.ts';
import { addressOf, cimi, failed, toast, words } from './state.ts';

/** Operations of a resource in the console's order, by their short names. */
export function operationsOf(operations: readonly { rel: string }[] | undefined): string[] {
  return (operations ?? []).map(({ rel }) => rel.replace(/^.*\//, ''));
}

/** Operations after which something is gone or stands still: they are asked about first. */
export const ASKED: readonly string[] = ['delete', 'stop', 'restart', 'restore'];
/** Operations that need more than a click; they are offered elsewhere. */
export const NEEDING: readonly string[] = ['edit', 'capture', 'snapshot', 'restore', 'export', 'import', 'add', 'removePackage'];

/**
 * Asks for an operation of a resource as it is now, and follows its Job.
 * @param done called when the request was answered, and when the Job has ended
 */
export async function operate(id: string, name: string, done: () => void): Promise<void> {
  const client = cimi.value;
  try {
    // Read anew: what it offers may be otherwise by now.
    const resource = await client?.get<'Machine'>(id);
    const accepted = await (name === 'delete' ? resource?.delete() : resource?.act(name as 'start'));
    toast(words().accepted(name), { href: addressOf(id) });
    done();
    await follow(accepted, name);
  } catch (error) {
    toast(failed(error), { bad: true });
  }
  done();
}

/** Waits for the Job of a change, and says how it ended. */
export async function follow(accepted: Accepted | Changed<'Machine'> | undefined, name: string): Promise<void> {
  const client = cimi.value;
  if (!client || !accepted?.job) return;
  await client.wait(accepted.job);
  toast(words().ended(name));
}
