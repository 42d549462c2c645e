import { z } from 'zod';
import { isBare, isProxyPlace } from './formats';

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);
const HOUR = 3_600_000;

const limits = z
  .strictObject({
    bodyBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 * 1024)
      .default(1024 * 1024)
      .describe('Largest request body, in bytes; larger ones are answered with 413.'),
    bodyDepth: z.int().min(8).max(256).default(32).describe('Deepest nesting of a request body.'),
    bodyItems: z.int().min(100).max(1_000_000).default(10_000).describe('Most values (members, elements, array items) in a request body.'),
    headerBytes: z
      .int()
      .min(4096)
      .max(1_048_576)
      .default(16_384)
      .describe('Largest request header as a whole, in bytes; larger ones are answered with 431.'),
    urlBytes: z
      .int()
      .min(1024)
      .max(1_048_576)
      .default(8192)
      .describe('Longest request target (path and query), in bytes; longer ones are answered with 414.'),
    requestTimeoutMs: milliseconds(1000, HOUR).default(60_000).describe('How long a client may take to send its whole request, in ms.'),
    keepAliveMs: milliseconds(0, HOUR)
      .default(65_000)
      .describe('How long an idle connection is kept, in ms; longer than a proxy before the gateway keeps its side.'),
    stallMs: milliseconds(1000, HOUR)
      .default(60_000)
      .describe('How long a client may take no byte of its answer, in ms, before it is cut.'),
    heavyPerTenant: z
      .int()
      .min(1)
      .max(1000)
      .default(3)
      .describe('Most large bodies and collections of one tenant in hand at once in one process; others of the tenant wait.'),
    heavyWaiting: z.int().min(0).max(10_000).default(200).describe('Most that wait for that; more are answered with 503 and Retry-After.'),
  })
  .prefault({})
  .describe('Bounds on what a client may send.');

const certificates = z.string().includes('-----BEGIN CERTIFICATE-----', { error: 'must be certificates in PEM' });

const tls = z
  .strictObject({
    cert: certificates.describe('Certificate, and those that it hangs on, in PEM, by $file.'),
    key: z
      .string()
      .includes('PRIVATE KEY-----', { error: 'must be a private key in PEM' })
      .describe('Its private key in PEM, without a passphrase, by $file or $command.'),
    clientCa: certificates
      .optional()
      .describe(
        'Certificates, in PEM, of which one must have signed that of every client; who has none is not connected. They log in besides.',
      ),
    minVersion: z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2').describe('Oldest version of TLS that is spoken.'),
  })
  .describe('TLS of its own, for which clients use https. Certificate and key are read again at SIGHUP.');

/** The listener of clients. */
export const serverSection = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Other than loopback only once there are users (cimi-gateway user add).'),
    port: z.int().min(0).max(65535).default(8080).describe('TCP port to listen on; 0 takes a free one.'),
    publicUrl: z
      .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
      .refine((text) => isBare(text), 'must have no user, query or fragment')
      .optional()
      .describe(
        'What clients reach the gateway by, without /cimi/ (https://cloud.example.com). All URIs in answers begin with it. Default: http (https with tls), host and port; needed where host is every address (0.0.0.0, ::).',
      ),
    tls: tls.optional(),
    trustProxy: z
      .array(z.string().refine(isProxyPlace, 'must be an address, a subnet (10.0.0.0/8), or one of loopback, linklocal, uniquelocal'))
      .default([])
      .describe(
        'Proxies whose X-Forwarded-For is believed: addresses, subnets (10.0.0.0/8), loopback, linklocal or uniquelocal (private networks).',
      ),
    limits,
    retireMs: milliseconds(0, HOUR)
      .default(0)
      .describe('How long after SIGTERM requests are still taken while /readyz says 503, in ms, for load balancers to look away.'),
    shutdownMs: milliseconds(0, HOUR).default(10_000).describe('How long requests and steps in hand may take to end after that, in ms.'),
  })
  .prefault({})
  .describe('The HTTP listener.');
