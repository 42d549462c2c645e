import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { seededDisk } from '../drivers/simulator/contents';
import { encodeId } from '../src/clouds/identity';
import { rawBytes } from '../src/disks/raw-stream';
import { CIMI } from '../src/model/define';
import { startProcess } from './processes';
import { interleave, type Line, line, unlessFailed } from './rounds';

/** Copies of images between two simulated clouds by the program itself, against an upload of the same bytes from a URL. */

const DATA_MIB = Number(process.env.BENCH_DISKS_MIB ?? 1024);
const MIB = 2 ** 20;
const IMAGE = 'img-debian-12';
/** Sizes of the sparse disks in GiB, and by how much the process may grow for one, in MiB. */
const SPARSE = [64, 1024];
const MOST_GROWTH_MIB = 128;
/** Growth of the gateway's folders that its database may have, in MiB: contents would be more. */
const MOST_KEPT_MIB = 16;

interface Gateway {
  base: string;
  pid: number;
  /** Bytes in its folders, that for temporary files included. */
  used(): Promise<number>;
  stop(): Promise<void>;
}

/** Starts the program over a cloud whose images are of a size, with a number of MiB of data, and one that keeps no contents. */
async function startGateway(sizeMib: number, port = 80): Promise<Gateway> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-bench-'));
  const temporary = join(folder, 'temporary');
  await mkdir(temporary);
  const from = { driver: 'simulator', options: { contentSize: sizeMib * MIB, contentAllocated: DATA_MIB * MIB } };
  const to = { driver: 'simulator', options: { contentKept: 0 } };
  const fetch = { schemes: ['http'], hosts: [`127.0.0.1:${port}`], addresses: ['127.0.0.0/8'] };
  const content = { server: { port: 0 }, data: { dir: folder }, jobs: { graceMs: 0 }, fetch, clouds: { from, to } };
  const config = join(folder, 'gateway.yaml');
  await writeFile(config, stringify(content));
  const { said, pid, stop } = await startProcess(
    ...(['src/main.ts', ['serve', '--config', config, '--make-key'], /cimi-gateway: (\S+)cloudEntryPoint/] as const),
    { env: { TMPDIR: temporary } },
  );
  return {
    ...{ base: said[1] ?? '', pid, used: () => bytesIn(folder) },
    stop: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder, { recursive: true }))
    bytes += (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0;
  return bytes;
}

/** Makes an image in the other cloud. @returns seconds until its Job has ended @throws Error where that failed */
async function made({ base }: Gateway, imageLocation: string, meanwhile: () => Promise<void> = () => Promise.resolve()): Promise<number> {
  const begun = performance.now();
  const answer = await fetch(`${base}machineImages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceURI: `${CIMI}/MachineImageCreate`, name: 'bench', cloud: 'to', imageLocation }),
  });
  const uri = answer.headers.get('cimi-job-uri');
  if (!uri) throw new Error(`${answer.status} ${await answer.text()}`);
  for (;;) {
    const job = (await (await fetch(uri)).json()) as { state: string; statusMessage?: string };
    if (job.state === 'SUCCESS') return (performance.now() - begun) / 1000;
    if (!['QUEUED', 'RUNNING'].includes(job.state)) throw new Error(`the job is ${job.state}: ${job.statusMessage ?? ''}`);
    await meanwhile();
    await sleep(20);
  }
}

const source = `machineImages/${encodeId('from', IMAGE)}`;

/** Copies and uploads the same bytes in turn, all of them data. */
async function rate(rounds: number): Promise<Line> {
  const size = DATA_MIB * MIB;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-length': size, 'content-type': 'application/octet-stream' });
    pipeline(Readable.from(rawBytes(seededDisk(IMAGE, size, size))), response).catch(() => undefined);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/disk.raw`;
  const gateway = await startGateway(DATA_MIB, port);
  try {
    const of = (location: string) => async () => DATA_MIB / (await made(gateway, location));
    const { reference, ours } = await interleave(rounds, { reference: of(url), ours: of(source) }, false);
    const measure = `image of ${DATA_MIB} MiB copied from cloud to cloud`;
    return line({ measure, reference: 'the same bytes from a URL', aim: { least: 0.6 } }, 'MiB/s', ours, reference);
  } finally {
    server.close();
    await gateway.stop();
  }
}

/** A sparse disk, against one of the same data alone; by what the process and its folders grow. */
async function sparse(sizeGib: number): Promise<Line[]> {
  const grown: number[] = [];
  const kept: number[] = [];
  const copy = (sizeMib: number) => async () => {
    const gateway = await startGateway(sizeMib);
    try {
      const [resting, before] = [await memory(gateway.pid, 'VmRSS'), await gateway.used()];
      let most = before;
      const seconds = await made(gateway, source, async () => void (most = Math.max(most, await gateway.used())));
      if (sizeMib > DATA_MIB) grown.push(((await memory(gateway.pid, 'VmHWM')) - resting) / MIB);
      if (sizeMib > DATA_MIB) kept.push((most - before) / MIB);
      return seconds;
    } finally {
      await gateway.stop();
    }
  };
  const { reference, ours } = await interleave(1, { reference: copy(DATA_MIB), ours: copy(sizeGib * 1024) }, false);
  const measure = `image of ${sizeGib} GiB with ${DATA_MIB} MiB of data copied`;
  return [
    line({ measure, reference: 'these data alone', aim: { most: 1.5 } }, 's', ours, reference),
    line({ measure: `${measure}: growth of the gateway`, reference: 'bound', aim: { most: 1 } }, 'MiB', grown, [MOST_GROWTH_MIB]),
    line({ measure: `${measure}: growth of its folders`, reference: 'bound', aim: { most: 1 } }, 'MiB', kept, [MOST_KEPT_MIB]),
  ];
}

/** Memory of a process in bytes: now (VmRSS), or at its peak (VmHWM). */
async function memory(pid: number, which: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return 1024 * Number(new RegExp(`${which}:\\s+(\\d+)`).exec(status)?.[1]);
}

export async function measureCopies(rounds: number): Promise<Line[]> {
  const lines = await unlessFailed('copy of an image', async () => [await rate(rounds)]);
  for (const size of SPARSE) lines.push(...(await unlessFailed(`copy of ${size} GiB, sparse`, () => sparse(size))));
  return lines;
}
