import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { ProviderError } from '../../src/clouds/errors';
import { gunzipped } from '../../src/disks/gzip';
import { shown } from '../../src/model/shown';
import { awaitingRefusal } from '../../src/net/early-answer';
import { withoutAnswer } from './errors';
import type { DeviceUrl } from './nfc-lease';
import type { VsphereOptions } from './options';
import { connections } from './tls';

/** Bytes that were sent or came, as they went over the wire. */
export interface Passed {
  sha1: string;
  /** Bytes. */
  size: number;
}

const VMDK = 'application/x-vnd.vmware-streamVmdk';
/** Longest text of a refusal that is read, in bytes. */
const MAX_WORDS = 4_096;

/** Way to the place that has a disk's bytes: mostly the host that the machine lies on, and not vCenter. */
export class DiskPlace {
  private readonly url: URL;
  private readonly ways: ReturnType<typeof connections>;

  /** @throws ProviderError for a place that may not be used */
  constructor(options: VsphereOptions, { url = '', sslThumbprint = '' }: DeviceUrl) {
    const asked = new URL(options.url);
    // A host that was asked itself does not know by which name.
    const whole = url.replace('://*', `://${asked.host}`);
    if (!URL.canParse(whole)) throw new ProviderError('unavailable', 'vCenter told of a disk without its place', { maybeDone: true });
    this.url = new URL(whole);
    if (this.url.protocol !== 'https:' && !(options.insecure && this.url.protocol === 'http:'))
      throw new ProviderError('unavailable', `vCenter wants the disk sent without TLS, to ${this.url.host}`, { maybeDone: true });
    this.ways = connections(this.url.host === asked.host ? options : trusting(options, sslThumbprint));
  }

  /** Sends bytes as they come. @returns what was sent @throws ProviderError, or what their source throws */
  async post(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Passed> {
    const counted = new Counted(bytes);
    const body = Readable.from(awaitingRefusal(counted.all()), { objectMode: false, highWaterMark: 1 });
    try {
      const headers = { 'content-type': VMDK };
      const answer = await this.ask({ method: 'POST', headers, body }, signal);
      if (answer.statusCode !== 200 && answer.statusCode !== 201) throw await this.refused(answer);
      await answer.body.dump();
      if (!counted.whole) throw this.strange('an answer before it had all of the disk');
      return counted.passed();
    } catch (error) {
      throw counted.failure ?? error;
    } finally {
      body.destroy();
    }
  }

  /** Reads bytes, which `passed` tells of once all have come. @throws ProviderError, while reading too */
  async get(signal: AbortSignal): Promise<{ bytes: AsyncIterable<Uint8Array>; passed(): Passed }> {
    const answer = await this.ask({ method: 'GET', headers: { accept: VMDK, 'accept-encoding': 'identity' } }, signal);
    if (answer.statusCode !== 200) throw await this.refused(answer);
    const counted = new Counted(this.decoded(answer, signal));
    return { bytes: counted.all(), passed: () => counted.passed() };
  }

  async close(): Promise<void> {
    await this.ways.destroy();
  }

  private async ask(what: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    try {
      return await request(this.url, { ...what, dispatcher: this.ways, signal });
    } catch (error) {
      throw this.unanswered(error, signal);
    }
  }

  private async *read(body: Dispatcher.ResponseData['body'], signal: AbortSignal): AsyncGenerator<Uint8Array> {
    try {
      for await (const part of body as AsyncIterable<Buffer>) yield part;
    } catch (error) {
      throw this.unanswered(error, signal);
    } finally {
      body.destroy();
    }
  }

  /** Somebody in between may have packed them, although nobody asked for that. */
  private decoded({ headers, body }: Dispatcher.ResponseData, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const bytes = this.read(body, signal);
    return headers['content-encoding'] === 'gzip' ? gunzipped(bytes, Number.MAX_SAFE_INTEGER) : bytes;
  }

  private unanswered(thrown: unknown, { aborted, reason }: AbortSignal): ProviderError {
    if (aborted && reason instanceof ProviderError) return reason;
    const { kind, message, code, maybeDone } = withoutAnswer(thrown, aborted);
    const words = `The disk's bytes go to and from ${this.url.host}, as vCenter told: ${message.replaceAll('vCenter’s', 'its').replaceAll("vCenter's", 'its').replaceAll('vCenter', 'it')}`;
    return new ProviderError(kind === 'notFound' ? 'unavailable' : kind, words, { code, maybeDone, cause: thrown });
  }

  private async refused({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<ProviderError> {
    const parts: Buffer[] = [];
    try {
      for await (const part of body as AsyncIterable<Buffer>) if (parts.push(part) > 0 && Buffer.concat(parts).length > MAX_WORDS) break;
    } catch {
      // The status tells what there is to tell.
      parts.length = 0;
    }
    const said = shown(
      Buffer.concat(parts)
        .toString('utf8')
        .replace(/<[^>]*>/g, ' ')
        .trim(),
      200,
    );
    const seconds = Number(headers['retry-after']);
    const retryAfterMs = seconds >= 0 ? seconds * 1000 : undefined;
    return this.strange(
      `HTTP ${statusCode}${said === '' ? '' : ` (${said})`}`,
      statusCode === 429 ? 'throttled' : 'unavailable',
      retryAfterMs,
    );
  }

  private strange(what: string, kind: 'throttled' | 'unavailable' = 'unavailable', retryAfterMs?: number): ProviderError {
    const words = `${this.url.host}, where vCenter has the disk, answered ${what}`;
    return new ProviderError(kind, words, { maybeDone: true, retryAfterMs });
  }
}

/** A host is trusted by the thumbprint that vCenter tells of it, else as certificates are trusted; vCenter's own is not the host's. */
function trusting(options: VsphereOptions, told: string): Parameters<typeof connections>[0] {
  const { ca, insecure, sockets, proxy } = options;
  const thumbprint = /^([0-9A-F]{2}:){19,31}[0-9A-F]{2}$/i.test(told) && !insecure ? told : undefined;
  return { ca, insecure, sockets, proxy, thumbprint };
}

/** Bytes on their way: counted, hashed, and whether they broke off where they come from. */
class Counted {
  whole = false;
  failure: unknown;
  private readonly hash = createHash('sha1');
  private size = 0;

  constructor(private readonly bytes: AsyncIterable<Uint8Array>) {}

  async *all(): AsyncGenerator<Uint8Array> {
    try {
      for await (const part of this.bytes) {
        this.hash.update(part);
        this.size += part.length;
        yield part;
      }
      this.whole = true;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  passed(): Passed {
    return { sha1: this.hash.digest('hex'), size: this.size };
  }
}
