import type { Client, Send } from '../harness/client';
import { CIMI } from '../../src/model/define';
import { encodeId } from '../../src/clouds/identity';
import { expectStatus, hrefOf, type Act, type Scene } from './scene';

/** Reads of all kinds, and what is refused. */

/** Queries of a list, most of which nobody has asked before. */
const QUERIES: readonly ((fresh: string) => string)[] = [
  () => '',
  (fresh) => `?$filter=name='${fresh}'`,
  (fresh) => `?$filter=description='${fresh}' or name='${fresh}'`,
  () => '?$expand=*',
  (fresh) => `?$select=id,name&$filter=name='${fresh}'`,
  () => '?$first=1&$last=20&$orderby=created:desc',
];

/** Every list of the entry point, each with another query and format. */
const lists: Act = async (scene) => {
  const client = scene.client();
  const entry = expectStatus(await client.get('cloudEntryPoint'), 200);
  const hrefs = Object.values(entry).flatMap((value: unknown) => {
    const href = hrefOf(value);
    return href.startsWith(client.base) ? [href] : [];
  });
  if (hrefs.length < 10) throw new Error(`the entry point names ${hrefs.length} collections`);
  for (const href of hrefs) {
    const query = scene.random.of(QUERIES)(scene.fresh());
    // A type may say that it has no attribute of that name.
    expectStatus(await client.get(href + query, { accept: scene.random.of(['application/json', 'application/xml']) }), 200, 400);
  }
};

/** Lists below one cloud, and what hardly changes. */
const documents: Act = async (scene) => {
  const client = scene.client();
  const { key } = scene.random.of(scene.world.clouds);
  for (const uri of [`clouds/${key}/machines`, `clouds/${key}/resourceMetadata`, `clouds/${key}/cloudEntryPoint`, 'jobs?$last=5'])
    expectStatus(await client.get(uri), 200);
  for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/console/', '/docs/']) {
    const answer = await client.get(new URL(path, client.base).href);
    expectStatus(answer, 200, 404);
    const etag = answer.headers.get('etag');
    if (etag !== null) expectStatus(await client.get(new URL(path, client.base).href, { 'if-none-match': etag }), 304);
  }
};

type Refused = readonly [method: string, path: string, send?: Send];

const refusedOf = (fresh: string, cloud: string): readonly Refused[] => [
  ['GET', `machines/${fresh}`],
  ['GET', `machines/${encodeId(cloud, fresh)}`],
  ['GET', `volumes/${encodeId(cloud, fresh)}?$select=${fresh.replaceAll('-', '')}`],
  ['GET', `${fresh}/${fresh}`],
  ['GET', `clouds/${fresh}/machines`],
  ['GET', `jobs/${fresh}`],
  ['GET', `machines?$filter=${fresh} is no filter`],
  ['GET', `machines?${fresh.padEnd(9_000, 'x')}`],
  ['GET', 'machines', { headers: { accept: `image/${fresh}` } }],
  ['POST', 'cloudEntryPoint', { json: { name: fresh } }],
  ['POST', 'machines', { xml: `<${fresh}` }],
  ['POST', 'machines', { json: { resourceURI: `${CIMI}/MachineCreate`, [fresh]: fresh } }],
  ['POST', 'machines', { json: { machineTemplate: { href: `machineTemplates/${fresh}` } }, headers: { 'idempotency-key': fresh } }],
  ['PUT', `machineTemplates/${fresh}`, { json: { name: fresh } }],
  ['DELETE', `volumes/${encodeId(cloud, fresh)}`, { headers: { 'idempotency-key': fresh } }],
  [fresh.replaceAll(/[^a-z]/g, '').toUpperCase(), 'machines'],
];

const refused: Act = async (scene) => {
  const client: Client = scene.client();
  for (const [method, path, send] of refusedOf(scene.fresh(), cloudKey(scene))) {
    const { status, text } = await client.send(method, path, send);
    if (status < 400 || status >= 500)
      throw new Error(`${method} ${path.slice(0, 200)} was answered with ${status}: ${text.slice(0, 400)}`);
  }
};

const cloudKey = ({ random, world }: Scene): string => random.of(world.clouds).key;

export const READS: readonly Act[] = [lists, documents, refused];
