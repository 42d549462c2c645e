import { isFinished, type JobRow, type Store } from './store';

/**
 * A store that tells, after each committed transaction, of the Jobs that were inserted in it as ended already: refused
 * requests and changes that needed no work. No worker ever has these in hand.
 */
export function observedStore(store: Store, tell: (job: JobRow) => void): Store {
  return {
    ...store,
    async acceptAtOnce(accepted) {
      const row = await store.acceptAtOnce(accepted);
      if (row && isFinished(row)) tell(row);
      return row;
    },
    async transaction(work) {
      let born: JobRow[] = [];
      const result = await store.transaction((unit) => {
        born = [];
        return work({
          ...unit,
          async insertJob(job) {
            const row = await unit.insertJob(job);
            if (isFinished(row)) born.push(row);
            return row;
          },
        });
      });
      for (const row of born) tell(row);
      return result;
    },
  };
}
