import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Disk } from '../../src/disks/disk';
import type { Availability } from './need';

/** Tells whether QEMU and its tool for disks are here. */
export function qemuAvailable(): Availability {
  for (const [program, name] of [
    ['qemu-img', 'qemu-utils'],
    ['qemu-system-x86_64', 'qemu-system-x86'],
  ] as const) {
    if (spawnSync(program, ['--version']).status !== 0) return { missing: `${program} (Debian: apt-get install ${name})` };
  }
  return true;
}

/** Runs qemu-img. @returns what it said. @throws where its exit code is not 0 */
export async function qemuImg(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('qemu-img', args, { timeout: 240_000 });
  return stdout;
}

/** Beginning of a disk that boots, by the BIOS: it sends a text to the first serial port. */
export function bootSector(text: string): Buffer {
  // xor ax,ax; mov ds,ax; mov si,text; mov dx,3F8h; next: lodsb; test al,al; jz stop; out dx,al; jmp next; stop: hlt; jmp stop
  const code = Buffer.from('31c08ed8be157cbaf803ac84c07403eeebf8f4ebfd', 'hex');
  const sector = Buffer.alloc(512);
  code.copy(sector);
  sector.write(`${text}\0`, code.length, 'latin1');
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** Boots a disk until it has said this on the serial port. @returns all that it said until then; without it, until QEMU ended */
export async function saidAtBoot(file: string, format: 'raw' | 'vmdk' | 'qcow2', text: string): Promise<string> {
  // Not by KVM: a BIOS that runs in a machine within a machine takes half a minute there, and half a second so.
  const hidden = ['-nic', 'none', '-display', 'none', '-monitor', 'none'];
  const machine = ['-accel', 'tcg', '-m', '64', ...hidden, '-serial', 'stdio'];
  const disk = ['-snapshot', '-drive', `file=${file},format=${format},if=ide`];
  const child = spawn('qemu-system-x86_64', [...machine, ...disk], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 240_000 });
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    said += part.toString('latin1');
    if (said.includes(text)) child.kill('SIGKILL');
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  return said;
}

/** Boots what is read of a disk, wherever that comes from. @returns as `saidAtBoot` */
export async function saidByDisk(disk: Disk, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'boot-'));
  try {
    const path = join(folder, 'disk.raw');
    const file = await open(path, 'w');
    try {
      // Zeros take no place.
      await file.truncate(disk.size);
      for await (const extent of disk.extents(0)) if ('data' in extent) await file.write(extent.data, 0, extent.data.length, extent.offset);
    } finally {
      await file.close();
    }
    return await saidAtBoot(path, 'raw', text);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
