import type { Catalogue } from '../../src/model/catalogue';
import { CIMI } from '../../src/model/define';
import { declaredOffers } from '../../src/model/openapi';
import { writeBody, type Content } from '../conformance/kit/body';
import { simulatedCloud } from '../harness/gateway';
import { openScene, succeeded, type Scene } from '../protocol/scene';
import { stableText } from './stable';
import { CREATES } from './steps';

/** Records a request and its answer for each operation that the catalogue declares, over the simulated cloud. */

export type Format = 'json' | 'xml';

export interface Exchange {
  request: string;
  answer: string;
  status: number;
}

/** Exchanges by `TYPE OPERATION`. */
export type Recorded = ReadonlyMap<string, Exchange>;

/** All operations of all types: reads, lists, and what the catalogue declares beside. */
export function operationsOf(catalogue: Catalogue): readonly (readonly [type: string, operations: readonly string[]])[] {
  const listed = new Set(catalogue.collections.map(({ item }) => item));
  return [...declaredOffers(catalogue)].map(([type, offers]) => {
    const changes = [...new Set(offers)].filter((name) => name !== 'add' && name !== 'delete');
    const of = (name: string) => (offers.includes(name) ? [name] : []);
    return [type, [...(listed.has(type) ? ['list'] : []), 'read', ...of('add'), ...changes, ...of('delete')]];
  });
}

export async function record(catalogue: Catalogue, format: Format): Promise<Recorded> {
  const scene = await openScene({ config: { clouds: { sim: simulatedCloud({}, { guard: { cacheMs: 0 } }) } } });
  try {
    return await new Recorder(catalogue, scene, format).all();
  } finally {
    await scene.close();
  }
}

class Recorder {
  private readonly recorded = new Map<string, Exchange>();
  /** URIs of one resource of each type. */
  private readonly uris = new Map<string, string>();
  /** URL of the newest package. */
  private exported = 'https://packages.example.org/shop.ovf';
  /** Names for the last segments of URIs. */
  private readonly names = new Map<string, string>();

  constructor(
    private readonly catalogue: Catalogue,
    private readonly scene: Scene,
    private readonly format: Format,
  ) {}

  async all(): Promise<Recorded> {
    for (const { type, name, envelope, within, body, as = type } of CREATES) {
      const owner = within && this.uris.get(within[0]);
      const collection = within ? `${owner}/${within[1]}` : String(this.catalogue.pathOf(type));
      const content = { ...(within && !envelope ? {} : { name }), ...body((each) => this.uriOf(each)) };
      const { location } = await this.change(`${type} add`, 'POST', collection, envelope ?? type, content);
      if (location !== undefined) this.know(as, location, name);
    }
    await this.measure();
    const operations = operationsOf(this.catalogue);
    for (const [type, names] of operations) {
      const collection = await this.collectionOf(type);
      if (!this.uris.has(type)) await this.find(type, collection);
      if (names.includes('list')) await this.send(`${type} list`, 'GET', `${collection}?$first=1&$last=1`);
      await this.send(`${type} read`, 'GET', this.uriOf(type));
      if (names.includes('add') && !this.recorded.has(`${type} add`))
        await this.change(`${type} add`, 'POST', collection, type, { name: 'new' });
    }
    for (const [type, names] of operations)
      for (const name of names) {
        if (name === 'edit')
          await this.change(`${type} edit`, 'PUT', `${this.uriOf(type)}?$select=description`, type, { description: 'changed' });
        else if (!this.recorded.has(`${type} ${name}`) && name !== 'delete') await this.act(type, name);
      }
    const made = CREATES.map(({ type }) => type).reverse();
    const nested = (type: string) => this.catalogue.pathOf(type) === undefined;
    const all = operations.map(([each]) => each);
    for (const type of new Set([...all.filter((each) => nested(each) && !made.includes(each)), ...made.filter(nested), ...made, ...all]))
      if (operations.some(([each, names]) => each === type && names.includes('delete')))
        await this.send(`${type} delete`, 'DELETE', this.uriOf(type), undefined, true);
    return this.recorded;
  }

  private uriOf(type: string): string {
    return this.uris.get(type) ?? `${this.scene.client.base}${this.catalogue.pathOf(type) ?? type}/none`;
  }

  private know(type: string, uri: string, name: string): void {
    this.uris.set(type, uri);
    this.name(uri, name);
  }

  /** Calls an id that chance made by a name, the first that it gets: an association has that of what it binds. */
  private name(uri: string, name: string): void {
    const id = uri.slice(uri.lastIndexOf('/') + 1);
    if (id.length > 20 && !this.names.has(id)) this.names.set(id, name);
  }

  /** Puts a sample where the Meter's first one would come within a minute. */
  private async measure(): Promise<void> {
    const { store } = this.scene.gateway.gateway;
    const meter = this.uriOf('Meter');
    const path = meter.replace(this.scene.client.base, '');
    await succeeded(this.scene.client, await this.scene.client.act(meter, 'stop'));
    const builtOn = (await store.series([path])).get(path)?.reached;
    const t = Math.floor(Date.now() / 60_000) * 60 - 60;
    const samples = [{ t, value: 35, covered: null }];
    await store.transaction((unit) =>
      unit.putSamples([{ meter: path, reached: (t + 60) * 1000, memory: null, samples, ageing: false, builtOn }]),
    );
  }

