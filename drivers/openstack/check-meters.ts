import type { CallContext, Finding } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { LIST } from './ask';
import { pathOf, type Wire } from './client';

const WHAT = 'Reading measured values';

/** Tells where measured values come from, and whether this login may read them. Throws nothing but what is no ProviderError. */
export async function checkMeters(wire: Wire, context: CallContext): Promise<Finding[]> {
  const { meters } = wire.options;
  if (meters === 'none') return [];
  try {
    if (meters === 'diagnostics') return [await diagnostics(wire, context)];
    if (meters === undefined && wire.has('metric') === false) {
      const advice = 'meters: diagnostics would ask Nova, where its policy allows it';
      return [{ ok: true, what: WHAT, message: `The catalogue has no metric service (Gnocchi): nothing is measured; ${advice}` }];
    }
    return [await gnocchi(wire, context)];
  } catch (error) {
    if (error instanceof ProviderError) return [{ ok: false, what: WHAT, message: error.message }];
    throw error;
  }
}

/** Looks for one server among Gnocchi's resources. */
async function gnocchi(wire: Wire, context: CallContext): Promise<Finding> {
  const { base } = await wire.endpoint('metric', context);
  const ask = {
    method: 'POST',
    path: '/search/resource/instance',
    query: { limit: 1 },
    member: LIST,
    answers: [200],
    reads: true,
  } as const;
  try {
    const found = (await wire.send('metric', ask, context))[LIST];
    const none = Array.isArray(found) && found.length === 0 ? '; no server of this project is measured yet' : '';
    return { ok: true, what: WHAT, message: `${base}${none}` };
  } catch (error) {
    if (!(error instanceof ProviderError) || !/^404 /.test(error.code ?? '')) throw error;
    return { ok: false, what: WHAT, message: `${base}: Gnocchi knows no servers; Ceilometer does not fill it (${error.message})` };
  }
}

async function diagnostics(wire: Wire, context: CallContext): Promise<Finding> {
  for await (const [server] of wire.pages('server', context, { status: 'ACTIVE' })) {
    if (!server) continue;
    await wire.get('compute', `${pathOf('server', server.id)}/diagnostics`, 'state', context, { of: { kind: 'server', id: server.id } });
    return { ok: true, what: WHAT, message: 'Nova’s diagnostics, one call for each machine' };
  }
  return { ok: true, what: WHAT, message: 'Nova’s diagnostics; whether they are allowed cannot be told before there is a running server' };
}
