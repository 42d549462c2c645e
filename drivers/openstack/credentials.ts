import type { CallContext, Created, Credentials, ImportCredential } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { keyPairName } from './naming';

/** Public keys of the gateway's Credentials as Nova key pairs of the user that logs in; their name follows from the tag. */
export class OpenstackCredentials implements Credentials {
  constructor(private readonly wire: Wire) {}

  keyOf(tag: string): string {
    return keyPairName(tag);
  }

  /** Importing the same key again is success; another key under the same tag is a conflict. */
  async import(request: ImportCredential, context: CallContext): Promise<Created> {
    const name = keyPairName(request.tag);
    const typed = (await this.wire.speaks('compute', '2.2', context)) ? { type: 'ssh' } : {};
    try {
      const body = { keypair: { name, public_key: request.publicKey, ...typed } };
      await this.wire.send('compute', { method: 'POST', path: '/os-keypairs', body, member: 'keypair' }, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'conflict') throw error;
      await this.#requireSame(name, request.publicKey, context);
    }
    return { key: name };
  }

  async #requireSame(name: string, publicKey: string, context: CallContext): Promise<void> {
    const keypair = await this.wire.one('keypair', name, context);
    if (keyBody(keypair.public_key) === keyBody(publicKey)) return;
    throw new ProviderError('conflict', `Nova has another public key under the name ${name}`, { maybeDone: false });
  }

  delete(key: string, context: CallContext): Promise<void> {
    return this.wire.remove('keypair', key, context);
  }
}

/** Algorithm and key of an OpenSSH line, without its comment. */
function keyBody(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(' ');
}
