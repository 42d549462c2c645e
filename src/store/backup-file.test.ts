import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BackupReading, FORMAT, verifyBackup, writeBackup, type BackupHeader, type BackupRow } from './backup-file';

const HEADER: BackupHeader = {
  ...{ format: FORMAT, created: '2026-12-01T00:00:00Z', version: '1', store: 'sqlite', schema: '0001-first' },
  ...{ keys: [], keyCheck: null },
};
/** Texts with every character that some reader ends a line at, and one that is cut in its midst by chunks of any even size. */
const TEXTS = ['a\u2028b\u2029c', '\u0085\u000b\u000c\r\r\n', `x${'\u00e4\u2028'.repeat(100_000)}`, ''];

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-backup-'));
  file = join(folder, 'store.backup');
});
afterEach(() => rmSync(folder, { recursive: true }));

const rows = (): AsyncIterable<[string, BackupRow]> => Readable.from(TEXTS.map((text) => ['meta', { text }])) as never;

test('texts with ends of lines of any kind come back as they are', async () => {
  expect(await writeBackup(file, HEADER, rows())).toEqual({ meta: TEXTS.length });
  const reading = new BackupReading(file);
  expect(await reading.header()).toEqual(HEADER);
  const read: unknown[] = [];
  for await (const [, { text }] of reading.rows()) read.push(text);
  expect(read).toEqual(TEXTS);
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['in its compressed bytes', (bytes) => bytes.subarray(0, bytes.length / 2)],
  ['within its last line', (bytes) => gzipSync(gunzipSync(bytes).subarray(0, -9))],
  ['after a line', (bytes) => gzipSync(gunzipSync(bytes).subarray(0, gunzipSync(bytes).lastIndexOf('\n', -2) + 1))],
])('one that is cut %s is refused', async (_, cut) => {
  await writeBackup(file, HEADER, rows());
  writeFileSync(file, cut(readFileSync(file)));
  await expect(verifyBackup(file)).rejects.toThrow(/damaged or was cut/);
});

test.each([[['meta', null]], [['meta', ['text']]], [[1, {}]], [null]])('one with a line that is no row is refused: %j', async (line) => {
  await expect(writeBackup(file, HEADER, Readable.from([line ?? ['meta']]) as never)).rejects.toThrow(/damaged or was cut/);
});

test('one that cannot be read is told of by the system', async () => {
  await expect(verifyBackup(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(verifyBackup(folder)).rejects.toMatchObject({ code: 'EISDIR' });
});

test('a draft of another that is written, or was broken off, is kept and told of in words', async () => {
  writeFileSync(`${file}.part`, 'another');
  await expect(writeBackup(file, HEADER, rows())).rejects.toThrow(/store\.backup\.part is there already: another backup is being written/);
  expect(readFileSync(`${file}.part`, 'utf8')).toBe('another');
});
