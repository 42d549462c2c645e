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
      await store.transaction(async (unit) => {
        await unit.insertResource({
          ...{ path, type: 'Machine', tenant, cloud: 'one', providerKey: null, owner: null, state: 'CREATING', secrets: null },
          ...{ values: { name: 'measured', state: 'CREATING', description: 'x'.repeat(200) }, internal: { tag: name } },
        });
        await unit.recordEvent({ ...told, resource: path, type: event('model'), severity: 'low', job: id });
        await unit.insertJob({
          ...{ id, tenant, principal: 'bench', workflow: 'machine.create', workflowVersion: 2, input: { path, request: 'x'.repeat(300) } },
          ...{ action: 'http://schemas.dmtf.org/cimi/1/action/add', target: 'machines', affected: [path], statusMessage: 'accepted' },
          holds: [{ path, shows: 'CREATING' }],
        });
        await unit.counts(tenant);
        await unit.recordEvent({ ...told, resource: 'machines', type: event('access'), job: id });
      });
    },
    close: () => store.close(),
  };
}
