import type { Store } from './store';

/**
 * A store that keeps with each new Job its place in the trace that it was made in.
 * @param place tells that of the caller; undefined where none is under way
 */
export function tracedStore(store: Store, place: () => string | undefined): Store {
  return {
    ...store,
    acceptAtOnce(accepted) {
      const trace = place();
      return store.acceptAtOnce(trace === undefined ? accepted : { ...accepted, job: { ...accepted.job, trace } });
    },
    transaction(work) {
      // Asked for now: the work may be done when its turn comes, after another's.
      const trace = place();
      if (trace === undefined) return store.transaction(work);
      return store.transaction((unit) => work({ ...unit, insertJob: (job) => unit.insertJob({ ...job, trace }) }));
    },
  };
}
