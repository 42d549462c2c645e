import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BackupReading, FORMAT, LONGEST_LINE, verifyBackup, writeBackup, type BackupHeader, type BackupRow } from './backup-file';

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

test('a line that is longer or deeper than any is refused in words, before it is held', async () => {
  const head = `${JSON.stringify(HEADER)}\n`;
  writeFileSync(file, gzipSync(`${head}["meta",{"text":"${'x'.repeat(LONGEST_LINE + 100_000)}"}]\n`));
  await expect(verifyBackup(file)).rejects.toThrow(/line 2 has more than 67108864 characters/);
  writeFileSync(file, gzipSync(`${head}["meta",{"text":${'['.repeat(100_000)}${']'.repeat(100_000)}}]\n`));
  await expect(verifyBackup(file)).rejects.toThrow(/line 2 is nested more than 16 levels deep/);
});

test('tables that no store has are refused before they are counted', async () => {
  const strange = (name: string) => writeBackup(file, HEADER, Readable.from([[name, {}]]) as never);
  await expect(strange('__proto__')).rejects.toThrow(/damaged or was cut/);
  const many = Array.from({ length: 200 }, (_, n) => [`t${'_'.repeat(n % 60)}${'abcdefghij'.charAt(n / 60)}`, {}]);
  await expect(writeBackup(file, HEADER, Readable.from(many) as never)).rejects.toThrow(/damaged or was cut/);
});

test.each<[string, object]>([
  ['without keys', { keys: undefined }],
  ['of an unknown store', { store: 'oracle' }],
])('a header %s is refused in words', async (_, change) => {
  writeFileSync(file, gzipSync(`${JSON.stringify({ ...HEADER, ...change })}\n`));
  await expect(verifyBackup(file)).rejects.toThrow(/^line 1 of .* is no header of its kind, backup of this gateway: /);
});

test('what came under its name while it was written stays, and no draft is left', async () => {
  async function* slow(): AsyncIterable<[string, BackupRow]> {
    yield ['meta', { text: 'a' }];
    writeFileSync(file, 'another');
    yield Promise.resolve(['meta', { text: 'b' }] as [string, BackupRow]);
  }
  await expect(writeBackup(file, HEADER, slow())).rejects.toThrow(/store\.backup is there already: backups are never written over/);
  expect([readFileSync(file, 'utf8'), existsSync(`${file}.part`)]).toEqual(['another', false]);
});
