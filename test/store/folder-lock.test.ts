import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCipher } from '../../src/store/cipher';
import { FolderInUseError, lockFolder } from '../../src/store/folder-lock';
import { openSqliteStore } from '../../src/store/sqlite';
import { runTypescript } from '../backends/run-typescript';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function ownedByChild(): Promise<{ pid: number | undefined; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [...runTypescript(join(__dirname, 'lock-child.ts')), folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((told) => child.stdout.once('data', told));
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  return {
    pid: child.pid,
    kill: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

test('a folder has one owner; a second one is told who it is, and may have it once that one is dead', async () => {
  const owner = await ownedByChild();
  expect(() => lockFolder(folder)).toThrow(FolderInUseError);
  expect(() => lockFolder(folder)).toThrow(new RegExp(`in use by another gateway \\(process ${owner.pid},.*stop that one`));
  await owner.kill();
  lockFolder(folder)();
});

test('also within one process; unlocking gives it back', () => {
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(FolderInUseError);
  unlock();
  lockFolder(folder)();
});

test('the database in a locked folder stays open to commands', async () => {
  const owner = await ownedByChild();
  const store = await openSqliteStore({ file: join(folder, 'gateway.db'), cipher: createCipher(randomBytes(32)) });
  await store.access.putPrincipal({ name: 'ann', tenant: 't', role: 'admin', passwordHash: null });
  expect(await store.access.principals()).toHaveLength(1);
  await store.close();
  await owner.kill();
});
