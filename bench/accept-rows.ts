import { randomUUID } from 'node:crypto';
import { newId } from '../src/clouds/identity';
import { createCipher } from '../src/store/cipher';
import { openSqliteStore } from '../src/store/sqlite';

/**
 * Rows that an accept of POST /machines writes on SQLite: resource, event, Job, hold, entry of the audit with the end of its chain,
 * and four counts.
 */
export const ROWS = 10;

/** Opens a store that writes what an accept of POST /machines writes, by itself: without HTTP, reading and planning. */
export async function ownRows(file: string): Promise<{ once(): Promise<void>; close(): Promise<void> }> {
  const store = await openSqliteStore({ file, cipher: createCipher(Buffer.alloc(32, 7)) });
  const tenant = 'bench';
  const told = { tenant, outcome: 'Success', resourceType: 'Machine', content: { detail: 'x'.repeat(200) } };
  const event = (type: string) => `http://schemas.dmtf.org/cimi/1/event/${type}`;
  return {
    async once() {
      const [id, name] = [newId(), randomUUID()];
      const path = `machines/${name}`;
      const entry = event('access');
      const accepted = await store.acceptAtOnce({
        claims: [],
        resources: [
          {
            ...{ path, type: 'Machine', tenant, cloud: 'one', providerKey: null, owner: null, state: 'CREATING', secrets: null },
            ...{ values: { name: 'measured', state: 'CREATING', description: 'x'.repeat(200) }, internal: { tag: name } },
          },
        ],
        events: [{ ...told, resource: path, type: event('model'), severity: 'low', job: id }],
        job: {
          ...{ id, tenant, principal: 'bench', workflow: 'machine.create', workflowVersion: 2, input: { path, request: 'x'.repeat(300) } },
          ...{ action: 'http://schemas.dmtf.org/cimi/1/action/add', target: 'machines', affected: [path], statusMessage: 'accepted' },
          holds: [{ path, shows: 'CREATING' }],
        },
        keepMs: 0,
        entry: { ...told, resource: 'machines', type: entry, job: id },
        fits: ({ jobs }) => (jobs.get('QUEUED') ?? 0) >= 0,
      });
      // The first of a tenant makes its chain of the audit beforehand.
      if (!accepted) await store.transaction((unit) => unit.recordEvent({ ...told, resource: 'machines', type: entry, job: id }).then());
    },
    close: () => store.close(),
  };
}
