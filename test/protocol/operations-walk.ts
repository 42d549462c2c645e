import type { Catalogue } from '../../src/model/catalogue';
import { ACTION, CIMI } from '../../src/model/define';
import type { Answer, Client, Json } from '../harness/client';

/** Walks everything that a gateway has and tries what is offered and what is not (4.2). */
export type Format = 'json' | 'xml';
export const FORMATS: readonly Format[] = ['json', 'xml'];

/** Resource or Collection as it was found. */
export interface Visit {
  /** Path below the base. */
  path: string;
  type: string;
  collection: boolean;
  /** Names of operations, in short. */
  offers: string[];
}

/** Jobs that are read at either end of the list. */
const FEW = 5;

const typeOf = (json: Json): string => String(json.resourceURI).replace(/^.*\//, '');
const short = (rel: string): string => rel.replace(ACTION, '');

export class Walk {
  constructor(
    private readonly client: Client,
    private readonly catalogue: Catalogue,
  ) {}

  /** All Collections, nested ones too, and all items; of the Jobs the first and the last few: all make the same, and there are hundreds. */
  async all(): Promise<Visit[]> {
    const { json } = await this.client.get('cloudEntryPoint');
    const visits = await Promise.all(this.hrefs(json, this.client.base).map((path) => this.collection(path)));
    return visits.flat();
  }

  /** Reads these resources and all that lives in them. */
  async below(paths: readonly string[]): Promise<Visit[]> {
    const visits = await Promise.all(paths.map(async (path) => this.item((await this.client.get(path)).json)));
    return visits.flat();
  }

  /** A resource or a Collection as it is now; undefined where there is none. */
  async look(path: string): Promise<Visit | undefined> {
    const { status, json } = await this.client.get(path);
    if (status !== 200) return undefined;
    const collection = typeOf(json).endsWith('Collection');
    const operations = (json.operations ?? []) as unknown as Json[];
    return { path, type: typeOf(json), collection, offers: operations.map(({ rel }) => short(String(rel))) };
  }

  /** Operations that the XML shows. */
  async inXml(path: string): Promise<string[]> {
    const { text } = await this.client.get(path, { accept: 'application/xml' });
    const own = text.replace(/<(\w+)><id>.*?<\/\1>/gs, '');
    return [...own.matchAll(/<operation rel="([^"]+)"/g)].map(([, rel = '']) => short(rel));
  }

  /** Lists everything that the type could ever offer and this one does not. */
  others({ type, collection, offers }: Visit): string[] {
    if (collection) return offers.includes('add') ? [] : ['add'];
    const actions = Object.entries(this.catalogue.resource(type).actions ?? {});
    const names = actions.flatMap(([name, { kind }]) => (kind === 'action' ? [name] : []));
    return ['edit', 'delete', ...names].filter((name) => !offers.includes(name));
  }

  /** Asks for an operation in a format. A change of a name stands for edit. */
  ask({ path, type }: Visit, name: string, format: Format, parameters: object = {}): Promise<Answer> {
    const xml = format === 'xml';
    const headers = xml ? { accept: 'application/xml' } : {};
    if (name === 'delete') return this.client.delete(path, headers);
    if (name === 'edit') {
      const body = xml ? { xml: `<${type} xmlns="${CIMI}"><name>other</name></${type}>` } : { json: { name: 'other' } };
      return this.client.send('PUT', `${path}?$select=name`, { ...body, headers });
    }
    if (name === 'add') {
      const item = type.replace(/Collection$/, '');
      return this.client.send('POST', path, { ...(xml ? { xml: `<${item} xmlns="${CIMI}"/>` } : { json: {} }), headers });
    }
    const uri = ACTION + name;
    const more = Object.entries(parameters).map(([key, value]) => `<${key} href="${String(value)}"/>`);
    const body = xml
      ? { xml: `<Action xmlns="${CIMI}"><action>${uri}</action>${more.join('')}</Action>` }
      : { json: { resourceURI: `${CIMI}/Action`, action: uri, ...parameters } };
    return this.client.send('POST', path, { ...body, headers });
  }

  /** Sends back what was read, unchanged. */
  async putBack({ path }: Visit, format: Format): Promise<Answer> {
    const headers = { accept: `application/${format}` };
    const { text } = await this.client.get(path, headers);
    return this.client.send('PUT', path, { ...(format === 'xml' ? { xml: text } : { json: JSON.parse(text) as unknown }), headers });
  }

  /** Follows an accepted change to its end. @returns what went wrong, in words; undefined where it went well */
  async wrong(answer: Answer): Promise<string | undefined> {
    if (answer.status >= 300) return `${answer.status} ${words(answer.text)}`;
    if (answer.headers.get('cimi-job-uri') === null) return undefined;
    const job = await this.client.ended(answer);
    return String(job.state) === 'SUCCESS' ? undefined : `${String(job.state)} ${String(job.statusMessage)}`;
  }

  private async collection(path: string): Promise<Visit[]> {
    const list = await this.look(path);
    if (!list) return [];
    const { json } = await this.client.get(path);
    const items = Object.entries(json).flatMap(([name, value]) => (Array.isArray(value) && name !== 'operations' ? (value as Json[]) : []));
    const few = path === 'jobs' ? [...items.slice(0, FEW), ...items.slice(FEW).slice(-FEW)] : items;
    const below = await Promise.all(few.map((item) => this.item(item)));
    return [list, ...below.flat()];
  }

  private async item(json: Json): Promise<Visit[]> {
    const path = String(json.id).replace(this.client.base, '');
    const own = await this.look(path);
    const nested = await Promise.all(this.hrefs(json, `${String(json.id)}/`).map((each) => this.collection(each)));
    return [...(own ? [own] : []), ...nested.flat()];
  }

  /** Paths of the Collections that a resource leads to. */
  private hrefs(json: Json, prefix: string): string[] {
    return Object.values(json).flatMap((value) => {
      const href = typeof value === 'object' && !Array.isArray(value) ? String((value as { href?: string }).href) : '';
      return href.startsWith(prefix) && href !== prefix ? [href.replace(this.client.base, '')] : [];
    });
  }
}

/** The statusMessage of a fault in either format. */
export function words(text: string): string {
  return /"statusMessage":"([^"]*)"|<statusMessage>([^<]*)/.exec(text)?.slice(1).find(Boolean) ?? text.slice(0, 200);
}
