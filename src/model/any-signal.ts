/** Sources of each signal made here: they live as long as it does. */
const sources = new WeakMap<AbortSignal, readonly AbortSignal[]>();

/**
 * Makes the signal that is aborted with the first of others. AbortSignal.any by itself holds them weakly: on Node 20, a deadline of
 * AbortSignal.timeout that nobody else holds is collected with its timer and never comes (nodejs/node#57736), and later releases can
 * lose an abort in the same way (nodejs/node#65995).
 * @returns a signal of its own even of one source, whose listeners go with it
 */
export function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const signal = AbortSignal.any([...signals]);
  sources.set(signal, signals);
  return signal;
}
