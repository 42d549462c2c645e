import Database from 'libsql';
import { join } from 'node:path';
import { CIMI } from '../../src/model/define';
import { REFUSED } from '../../src/operations/job';
import { ACTION_URI, IMAGE, listOf, machineCreate, made, NANO, openScene, pathOf, succeeded, type Scene } from './scene';
import { eventually } from '../harness/wait';

/** Refusals did nothing (4.1.6.8, 4.2.1.6): every kind of change, for every reason that the request itself can give. */
let scene: Scene;
let changes: Change[];

interface Change {
  what: string;
  method: string;
  uri: string;
  json?: object;
  xml?: string;
}

interface Reason {
  what: string;
  status: number;
  headers?: Record<string, string>;
  /** Added to the query. */
  query?: string;
  /** Text in place of the body. */
  body?: string;
  role?: 'reader';
  appliesTo?: (change: Change) => boolean;
}

const hasBody = ({ json }: Change): boolean => json !== undefined;
const toCollection = ({ method, uri }: Change): boolean => method === 'POST' && !/^\w+\/[^/]+$/.test(uri);
const toJob = ({ uri }: Change): boolean => uri.startsWith('jobs/');
const REASONS: Reason[] = [
  { what: 'no format that is known is accepted', status: 406, headers: { accept: 'text/html' } },
  { what: 'a role that may only read', status: 403, role: 'reader' },
  { what: 'a filter that cannot be read', status: 400, query: '$filter=name=', appliesTo: toCollection },
  { what: 'a window that cannot be read', status: 400, query: '$first=some', appliesTo: toCollection },
  { what: 'a body of another media type', status: 415, headers: { 'content-type': 'text/plain' }, appliesTo: hasBody },
  { what: 'no body', status: 400, body: '', appliesTo: hasBody },
  { what: 'a body that is cut', status: 400, body: '{', appliesTo: hasBody },
  { what: 'a version that it has not', status: 412, headers: { 'if-match': '"none.such"' }, appliesTo: (change) => !toCollection(change) },
  { what: 'a version of its collection (RFC 9110 13.1.1)', status: 412, headers: { 'if-match': '"list.such"' }, appliesTo: toCollection },
  { what: 'that it is not there (RFC 9110 13.1.2)', status: 412, headers: { 'if-none-match': '*' } },
  { what: 'a key that is none', status: 400, headers: { 'idempotency-key': 'two words' }, appliesTo: (change) => !toJob(change) },
  { what: 'a key of another request', status: 422, headers: { 'idempotency-key': 'taken' }, appliesTo: (change) => !toJob(change) },
];
const FORMATS = ['application/json', 'application/xml'] as const;

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 1000 } } });
  const { client } = scene;
  const path = async (collection: string, body: object) => pathOf(client, (await made(client, collection, body)).id);
  const machine = await path('machines', machineCreate({ name: 'kept' }));
  const stored = await path('machineTemplates', { name: 'kept', description: 'd' });
  const capture = listOf((await client.get(machine)).json, 'operations').find(({ rel }) => String(rel) === `${ACTION_URI}capture`);
  await client.post('machineConfigs', { name: 'keyed', cpu: 1, memory: 1024 }, { 'idempotency-key': 'taken' });
  const ended = (await client.put(stored, { name: 'kept', description: 'd' })).headers.get('cimi-job-uri');
  const busy = await path('machines', machineCreate({ name: 'busy' }));
  scene.control.fail({ method: 'machines.stop', delayMs: 600_000 });
  const running = (await client.act(busy, 'stop')).headers.get('cimi-job-uri');
  await eventually(async () => ((scene.control.calls()['machines.stop'] ?? 0) > 0 ? true : undefined));
  const action = (name: string) => ({
    json: { resourceURI: `${CIMI}/Action`, action: ACTION_URI + name },
    xml: `<Action xmlns="${CIMI}"><action>${ACTION_URI}${name}</action></Action>`,
  });
  const template = `<machineTemplate><machineConfig href="${NANO}"/><machineImage href="${IMAGE}"/></machineTemplate>`;
  const named = (type: string) => ({ json: { name: 'new' }, xml: `<${type} xmlns="${CIMI}"><name>new</name></${type}>` });
  const { cpu, memory } = (await client.get(machine)).json;
  const size = { cpu: Number(cpu), memory: Number(memory) };
  const component = {
    name: 'one',
    type: `${CIMI}/Machine`,
    machineTemplate: { machineConfig: { href: NANO }, machineImage: { href: IMAGE } },
  };
  const componentXml = `<componentDescriptor><name>one</name><type>${CIMI}/Machine</type>${template}</componentDescriptor>`;
  changes = [
    {
      ...{ what: 'create of a machine', method: 'POST', uri: 'machines', json: machineCreate({ name: 'new' }) },
      xml: `<MachineCreate xmlns="${CIMI}">${template}</MachineCreate>`,
    },
    { what: 'create of what the gateway keeps', method: 'POST', uri: 'machineTemplates', ...named('MachineTemplate') },
    {
      ...{ what: 'create of a credential with a key to be made', method: 'POST', uri: 'credentials', json: { credentialTemplate: {} } },
      xml: `<CredentialCreate xmlns="${CIMI}"><credentialTemplate/></CredentialCreate>`,
    },
    {
      ...{ what: 'create of a System', method: 'POST', uri: 'systems' },
      json: { systemTemplate: { componentDescriptors: [component] } },
      xml: `<SystemCreate xmlns="${CIMI}"><systemTemplate>${componentXml}</systemTemplate></SystemCreate>`,
    },
    {
      ...{ what: 'create in a nested collection', method: 'POST', uri: `${machine}/disks`, json: { capacity: 1_000_000 } },
      xml: `<Disk xmlns="${CIMI}"><capacity>1000000</capacity></Disk>`,
    },
    { what: 'a link that is followed', method: 'POST', uri: pathOf(client, capture?.href), ...action('capture') },
    { what: 'full PUT of what the gateway keeps', method: 'PUT', uri: stored, ...named('MachineTemplate') },
    { what: 'partial PUT of what the gateway keeps', method: 'PUT', uri: `${stored}?$select=name`, ...named('MachineTemplate') },
    {
      ...{ what: 'full PUT at the provider', method: 'PUT', uri: machine, json: { name: 'new', ...size } },
      xml: `<Machine xmlns="${CIMI}"><name>new</name><cpu>${size.cpu}</cpu><memory>${size.memory}</memory></Machine>`,
    },
    { what: 'partial PUT at the provider', method: 'PUT', uri: `${machine}?$select=name`, ...named('Machine') },
    { what: 'DELETE of what the gateway keeps', method: 'DELETE', uri: stored },
    { what: 'DELETE at the provider', method: 'DELETE', uri: machine },
    { what: 'an action', method: 'POST', uri: machine, ...action('stop') },
    { what: 'PUT of a Job', method: 'PUT', uri: pathOf(client, ended), ...named('Job') },
    { what: 'DELETE of an ended Job', method: 'DELETE', uri: pathOf(client, ended) },
    { what: 'DELETE of a running Job', method: 'DELETE', uri: pathOf(client, running) },
    { what: 'stop of a Job', method: 'POST', uri: pathOf(client, running), ...action('stop') },
  ];
});
afterAll(() => scene.close());

