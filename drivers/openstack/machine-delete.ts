import type { CallContext, WorkHandle, Outcome } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { Neutron } from './neutron';
import { madeFor } from './ports';
import { UUID } from './reads';
import { machineState } from './states';

/** A server on its way out, with the ports that go when it is gone. */
export interface DropWork extends WorkHandle {
  work: 'drop';
  server: string;
  ports: readonly string[];
}

/** Deletes a server, and after it the ports that were made for its interfaces: Nova leaves alone what it did not make. */
export async function dropServer(wire: Wire, key: string, context: CallContext): Promise<Outcome> {
  if (!UUID.test(key)) return;
  const ports = await madeFor(new Neutron(wire), key, context);
  await wire.remove('server', key, context);
  if (ports.length > 0) return dropping(wire, { work: 'drop', server: key, ports }, context);
}

/** Ports are taken away when their server is gone: under it, Nova would still be unplugging them. */
export async function dropping(wire: Wire, work: DropWork, context: CallContext): Promise<Outcome> {
  const server = await wire.oneOrGone('server', work.server, context);
  if (!(server instanceof Gone)) {
    const { state } = machineState(server);
    if (state === 'ERROR' && !server.partial) {
      const message = `Nova did not delete the server: ${server.fault ?? `it is ${server.status}`}`;
      throw new ProviderError('unavailable', message, { maybeDone: false, lasting: true });
    }
    if (state !== 'absent') return { ongoing: work, message: 'Nova deletes the server; then its ports go' };
  }
  for (const id of work.ports) await wire.remove('port', id, context);
}
