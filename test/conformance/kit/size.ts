import { assert } from './assert';
import type { Value } from './value';

/** Factor by which a size may exceed what was asked for, where a provider has fixed sizes only. */
const AT_MOST = 2;

/**
 * Asserts that a size is the one that was asked for; else that it is the next larger one within a bound, and, of a Machine, that its
 * Job says so with both figures. `job`: undefined where the provider has no Jobs.
 */
export function assertSize(what: string, is: number, asked: number, job?: Value): void {
  if (is === asked) return assert.ok(true);
  assert.ok(is > asked && is <= asked * AT_MOST, `${what} is ${is}, ${asked} was asked for`);
  const words = job?.text('statusMessage') ?? '';
  const said = [is, asked].every((figure) => new RegExp(`\\b${figure}\\b`).test(words));
  if (job) assert.ok(said, `${what} is ${is}, ${asked} was asked for, and the Job does not say so: ${words}`);
}
