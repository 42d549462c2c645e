import * as fs from 'node:fs';
import type { Answer } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { redirect, type Origin } from '../fetch/origin';
import { archive } from '../ovf/archive';
import { ACTION_URI, expectFault, openScene, type Scene } from '../protocol/scene';
import { collection, diskOf, envelope, serving, systemOf, vmdkOf } from './parcel';

/** Packages that mean harm: each is refused in words that name the thing, before what it is after is touched, and leaves nothing. */
const MIB = 2 ** 20;
const WEB = { id: 'web', cpus: 1, mebibytes: 512, disks: ['d1'], networks: [] };
const METADATA = 'http://169.254.169.254/latest/meta-data';
const EVIL = 'evil-name.vmdk';
let origin: Origin;
let scene: Scene;

/** A descriptor of one machine with one disk. */
const withDisk = (file: string, size = 4 * MIB, format?: string): string =>
  envelope(systemOf(WEB), { d1: { file, size, ...(format === undefined ? {} : { format }) } }, []);
const filled = (beginning: string): Buffer => Buffer.concat([Buffer.from(beginning, 'latin1'), Buffer.alloc(70_000)]);
/** A qcow2 header, version 3, that names a file of the machine it is read on as what lies behind it. */
function qcow2(): Buffer {
  const header = filled('QFI\xfb');
  header.writeUInt32BE(3, 4);
  header.writeBigUInt64BE(512n, 8);
  header.writeUInt32BE(11, 16);
  header.write('/etc/passwd', 512);
  return header;
}
const LAUGHS = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>`;
const deep = (levels: number): string => {
  let content = systemOf({ ...WEB, disks: [] });
  for (let n = 0; n < levels; n += 1) content = collection(`c${n}`, [content]);
  return envelope(content, {}, []);
};

beforeAll(async () => {
  const evil = await archive({ name: 'p.ovf', bytes: withDisk(EVIL) }, { name: `../../${EVIL}`, bytes: 'x' });
  const link = await archive({ name: 'p.ovf', bytes: withDisk(EVIL) }, { name: EVIL, type: 'symlink', linkname: '/etc/passwd' });
  origin = await serving(
    {
      '/metadata.ovf': withDisk(METADATA),
      '/file.ovf': withDisk('file:///etc/passwd'),
      '/data.ovf': withDisk('data:,x'),
      '/up.ovf': withDisk(`..%2f..%2f${EVIL}`),
      '/redirected.ovf': withDisk('redirected.vmdk'),
      '/backed.ovf': withDisk('backed.img', 4 * MIB, 'urn:raw'),
      '/naming.ovf': withDisk('naming.vmdk'),
      '/huge.ovf': withDisk('huge.vmdk', 3 * 2 ** 40),
      '/laughs.ovf': LAUGHS + withDisk('boot.vmdk').replace(/^<\?xml.*\?>/, ''),
      '/deep.ovf': deep(9),
      '/many.ovf': envelope(
        collection(
          'all',
          Array.from({ length: 65 }, (_, n) => systemOf({ ...WEB, id: `m${n}`, disks: [] })),
        ),
        {},
        [],
      ),
      '/evil.ova': evil,
      '/link.ova': link,
      '/backed.img': qcow2(),
      '/naming.vmdk': filled('# Disk DescriptorFile\nversion=1\nRW 8192 FLAT "/etc/shadow" 0\n'),
      '/huge.vmdk': await vmdkOf(diskOf(4 * MIB, 'huge')),
      '/boot.vmdk': await vmdkOf(diskOf(4 * MIB, 'boot')),
    },
    { '/redirected.vmdk': redirect(METADATA), '/away.ovf': redirect(METADATA) },
  );
  const fetch = { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] };
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, fetch, clouds: { sim: simulatedCloud() } } });
});
afterAll(async () => {
  await scene.close();
  await origin.close();
});

const importing = (into: string, path: string): Promise<Answer> =>
  scene.client.post(into, { action: `${ACTION_URI}import`, source: origin.url + path });
const left = async (): Promise<unknown> => [
  ...(await Promise.all(
    ['systems', 'systemTemplates', 'machines', 'machineImages', 'machineTemplates', 'machineConfigs'].map(
      async (name) => (await scene.client.get(name)).json.count,
    ),
  )),
  ...(['instance', 'snapshot', 'copy', 'volume'] as const).map((kind) => scene.control.things(kind).length),
];

test.each([
  ['a file at an address inside', 'metadata.ovf', 403, /'?f-d1'?: .*169\.254\.169\.254/],
  ['a file of the machine that reads it', 'file.ovf', 400, /scheme file/],
  ['a file in its own URL', 'data.ovf', 400, /scheme data/],
  ['a name that climbs once it is decoded', 'up.ovf', 400, /leads into another folder/],
  ['a disk that redirects to an address inside', 'redirected.ovf', 403, /disk d1: .*redirects: .*169\.254\.169\.254/],
  ['a descriptor that redirects there', 'away.ovf', 403, /source: .*redirects: .*169\.254\.169\.254/],
  ['a qcow2 with a file behind it, told as raw', 'backed.ovf', 400, /disk d1: .*qcow2, not raw/],
  ['a VMDK that names other files', 'naming.ovf', 400, /disk d1: .*other files/],
  ['a disk larger than any', 'huge.ovf', 400, /has 3298534883328 bytes; at most 2199023255552 are taken/],
  ['entities', 'laughs.ovf', 400, /DOCTYPE|document type/i],
  ['nine levels', 'deep.ovf', 400, /more than 8 levels/],
  ['65 machines', 'many.ovf', 400, /more than 64 VirtualSystems/],
  ['an entry that climbs', 'evil.ova', 400, /leads into another folder/],
  ['an entry that is a link', 'link.ova', 400, /type symlink/],
])('%s: neither a System nor a SystemTemplate comes of it', async (_, path, status, words) => {
  const before = await left();
  const asked = origin.asked.length;
  for (const into of ['systems', 'systemTemplates']) {
    const answer = await importing(into, path);
    if (answer.status >= 400) expectFault(answer, status, words);
    else {
      // A System is there at once, and says what became of it until it is deleted.
      expect(await scene.client.ended(answer)).toMatchObject({ state: 'FAILED', statusMessage: expect.stringMatching(words) as string });
      await scene.client.ended(await scene.client.delete(String(answer.headers.get('location'))));
    }
  }
  expect(await left()).toEqual(before);
  // What is refused by what the descriptor says is refused before a byte of a disk was asked for.
  const disks = origin.asked.slice(asked).filter((each) => /\.(vmdk|img)$/.test(each));
  if (!/redirected|backed|naming/.test(path)) expect(disks).toEqual([]);
});

test('the names of an archive never reach a file system', async () => {
  const seen: unknown[] = [];
  const spies = [fs, fs.promises].flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) => {
      if (typeof value !== 'function' || !/^[a-z]/.test(name)) return [];
      const original = value as (...args: unknown[]) => unknown;
      const spy = jest.spyOn(module as unknown as Record<string, (...args: unknown[]) => unknown>, name);
      return [spy.mockImplementation((...args) => (seen.push(...args), original(...args)))];
    }),
  );
  try {
    // Something is seen: the spies are where calls come by.
    fs.existsSync('/somewhere');
    for (const path of ['evil.ova', 'link.ova', 'up.ovf']) await importing('systemTemplates', path);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  expect(seen).toContain('/somewhere');
  expect(seen.filter((each) => (typeof each === 'string' || each instanceof Uint8Array) && Buffer.from(each).includes(EVIL))).toEqual([]);
});
