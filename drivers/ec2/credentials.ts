import { DeleteKeyPairCommand, DescribeKeyPairsCommand, ImportKeyPairCommand } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Credentials, ImportCredential } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { thing, unlessGone } from './gone';
import { keyPairName, TAG, tagList } from './naming';

/** Public keys of the gateway's Credentials as EC2 key pairs; their name follows from the tag. */
export class Ec2Credentials implements Credentials {
  constructor(private readonly wire: Wire) {}

  keyOf(tag: string): string {
    return keyPairName(tag);
  }

  /** Importing the same key again is success; another key under the same tag is a conflict. */
  async import(request: ImportCredential, context: CallContext): Promise<Created> {
    const KeyName = keyPairName(request.tag);
    const tags = tagList({ [TAG.id]: request.tag, [TAG.token]: request.token });
    try {
      await this.wire.send(
        new ImportKeyPairCommand({
          KeyName,
          PublicKeyMaterial: Buffer.from(request.publicKey, 'utf8'),
          TagSpecifications: [{ ResourceType: 'key-pair', Tags: tags }],
        }),
        context,
      );
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'InvalidKeyPair.Duplicate') throw error;
      await this.#requireSame(KeyName, request.publicKey, context);
    }
    return { key: KeyName };
  }

  async #requireSame(KeyName: string, publicKey: string, context: CallContext): Promise<void> {
    const answer = await this.wire.send(new DescribeKeyPairsCommand({ KeyNames: [KeyName], IncludePublicKey: true }), context);
    if (keyBody(answer.KeyPairs?.[0]?.PublicKey) === keyBody(publicKey)) return;
    throw new ProviderError('conflict', `EC2 has another public key under the name ${KeyName}`, { code: 'InvalidKeyPair.Duplicate' });
  }

  async delete(key: string, context: CallContext): Promise<void> {
    await unlessGone(thing('key pair', key), this.wire.send(new DeleteKeyPairCommand({ KeyName: key }), context));
  }
}

/** Algorithm and key of an OpenSSH line, without its comment. */
function keyBody(line: string | undefined): string {
  return (line ?? '').trim().split(/\s+/).slice(0, 2).join(' ');
}
