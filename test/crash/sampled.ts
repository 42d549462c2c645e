import type { Client, Json } from '../harness/client';
import { eventually, waitUntil } from '../harness/wait';

export interface SampleRow {
  /** s since the epoch. */
  t: number;
  v: number;
  covered: string | null;
}

/** Reads rows of the gateway's database: reading over HTTP would itself ask the cloud for what is missing. */
export type Rows = (query: string) => Promise<readonly Record<string, unknown>[]>;

/** A Meter that records each second, and its samples as the database has them. */
export class Sampled {
  private constructor(
    private readonly path: string,
    private readonly rows: Rows,
  ) {}

  /** Puts a Meter on a resource, or on the whole of what a tenant has, and waits for its first sample. */
  static async by(client: Client, target: string, aspect: string, rows: Rows): Promise<Sampled> {
    const meterConfig = { aspect: `http://schemas.dmtf.org/cimi/1/aspect/${aspect}`, sampleInterval: 1 };
    const answer = await client.post('meters', {
      resourceURI: 'http://schemas.dmtf.org/cimi/1/MeterCreate',
      meterTemplate: { targetResource: { href: target }, meterConfig },
    });
    if (answer.status !== 201) throw new Error(answer.text);
    const { id } = answer.json as Json;
    const path = String(id).slice(String(id).lastIndexOf('meters/'));
    const sampled = new Sampled(path, rows);
    await waitUntil(async () => (await sampled.samples()).length > 0);
    return sampled;
  }

  async samples(): Promise<SampleRow[]> {
    const rows = await this.rows(
      `select samples.t, v, covered from samples join series on series.id = samples.meter
         left join shares on shares.meter = samples.meter and shares.t = samples.t where path = '${this.path}' order by samples.t`,
    );
    return rows.map(({ t, v, covered }) => ({ t: Number(t), v: Number(v), covered: covered as string | null }));
  }

  /** Waits for samples of what is now still to come. @returns the last of them */
  async later(seconds = 2): Promise<SampleRow> {
    const from = Date.now() / 1000 + seconds;
    return eventually(async () => (await this.samples()).find(({ t }) => t >= from));
  }

  /** Asserts that there is a sample of each second, once. */
  async whole(): Promise<void> {
    const times = (await this.samples()).map(({ t }) => t);
    const [first = 0] = times;
    expect(times).toEqual(Array.from(times, (_, n) => first + n));
  }
}
