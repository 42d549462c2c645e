import type { Value, Values } from '../model/values';
import { Refusal } from './resource-handler';

/** Thresholds of a Meter: extension attributes by which samples beyond a value become an alarm. */

/** Names of the attributes, as the catalogue declares them (model/common.ts). */
const THRESHOLDS = ['above', 'below', 'forSeconds'] as const;
/** Longest time that samples may be asked to be beyond a threshold, in s. */
const LONGEST = 31_536_000;

const DECIMAL = /^[+-]?(\d{1,18}(\.\d{0,9})?|\.\d{1,9})$/;

/** Bounds beyond which samples are an alarm, in the Meter's unit, and for how long, in s. */
export interface Thresholds {
  above?: number | undefined;
  below?: number | undefined;
  forSeconds: number;
}

/** Reads the thresholds of a Meter; undefined where it has none. */
export function thresholdsOf(values: Values): Thresholds | undefined {
  const above = decimalOf(values.above);
  const below = decimalOf(values.below);
  if (above === undefined && below === undefined) return undefined;
  return { above, below, forSeconds: typeof values.forSeconds === 'number' ? values.forSeconds : 0 };
}

/** Picks the thresholds out of what a request or a template says. */
export function thresholdsIn(values: Values): Values {
  return Object.fromEntries(THRESHOLDS.flatMap((name) => (values[name] == null ? [] : [[name, values[name]]])));
}

/**
 * Checks thresholds that a request would leave a Meter with.
 * @param placeOf tells the place of an attribute in the request
 * @throws Refusal 400 naming the attribute
 */
export function checkThresholds(values: Values, placeOf: (name: string) => string = (name) => name): void {
  const { above, below, forSeconds } = values;
  const refuse = (name: string, reason: string): never => {
    throw new Refusal(400, reason, { at: placeOf(name) });
  };
  for (const [name, value] of Object.entries({ above, below })) {
    if (value != null && decimalOf(value) === undefined)
      refuse(name, "is no decimal number: samples are compared with it in the Meter's unit, such as 90 or 0.5");
  }
  const limits = thresholdsOf(values);
  if (limits?.above !== undefined && limits.below !== undefined && limits.below > limits.above)
    refuse('below', `is more than 'above' (${limits.above}): every sample would be beyond one of them`);
  if (typeof forSeconds === 'number' && (forSeconds < 0 || forSeconds > LONGEST))
    refuse('forSeconds', `must be from 0 to ${LONGEST} seconds (a year)`);
  if (forSeconds != null && !limits) refuse('forSeconds', "means nothing without 'above' or 'below'");
}

function decimalOf(value: Value | undefined): number | undefined {
  return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : undefined;
}

/** Ways in which a value crosses a threshold, as the alarm's code tells them. */
export type Crossed = 'above' | 'below' | 'back';

/** Makes the code of the alarm of a Meter's threshold. @param aspect what the Meter measures */
export const codeOf = (aspect: string, crossed: Crossed): string => `${aspect}-${crossed}`;

/** Reads which aspect the code of an alarm is about; undefined where no Meter gave it. */
export const aspectOfCode = (code: Value | undefined): string | undefined =>
  typeof code === 'string' ? /^(.+)-(?:above|below|back)$/.exec(code)?.[1] : undefined;
