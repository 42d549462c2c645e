import { ProviderError } from './errors';

/** A call that was not sent, because the cloud has not answered for a while: what does not depend on it need not wait for it. */
export class SilentCloud extends ProviderError {
  /** @param reason the last words of the silence @param inMs time after which the cloud is tried again, in ms */
  constructor(cloud: string, reason: string, inMs: number) {
    const seconds = Math.max(1, Math.ceil(inMs / 1000));
    super('unavailable', `The cloud ${cloud} does not answer and is tried again in ${seconds} s; the last reason: ${reason}`, {
      retryAfterMs: inMs,
      maybeDone: false,
    });
    this.name = 'SilentCloud';
  }
}