/** Reads everything there is: the store's tables without the Jobs of refused requests, their alarms and entries of the audit, and leases, and the cloud with its writes. */
function everything(): unknown {
  const db = new Database(join(scene.gateway.dataDir, 'cimi.db'), { readonly: true });
  try {
    const rows = (sql: string) => JSON.stringify(db.prepare(sql).all());
    const jobs = (db.prepare('select * from jobs order by id').all() as Record<string, unknown>[])
      .filter((job) => job['return_code'] !== REFUSED)
      .map(({ lease_until: _until, ...job }) => job);
    const writes = Object.entries(scene.control.calls()).filter(([method]) => !/\.(list|get)/i.test(method));
    return {
      store: [
        ...['resources', 'refs', 'holds', 'retired'].map((table) => rows(`select * from ${table} order by 1, 2`)),
        rows(`select * from events where lane is null and type not like '%/event/alarm' order by 1, 2`),
      ],
      jobs: JSON.stringify(jobs),
      cloud: [scene.control.instances(), scene.control.snapshots(), scene.control.keyPairs(), scene.control.things('volume'), writes],
    };
  } finally {
    db.close();
  }
}

async function refused(change: Change, reason: Reason, format: string): Promise<void> {
  const isXml = format === 'application/xml';
  const own = isXml ? change.xml : change.json && JSON.stringify(change.json);
  const body = own === undefined ? undefined : (reason.body ?? own);
  const [path = '', query = ''] = change.uri.split('?');
  const pairs = [query, reason.query ?? ''].filter((text) => text !== '').join('&');
  const { handle } = scene.gateway.gateway;
  const answer = await handle({
    method: change.method,
    path,
    query: [...new URLSearchParams(pairs)],
    headers: { accept: format, ...(body === undefined ? {} : { 'content-type': format }), ...reason.headers },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    principal: { name: 'somebody', tenant: 'default', role: reason.role ?? 'admin' },
    requestId: 'refused',
  });
  const text = Buffer.concat(answer.body ?? []).toString();
  const job = lastRefused();
  const told = [answer.status, answer.headers.Location, answer.headers['CIMI-Job-URI'], text.includes(job), text.includes('FAILED')];
  expect([change.what, reason.what, format, ...told]).toEqual([
    change.what,
    reason.what,
    format,
    reason.status,
    undefined,
    job,
    true,
    true,
  ]);
}

/** The refused request's own Job, newest of all. */
function lastRefused(): string {
  const db = new Database(join(scene.gateway.dataDir, 'cimi.db'), { readonly: true });
  try {
    const row = db.prepare(`select id from jobs where return_code = ${REFUSED} order by rowid desc limit 1`).get() as { id: string };
    return `${scene.gateway.base}jobs/${row.id}`;
  } finally {
    db.close();
  }
}

test.each(REASONS)('$what: $status, and nothing was done', async (reason) => {
  const before = everything();
  let tried = 0;
  for (const change of changes.filter((each) => reason.appliesTo?.(each) ?? true)) {
    for (const format of FORMATS) await refused(change, reason, format);
    tried += 1;
    expect([change.what, everything()]).toEqual([change.what, before]);
  }
  expect(tried).toBeGreaterThan(5);
});

test('each of these changes is taken where nothing speaks against it', async () => {
  const isLast = ({ method }: Change): number => Number(method === 'DELETE');
  const order = [...changes].sort((a, b) => isLast(a) - isLast(b)).filter(({ what }) => what !== 'DELETE of a running Job');
  for (const change of order) {
    // An action is possible once; all else that has a body is taken in both formats.
    const again = change.xml !== undefined && (change.method === 'PUT' || toCollection(change)) ? [{ xml: change.xml }] : [];
    for (const body of [change.json ? { json: change.json } : {}, ...again]) {
      const answer = await scene.client.send(change.method, change.uri, body);
      expect([change.what, answer.status < 300 ? 'taken' : answer.text]).toEqual([change.what, 'taken']);
      if (!toJob(change)) await succeeded(scene.client, answer);
    }
  }
});
