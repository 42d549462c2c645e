import { createHash } from 'node:crypto';
import type { Credentials } from '../../src/clouds/driver';
import type { SimulatorClient } from './client';
import { sent, sentDelete } from './pages';

/** Key pairs; the id comes from the tag, so that importing twice makes one. */
export function credentials(client: SimulatorClient): Credentials {
  const idOf = (tag: string) => `key-${createHash('sha256').update(tag).digest('hex').slice(0, 24)}`;
  return {
    keyOf: idOf,
    import: async ({ tag, publicKey }, context) => ({ key: await sent(client.importKeyPair(idOf(tag), publicKey, context)) }),
    delete: (key, context) => sentDelete(client.dropKeyPair(key, context)),
  };
}
