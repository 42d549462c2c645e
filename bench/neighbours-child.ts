import { randomBytes, randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';

/**
 * The tenant that does its worst, in a process of its own, until it is ended. Arguments: base URI, bearer token, URI of a
 * machine, and the kinds of what it does, by commas. What it is answered is thrown away; how often, by status, is told on
 * standard error at the end.
 */
const [base = '', token = '', machine = '', asked = ''] = process.argv.slice(2);
const CIMI = 'http://schemas.dmtf.org/cimi/1/';
const JSON_TYPE = { 'content-type': 'application/json' };
const agent = new Agent({ keepAlive: true, maxSockets: 1_000 });
const answers = new Map<string, number>();

interface Request {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  localAddress?: string;
}

/** Requests by kind: how many at once, and each next one. */
const KINDS: Record<string, { atOnce: number; next: () => Request }> = {
  references: {
    atOnce: 20,
    next: () => ({
      method: 'POST',
      path: 'machines',
      headers: JSON_TYPE,
      body: machineOf({ machineTemplate: { href: 'x'.repeat(1_040_000) } }),
    }),
  },
  bodies: {
    atOnce: 10,
    next: () =>
      randomInt(2) === 0
        ? { method: 'POST', path: 'machines', headers: JSON_TYPE, body: machineOf({ properties: PROPERTIES, machineTemplate: {} }) }
        : { method: 'POST', path: 'machines', headers: { 'content-type': 'application/xml' }, body: XML },
  },
  lists: { atOnce: 20, next: () => ({ path: `clouds/many/machines?$first=${randomInt(1, 100)}`, headers: { accept: accepted() } }) },
  filters: { atOnce: 10, next: () => ({ path: `clouds/many/machines?$filter=${longFilter()}&$orderby=description:desc,name:asc` }) },
  expands: {
    atOnce: 10,
    next: () => ({ path: `clouds/thousand/machines?$expand=*&$first=${randomInt(1, 10)}`, headers: { accept: accepted() } }),
  },
  keys: {
    atOnce: 20,
    next: () => ({
      method: 'POST',
      path: 'credentials',
      headers: JSON_TYPE,
      body: JSON.stringify({
        resourceURI: `${CIMI}CredentialCreate`,
        credentialTemplate: { resourceURI: `${CIMI}CredentialTemplate`, type: 'KEYPAIR' },
      }),
    }),
  },
  passwords: {
    atOnce: 20,
    next: () => ({
      path: 'cloudEntryPoint',
      headers: { authorization: `Basic ${Buffer.from(`user${randomInt(50)}:${randomBytes(8).toString('hex')}`).toString('base64')}` },
      // Every address of this machine's own network is another stranger's.
      localAddress: `127.${randomInt(1, 255)}.${randomInt(255)}.${randomInt(1, 255)}`,
    }),
  },
  flood: { atOnce: 100, next: () => ({ path: machine.slice(base.length) }) },
  systems: {
    atOnce: 2,
    next: () => ({ method: 'POST', path: 'systems', headers: JSON_TYPE, body: JSON.stringify(system()) }),
  },
};

function machineOf(more: object): string {
  return JSON.stringify({ resourceURI: `${CIMI}MachineCreate`, ...more });
}

const PROPERTIES = Object.fromEntries(Array.from({ length: 9_000 }, (_, index) => [`key-${index}`, 'v'.repeat(90)]));
const XML =
  `<MachineCreate xmlns="http://schemas.dmtf.org/cimi/1">` +
  Array.from({ length: 9_000 }, (_, index) => `<property key="key-${index}">${'&amp;v'.repeat(12)}</property>`).join('') +
  `</MachineCreate>`;

function accepted(): string {
  return randomInt(2) === 0 ? 'application/json' : 'application/xml';
}

function longFilter(): string {
  const one = (index: number): string => `(name='machine ${index}' or description!='x${index}')`;
  return encodeURIComponent(Array.from({ length: 60 }, (_, index) => one(index)).join(' and '));
}

function system(): object {
  const machineTemplate = {
    machineConfig: { href: `${base}machineConfigs/one.s1_2esmall` },
    machineImage: { href: `${base}machineImages/one.img-debian-12` },
  };
  return {
    resourceURI: `${CIMI}SystemCreate`,
    name: 'thousand',
    systemTemplate: {
      componentDescriptors: [{ name: 'node', type: `${CIMI}Machine`, machineTemplate, quantity: 1_000 }],
    },
  };
}

function send(kind: string, { method = 'GET', path, headers, body, localAddress }: Request): Promise<void> {
  return new Promise((resolve) => {
    const options = {
      method,
      ...(localAddress === undefined ? { agent } : { agent: false as const, localAddress }),
      headers: {
        authorization: `Bearer ${token}`,
        ...headers,
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
    };
    const done = (what: string): void => {
      const key = `${kind} ${what}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
      resolve();
    };
    const sent = request(base + path, options, (answer) => {
      answer.resume();
      answer.once('close', () => done(String(answer.statusCode)));
    });
    sent.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    sent.end(body);
  });
}

async function goOn(kind: string, next: () => Request): Promise<never> {
  for (;;) await send(kind, next());
}

for (const kind of asked.split(',')) {
  const known = KINDS[kind];
  if (!known) throw new Error(`no kind ${kind}`);
  for (let index = 0; index < known.atOnce; index++) void goOn(kind, known.next);
}
console.error('at its worst');
process.on('SIGTERM', () => {
  console.error(`answers ${JSON.stringify(Object.fromEntries(answers))}`);
  process.exit(0);
});
