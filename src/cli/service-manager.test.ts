import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../../test/backends/need';
import { tellServiceManager } from './service-manager';

/** Listens as systemd does, and says what it is told; Node has no such sockets. */
const LISTENER = `
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
said = b''
# The sender waits until the file that comes with its last words is closed.
while b'BARRIER=1' not in said:
    said, files, _, _ = s.recvmsg(4096, 256)
    print(said.decode(), flush=True)
    for _, _, data in files:
        fds = array.array('i'); fds.frombytes(data)
        for fd in fds: os.close(fd)
`;
const programs = ['systemd-notify', 'python3'].filter((program) => spawnSync(program, ['--version']).status !== 0);
const available = programs.length === 0 ? true : { missing: programs.join(', '), impossible: true };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-notify-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('nobody is told anything where nobody asked', async () => {
  expect(await tellServiceManager(['READY=1'], {})).toBeUndefined();
});

test('a program that is not there is said, and holds nothing up', async () => {
  expect(await tellServiceManager(['READY=1'], { NOTIFY_SOCKET: join(folder, 'socket'), PATH: folder })).toMatch(
    /systemd-notify: .*ENOENT/,
  );
});

describeWith('systemd', available, () => {
  test('is told by its own program', async () => {
    const socket = join(folder, 'socket');
    const listener = spawn('python3', ['-c', LISTENER, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: string[] = [];
    listener.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
    await once(listener.stdout, 'data');
    expect(await tellServiceManager(['READY=1'], { ...process.env, NOTIFY_SOCKET: socket })).toBeUndefined();
    await once(listener, 'close');
    expect(said.join('')).toContain('READY=1');
  });
});