  /** Path of a collection that may have a resource of a type. */
  private async collectionOf(type: string): Promise<string> {
    const path = this.catalogue.pathOf(type);
    const own = this.catalogue.resource(type).singleton;
    if (own !== undefined || (path !== undefined && type !== 'Meter')) return String(path);
    const within = CREATES.find((create) => create.type === type)?.within;
    if (within) return `${this.uriOf(within[0])}/${within[1]}`;
    const owners = this.catalogue.resources.flatMap(({ name }) =>
      [...this.catalogue.nestedOf(name)].flatMap(([segment, { item }]) => (item === type ? [`${this.uriOf(name)}/${segment}`] : [])),
    );
    return owners[0] ?? type;
  }

  /** Finds what nobody had to make. */
  private async find(type: string, collection: string): Promise<void> {
    const { singleton } = this.catalogue.resource(type);
    if (singleton !== undefined) return void this.uris.set(type, `${this.scene.client.base}${singleton}`);
    const { json } = await this.scene.client.get(`${collection}?$first=1&$last=1`);
    const items = Object.values(json as object).flatMap((value: unknown) => (Array.isArray(value) ? (value as { id?: string }[]) : []));
    const found = items.find(({ id }) => id !== undefined)?.id;
    if (found !== undefined) this.know(type, found, type.toLowerCase());
  }

  private async act(type: string, name: string): Promise<void> {
    const onCollection = this.catalogue.collections.find((each) => each.item === type && each.actions?.[name]);
    const href = async () => {
      const { operations } = (await this.scene.client.get(this.uriOf(type))).json as { operations?: { rel: string; href: string }[] };
      return operations?.find(({ rel }) => rel === `${CIMI}/action/${name}` || rel.endsWith(`/${name}`))?.href;
    };
    let at = onCollection ? String(this.catalogue.pathOf(type)) : await href();
    if (at === undefined) {
      const first = ['start', 'export'].includes(name) ? 'stop' : 'start';
      const body = { resourceURI: `${CIMI}/Action`, action: `${CIMI}/action/${first}` };
      await this.scene.client.post(this.uriOf(type), body, { prefer: 'wait=60' });
      at = await href();
    }
    const declared = onCollection?.actions?.[name] ?? this.catalogue.resource(type).actions?.[name];
    const inputs: Content = name === 'restore' ? { image: this.uriOf('MachineImage') } : name === 'import' ? { source: this.exported } : {};
    const uri = declared?.uri ?? `${CIMI}/action/${name}`;
    const { location } = await this.change(`${type} ${name}`, 'POST', at ?? this.uriOf(type), 'Action', { action: uri, ...inputs });
    if (name === 'export' && location !== undefined) this.exported = location;
  }

  private change(key: string, method: string, path: string, envelope: string, content: Content): Promise<{ location: string | undefined }> {
    return this.send(key, method, path, writeBody(this.format, envelope, content), true);
  }

  private async send(key: string, method: string, path: string, body?: string, waits = false): Promise<{ location: string | undefined }> {
    const type = `application/${this.format}`;
    const headers = { accept: type, ...(waits && { prefer: 'wait=60' }), ...(body !== undefined && { 'content-type': type }) };
    const url = new URL(path, this.scene.client.base);
    const answer = await fetch(url, { method, headers, ...(body !== undefined && { body }) });
    const text = await answer.text();
    const location = answer.headers.get('location') ?? undefined;
    const shown = (each: string) => stableText(each, this.scene.client.base, this.names, this.format);
    const lines = [
      `${method} ${url.pathname}${url.search} HTTP/1.1`,
      `Accept: ${type}`,
      ...(waits ? ['Prefer: wait=60'] : []),
      ...(body === undefined ? [] : [`Content-Type: ${type}`, '', body]),
    ];
    if (location !== undefined && key.endsWith(' add'))
      this.name(location, CREATES.find(({ type: made }) => key === `${made} add`)?.name ?? 'new');
    const told = ['content-type', 'location', 'cimi-job-uri', 'etag', 'allow'].flatMap((name) => {
      const value = answer.headers.get(name);
      return value === null ? [] : [`${NAMES[name] ?? name}: ${value}`];
    });
    const head = [`HTTP/1.1 ${answer.status} ${answer.statusText}`, ...told];
    this.recorded.set(key, {
      request: shown(lines.join('\n')),
      answer: shown([...head, ...(text === '' ? [] : ['', text])].join('\n')),
      status: answer.status,
    });
    return { location };
  }
}

const NAMES: Readonly<Record<string, string>> = {
  'content-type': 'Content-Type',
  location: 'Location',
  'cimi-job-uri': 'CIMI-Job-URI',
  etag: 'ETag',
  allow: 'Allow',
};
