import type { Created, Credentials, ImportCredential } from '../../src/clouds/driver';

/**
 * vCenter keeps no public keys: a machine gets its own in its guest info when it is made. So the "provider's copy" is
 * the key's text itself, which is no secret, and there is nothing to delete.
 */
export class VsphereCredentials implements Credentials {
  import(request: ImportCredential): Promise<Created> {
    return Promise.resolve({ key: request.publicKey.trim() });
  }

  delete(): Promise<void> {
    return Promise.resolve();
  }
}
