import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAsk, send, type Ask, type Sent } from './load';
import { createMachine } from './machines';
import { processorMs, processorTime } from './processor';
import { startProcess } from './processes';
import { interleave, line, unlessFailed, type Line, type Subject } from './rounds';
import type { World } from './world';

/**
 * Reads of what has not changed, or little, by the processor time that they take: requests that one processor bears in a second, for
 * the reference and for the gateway. Other programs on the machine change these figures little.
 */

const JSON_TYPE = { accept: 'application/json' };
const XML_TYPE = { accept: 'application/xml' };
/** Requests of one figure: as many as warm a process up. */
const REQUESTS = 10_000;
const LISTS = 400;
/** Time between two looks at how much of its time a process has had, ms. */
const LOOK_MS = 2;
/** Processor time of the gateway between two writes, in ms: a hundred a second. */
const WRITE_EVERY_MS = 10;
/** Changes of an item of a list, each followed by one reading of it. */
const CHANGES = 40;

interface Stage {
  ask: Ask;
  world: World;
  references: { pid: number; express: string; bare: string };
  machine: string;
  etag: string;
}

export async function measureKept(world: World, rounds: number): Promise<Line[]> {
  const { ask, close } = createAsk();
  const machine = await createMachine(ask, `${world.base}clouds/one/`);
  const json = await ask(machine, { headers: JSON_TYPE });
  const xml = await ask(machine, { headers: XML_TYPE });
  const list = await ask(`${world.base}clouds/hundred/machines`, { headers: JSON_TYPE });
  const file = join(world.folder, 'kept.json');
  const bodies = { json: json.body.toString(), xml: xml.body.toString(), list: JSON.parse(list.body.toString()) as unknown, longList: [] };
  await writeFile(file, JSON.stringify(bodies));
  const { said, pid, stop } = await startProcess('bench/references-child.ts', [file], /listening (\S+) (\S+)/);
  const references = { pid, express: said[1] ?? '', bare: said[2] ?? '' };
  const stage: Stage = { ask, world, references, machine, etag: String(json.headers.etag) };
  try {
    return [
      ...(await unlessFailed('GET one machine', () => one(stage, rounds))),
      ...(await unlessFailed('list of 100', () => hundred(stage, rounds))),
    ];
  } finally {
    close();
    await stop();
  }
}

async function one({ ask, world, references, machine, etag }: Stage, rounds: number): Promise<Line[]> {
  const reference = (path: string, status = 200) => perSecond(references.pid, REQUESTS, { url: references.express + path, status });
  const ours = (headers: Record<string, string>, status = 200) => perSecond(world.pid, REQUESTS, { url: machine, headers, status });
  const write = await templateWriter(ask, world);
  const figures = await interleave(rounds, {
    express: reference('/machine'),
    json: ours(JSON_TYPE),
    expressXml: reference('/machine.xml'),
    xml: ours(XML_TYPE),
    express304: reference('/known', 304),
    ours304: ours({ ...JSON_TYPE, 'if-none-match': etag }, 304),
    written: () => withWrites(world.pid, { url: machine, headers: JSON_TYPE }, write),
  });
  const of = (measure: string, our: number[], express: number[], least: number): Line =>
    line({ measure, reference: 'express, one route, same bytes', aim: { least } }, 'req per processor second', our, express);
  return [
    of('GET one machine, kept, JSON', figures.json, figures.express, 1.5),
    of('GET one machine, kept, XML', figures.xml, figures.expressXml, 1.5),
    of('GET with If-None-Match, kept, 304', figures.ours304, figures.express304, 2),
    of('GET one machine, JSON, with 100 writes a second', figures.written, figures.express, 1.2),
  ];
}

