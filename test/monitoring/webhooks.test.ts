import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { startOrigin, type Origin } from '../fetch/origin';
import { eventually } from '../harness/wait';
import { openScene, type Scene } from '../protocol/scene';

/** A webhook of a running gateway is told what happens, signed, through the rules for addresses. */
interface Delivery {
  headers: IncomingMessage['headers'];
  body: string;
}

const SECRET = 'a secret that is long enough';
let origin: Origin;
let scene: Scene | undefined;
let deliveries: Delivery[];
beforeEach(async () => {
  deliveries = [];
  origin = await startOrigin({
    '/hook': (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        deliveries.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        response.writeHead(204).end();
      });
    },
  });
});
afterEach(async () => {
  await scene?.close();
  await origin.close();
});

const start = (fetch: object) =>
  openScene({
    config: {
      fetch,
      worker: { sweepMs: 100 },
      webhooks: [{ name: 'ops', url: `${origin.url}hook`, secret: SECRET, types: ['model'] }],
    },
  });

test('an event reaches it signed', async () => {
  scene = await start({ schemes: ['http'], addresses: ['127.0.0.0/8'] });
  const { client } = scene;
  const delivery = await eventually(async () => {
    await client.post('machineConfigs', { cpu: 1, memory: 1024 });
    return deliveries[0];
  });
  const { headers, body } = delivery;
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', SECRET).update(signed).digest('base64')}`);
  const { tenant, events } = JSON.parse(body) as { tenant: string; events: unknown[] };
  expect(tenant).toBe('default');
  expect(events[0]).toMatchObject({
    type: 'http://schemas.dmtf.org/cimi/1/event/model',
    about: { href: expect.stringMatching(/^machineConfigs\//) as string },
  });
});

test('an address that nothing may be fetched from is told nothing, and the log says why', async () => {
  scene = await start({ schemes: ['http'] });
  const { client, gateway } = scene;
  const line = await eventually(async () => {
    await client.post('machineConfigs', { cpu: 1, memory: 1024 });
    return gateway.logs().find(({ msg }) => String(msg).startsWith('the webhook did not take'));
  });
  expect(line).toMatchObject({ webhook: 'ops', reason: expect.stringMatching(/at an address that nothing may be fetched from/) as string });
  expect(deliveries).toEqual([]);
});
