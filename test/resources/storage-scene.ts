import { CIMI } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { schemaFaults } from '../codec/mended-schema';
import { made } from '../protocol/scene';

/** Words of storage that the tests of its families share. */

/** A provider's GiB in CIMI's kilobytes of 1000 bytes, rounded down as a report is. */
export const reported = (gib: number): number => Math.floor((gib * 2 ** 30) / 1000);
export const PLAN = 'volumeConfigs/sim.v1_2esmall';
export const BLOCK = 'http://cimi-gateway.org/volume-type/block';
export const MAPPED = `${CIMI}/mapped`;

/** Body that creates a volume; by default of 1 GiB by value. */
export function volumeCreate(more: object = {}, template: object = { volumeConfig: { type: BLOCK, capacity: reported(1) } }): object {
  return { resourceURI: `${CIMI}/VolumeCreate`, ...more, volumeTemplate: template };
}

/** A volume of so many GiB. */
export const volumeOf = (client: Client, name: string, gib = 1): Promise<Json> =>
  made(client, 'volumes', volumeCreate({ name }, { volumeConfig: { type: BLOCK, capacity: reported(gib) } }));

export const hrefOf = (value: unknown): string => String((value as { href?: string } | undefined)?.href);

/** Items of a collection that stands expanded in its owner. */
export const itemsIn = (value: unknown, name: string): Json[] => ((value as Record<string, Json[]> | undefined)?.[name] ?? []) as Json[];

/** Representations in XML, which must be what the mended schema says. */
export async function validXml(client: Client, uris: readonly unknown[]): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const uri of uris) {
    const answer = await client.get(String(uri), { accept: 'application/xml' });
    expect([uri, answer.status]).toEqual([uri, 200]);
    texts[String(uri)] = answer.text;
  }
  expect(schemaFaults(texts)).toEqual({});
  return texts;
}