async function hundred({ ask, world, references }: Stage, rounds: number): Promise<Line[]> {
  const url = `${world.base}clouds/hundred/machines`;
  const made = await createMachine(ask, `${world.base}clouds/hundred/`);
  let count = 0;
  const change = async (): Promise<void> => {
    const { status } = await ask(`${made}?$select=properties`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', prefer: 'wait=30' },
      body: JSON.stringify({ resourceURI: 'http://schemas.dmtf.org/cimi/1/Machine', properties: { turn: String(++count) } }),
    });
    if (status !== 200) throw new Error(`the change of a machine answered ${status}`);
  };
  const list = (headers: Record<string, string>) => async () => {
    const { status } = await ask(url, { headers });
    if (status !== 200) throw new Error(`the list answered ${status}`);
  };
  const figures = await interleave(rounds, {
    reference: perSecond(references.pid, LISTS, { url: `${references.bare}/list` }),
    json: perSecond(world.pid, LISTS, { url, headers: JSON_TYPE }),
    xml: perSecond(world.pid, LISTS, { url, headers: XML_TYPE }),
    // In the same rhythm: what a process does now and then is dearer than what it does again and again.
    alone: () => afterChanges(references.pid, change, () => ask(`${references.bare}/list`)),
    changed: () => afterChanges(world.pid, change, list(JSON_TYPE)),
    changedXml: () => afterChanges(world.pid, change, list(XML_TYPE)),
  });
  const of = (measure: string, our: number[], least: number, reference = 'node:http + JSON.stringify', its = figures.reference): Line =>
    line({ measure, reference, aim: { least } }, 'req per processor second', our, its);
  const after = 'list of 100 of which one has just changed at its provider';
  const alone = 'node:http + JSON.stringify, one request after each such change';
  return [
    of('list of 100, kept, JSON', figures.json, 1),
    of('list of 100, kept, XML', figures.xml, 1),
    of(`${after}, JSON`, figures.changed, 1, alone, figures.alone),
    of(`${after}, XML`, figures.changedXml, 1, alone, figures.alone),
    of(`${after}, JSON`, figures.changed, 1, 'node:http + JSON.stringify, fifty requests at once'),
  ];
}

/** Requests that a process bears in a second of a processor, while it has as many as it can take. */
function perSecond(pid: number, times: number, load: Sent): Subject {
  return async () => {
    const begun = processorTime(pid);
    await send(times, load);
    return (1000 * times) / (processorTime(pid) - begun);
  };
}

/** The same of reads while the process is written to, so often by its own time; the writes are part of the time. */
async function withWrites(pid: number, load: Sent, write: () => Promise<void>): Promise<number> {
  const begun = processorTime(pid);
  let reading = true;
  const reads = send(REQUESTS, load).finally(() => (reading = false));
  const writes = async (): Promise<void> => {
    for (let written = 0; reading; await sleep(LOOK_MS)) {
      if (Math.floor((processorTime(pid) - begun) / WRITE_EVERY_MS) <= written) continue;
      written += 1;
      await write();
    }
  };
  await Promise.all([reads, writes()]);
  return (1000 * REQUESTS) / (processorTime(pid) - begun);
}

/** Reads a list once after each of some changes of one of its items; only the reads count. */
async function afterChanges(pid: number, change: () => Promise<void>, read: () => Promise<unknown>): Promise<number> {
  let spent = 0;
  for (let changed = 0; changed < CHANGES; changed += 1) {
    await change();
    spent += await processorMs([pid], 1, read, 1);
  }
  return (1000 * CHANGES) / spent;
}

/** Makes what writes to a stored template: a row, its Job, its event. */
async function templateWriter(ask: Ask, { base }: World): Promise<() => Promise<void>> {
  const headers = { 'content-type': 'application/json' };
  const resourceURI = 'http://schemas.dmtf.org/cimi/1/MachineTemplate';
  const body = JSON.stringify({ resourceURI, name: 'written again and again', initialState: 'STOPPED' });
  const made = await ask(`${base}machineTemplates`, { method: 'POST', headers, body });
  if (made.status !== 201) throw new Error(`${made.status}: ${made.body.toString()}`);
  let count = 0;
  return async () => {
    const changed = JSON.stringify({ resourceURI, description: `turn ${++count}` });
    const { status } = await ask(`${String(made.headers.location)}?$select=description`, { method: 'PUT', headers, body: changed });
    if (status !== 200) throw new Error(`the change of a template answered ${status}`);
  };
}
