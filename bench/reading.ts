import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAsk, rate, type Ask } from './load';
import { createMachine } from './machines';
import { startProcess } from './processes';
import { exactly, interleave, type Line, line, median, unlessFailed } from './rounds';
import type { World } from './world';

const JSON_TYPE = { accept: 'application/json' };
const XML_TYPE = { accept: 'application/xml' };

/** Reading, made once, so that the references send the same bytes. */
interface Read {
  machine: string;
  etag: string;
  bodies: { json: string; xml: string; list: unknown; longList: unknown };
}

/** Reads under load: one machine, lists, what the client already has; and what a long list does to everybody else. */
export async function measureReads(world: World, { rounds, seconds }: { rounds: number; seconds: number }): Promise<Line[]> {
  const { ask, close } = createAsk();
  const read = await readOnce(world, ask);
  const file = join(world.folder, 'bodies.json');
  await writeFile(file, JSON.stringify(read.bodies));
  const references = await startProcess('bench/references-child.ts', [file], /listening (\S+) (\S+)/);
  const [, express = '', bare = ''] = references.said;
  try {
    return [
      ...(await unlessFailed('GET one machine', () => one(read, { express, bare, rounds, seconds }))),
      ...(await unlessFailed('GET with If-None-Match', () => known(world, read, { express, bare, rounds, seconds }))),
      ...(await unlessFailed('GET list of 100', () => hundred(world, { bare, rounds, seconds }))),
      ...(await unlessFailed('GET list of 10,000', () => long(world, ask, { bare, rounds }))),
    ];
  } finally {
    close();
    await references.stop();
  }
}

async function readOnce(world: World, ask: Ask): Promise<Read> {
  const machine = await createMachine(ask, `${world.base}clouds/one/`);
  const json = await ask(machine, { headers: JSON_TYPE });
  const xml = await ask(machine, { headers: XML_TYPE });
  const list = await ask(`${world.base}clouds/hundred/machines`, { headers: JSON_TYPE });
  const longList = await ask(`${world.base}clouds/many/machines`, { headers: JSON_TYPE });
  const bodies = { json: json.body.toString(), xml: xml.body.toString(), list: parsed(list.body), longList: parsed(longList.body) };
  return { machine, etag: String(json.headers.etag), bodies };
}

const parsed = (body: Buffer): unknown => JSON.parse(body.toString());

interface Run {
  express: string;
  bare: string;
  rounds: number;
  seconds: number;
}

async function one({ machine }: Read, { express, bare, rounds, seconds }: Run): Promise<Line[]> {
  const figures = await interleave(rounds, {
    express: () => rate(`${express}/machine`, { seconds }),
    json: () => rate(machine, { seconds, headers: JSON_TYPE }),
    xml: () => rate(machine, { seconds, headers: XML_TYPE }),
    bare: () => rate(`${bare}/machine`, { seconds }),
  });
  const measure = 'GET one machine';
  return [
    line(
      { measure: `${measure}, JSON`, reference: 'express, one route, same bytes', aim: { least: 0.85 } },
      'req/s',
      figures.json,
      figures.express,
    ),
    line({ measure: `${measure}, JSON`, reference: 'node:http, same bytes' }, 'req/s', figures.json, figures.bare),
    line({ measure: `${measure}, XML`, reference: 'ours, JSON', aim: { least: 0.85 } }, 'req/s', figures.xml, figures.json),
  ];
}

async function known(world: World, { machine, etag }: Read, { express, bare, rounds, seconds }: Run): Promise<Line[]> {
  const headers = { ...JSON_TYPE, 'if-none-match': etag };
  const before = callsIn(world);
  const figures = await interleave(rounds, {
    express: () => rate(`${express}/known`, { seconds, status: 304 }),
    ours: () => rate(machine, { seconds, headers, status: 304 }),
    bare: () => rate(`${bare}/known`, { seconds, status: 304 }),
  });
  const measure = 'GET with If-None-Match, 304';
  return [
    line({ measure, reference: 'express, bare 304' }, 'req/s', figures.ours, figures.express),
    line({ measure, reference: 'node:http, bare 304' }, 'req/s', figures.ours, figures.bare),
    exactly(`${measure}: provider calls`, 0, callsIn(world) - before),
  ];
}

const callsIn = (world: World): number => [...world.calls('one').values()].reduce((sum, count) => sum + count, 0);

async function hundred(world: World, { bare, rounds, seconds }: Omit<Run, 'express'>): Promise<Line[]> {
  const url = `${world.base}clouds/hundred/machines`;
  const figures = await interleave(rounds, {
    reference: () => rate(`${bare}/list`, { seconds }),
    json: () => rate(url, { seconds, headers: JSON_TYPE }),
    xml: () => rate(url, { seconds, headers: XML_TYPE }),
    // Windows are never kept encoded.
    anewJson: () => rate(`${url}?$first=1`, { seconds, headers: JSON_TYPE }),
    anewXml: () => rate(`${url}?$first=1`, { seconds, headers: XML_TYPE }),
  });
  const reference = 'node:http + JSON.stringify';
  return [
    line({ measure: 'GET list of 100, JSON', reference, aim: { least: 0.7 } }, 'req/s', figures.json, figures.reference),
    line({ measure: 'GET list of 100, XML', reference, aim: { least: 0.65 } }, 'req/s', figures.xml, figures.reference),
    line({ measure: 'GET list of 100 ($first=1: encoded anew), JSON', reference }, 'req/s', figures.anewJson, figures.reference),
    line({ measure: 'GET list of 100 ($first=1: encoded anew), XML', reference }, 'req/s', figures.anewXml, figures.reference),
  ];
}

/** Measures the longest wait of a client that asks for something small while another reads the long list again and again. */
async function long(world: World, ask: Ask, { bare, rounds }: { bare: string; rounds: number }): Promise<Line[]> {
  const url = `${world.base}clouds/many/machines`;
  const stalls: number[] = [];
  const figures = await interleave(rounds, {
    reference: async () => (await ask(`${bare}/longList`)).ms,
    json: async () => (await ask(url, { headers: JSON_TYPE })).ms,
    xml: async () => (await ask(url, { headers: XML_TYPE })).ms,
    referenceStall: () => stallWhile(ask, `${bare}/known`, `${bare}/longList`),
    stall: () => stallWhile(ask, new URL('/healthz', world.base).href, url),
  });
  stalls.push(...figures.stall);
  const reference = 'node:http + JSON.stringify';
  return [
    line(
      { measure: 'GET list of 10,000, JSON, time to the last byte', reference, aim: { most: 1.2 } },
      'ms',
      figures.json,
      figures.reference,
    ),
    line({ measure: 'GET list of 10,000, XML, time to the last byte', reference }, 'ms', figures.xml, figures.reference),
    line(
      {
        measure: 'longest wait of others meanwhile',
        reference: `${reference},`,
        note: median(stalls) < 50 ? '(aim: < 50 ms, met)' : '(aim: < 50 ms, MISSED)',
      },
      'ms',
      figures.stall,
      figures.referenceStall,
    ),
  ];
}

async function stallWhile(ask: Ask, small: string, large: string): Promise<number> {
  let done = false;
  const reading = ask(large).finally(() => (done = true));
  let longest = 0;
  while (!done) longest = Math.max(longest, (await ask(small)).ms);
  await reading;
  return longest;
}
