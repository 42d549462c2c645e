import { execFile, spawn, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
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
  const machine = [
    '-accel',
    'kvm',
    '-accel',
    'tcg',
    '-m',
    '64',
    '-nic',
    'none',
    '-display',
    'none',
    '-monitor',
    'none',
    '-serial',
    'stdio',
  ];
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
