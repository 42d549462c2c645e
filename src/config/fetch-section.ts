import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { proxyOption } from '../net/proxies';

const HOUR = 3_600_000;

const host = z
  .string()
  .regex(
    /^(\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]{2,45}\])(:[1-9][0-9]{0,4})?$/,
    "must be a host name, '*.domain', '*' or an address ([…] around IPv6), with :port where it is not the scheme's own",
  );

/** A subnet of addresses. */
export const subnet = z.string().refine(isSubnet, 'must be a subnet: 10.20.0.0/16, fd12:3456::/32');

/** The section `fetch`: what may be fetched because a request says so. */
export const fetchSection = z
  .strictObject({
    hosts: z
      .array(host)
      .max(1000)
      .default([])
      .describe(
        "Hosts to fetch from: names, '*.domain' for all below a domain, '*' for all; with :port where it is not the scheme's own. None: nothing is fetched.",
      ),
    schemes: z
      .array(z.enum(['https', 'http']))
      .min(1)
      .default(['https'])
      .describe('Schemes of the URIs. http: anybody on the way can change what is fetched.'),
    addresses: z
      .array(subnet)
      .max(1000)
      .default([])
      .describe('Subnets to fetch from although they are not the public internet (private, loopback, link-local, metadata).'),
    redirects: z.int().min(0).max(20).default(3).describe('Most redirects followed; each is held against all of these rules.'),
    maxBytes: z
      .int()
      .min(1)
      .max(2 ** 44)
      .default(64 * 2 ** 30)
      .describe('Largest thing fetched, in bytes.'),
    deadlineMs: z
      .int()
      .min(100)
      .max(24 * HOUR)
      .default(HOUR)
      .describe('How long fetching one thing may take in all, in ms.'),
    idleMs: z.int().min(100).max(HOUR).default(30_000).describe('How long the other side may send nothing, in ms.'),
    proxy: proxyOption,
    concurrency: z.int().min(1).max(1000).default(4).describe('Most things fetched at once by one process; others wait.'),
  })
  .prefault({})
  .describe('What is fetched from other places because a request says so (images by URL). Off until hosts are named.');

function isSubnet(text: string): boolean {
  const [net = '', bits = '', ...more] = text.split('/');
  const longest = isIPv4(net) ? 32 : isIPv6(net) && !net.includes('%') ? 128 : -1;
  return more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
}
