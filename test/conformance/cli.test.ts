import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runTypescript } from '../backends/run-typescript';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import type { Report } from './kit/report';
import { readXml } from './kit/xml';

/** Runs the runner as `npm run conformance` does. */
async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [...runTypescript(join(__dirname, 'kit/cli.ts')), ...args]);
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, out, err };
}

describe('the runner', () => {
  let gateway: TestGateway;
  let folder: string;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cimi-conformance-'));
    gateway = await startTestGateway();
    url = `${gateway.base}cloudEntryPoint`;
  });
  afterAll(async () => {
    await gateway.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('asks one clause, in both formats, reports to people and machines, and ends with 0 where all is well', async () => {
    const file = join(folder, 'report.json');
    const { code, out } = await run(url, '--clause', '4.1.6.5', '--report', file);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining('4.1.6.5 Specifying the Resource format: 8 passed, 0 failed, 0 skipped') as string,
    });
    const report = JSON.parse(await readFile(file, 'utf8')) as Report;
    const nothing = { failedRequirements: [], unprovenRequirements: [], leftBehind: [], forgotten: [], appeared: [] };
    expect(report).toMatchObject({ url, totals: { passed: 8, failed: 0, skipped: 0, unproven: 0, unrun: 0 }, ...nothing });
    expect(report.clauses.map(({ number }) => number)).toEqual(['4.1.6.5']);
    expect(report.clauses[0]?.results.map(({ format }) => format).sort()).toEqual([
      ...Array<string>(4).fill('json'),
      ...Array<string>(4).fill('xml'),
    ]);
  });

  it('asks in one format only where told', async () => {
    const { code, out } = await run(url, '--clause', '4.1.6.5', '--format', 'xml');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('4 passed, 0 failed, 0 skipped') as string });
  });

  it('asks what --only names, a requirement or a clause, and tells each check as it ends', async () => {
    const { code, out, err } = await run(url, '--only', 'R4.1.6.5-06', '--only', '5.12.1', '--format', 'json');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('2 passed, 0 failed, 0 skipped') as string });
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/^\[1\/2] passed {3}json 4\.1\.6\.5 \$format is not case-sensitive \(\d+ ms\)$/),
      expect.stringMatching(/^\[2\/2] passed {3}json 5\.12\.1 /),
      '',
    ]);
  });

  it('ends with 3 at its time limit, and has deleted what it made by then', async () => {
    const file = join(folder, 'limited.json');
    const { code, out } = await run(url, '--time-limit', '0.4', '--report', file);
    const report = JSON.parse(await readFile(file, 'utf8')) as Report;
    expect({ code, out }).toEqual({ code: 3, out: expect.stringContaining('not run ') as string });
    expect(report.totals.unrun).toBeGreaterThan(100);
    expect(report).toMatchObject({ leftBehind: [], appeared: [], totals: { failed: 0 } });
  });

  it('ends with 1 and names the requirements where a check fails, to people and in JUnit XML', async () => {
    const stubborn = await withoutFormat(url);
    const file = join(folder, 'junit.xml');
    const { code, out } = await run(stubborn.url, '--clause', '4.1.6.5', '--format', 'json', '--junit', file);
    await stubborn.stop();
    expect(code).toBe(1);
    const suites = readXml(await readFile(file, 'utf8'));
    expect(suites).toMatchObject({ name: 'testsuites', attributes: { tests: '4', failures: '1' } });
    const [suite] = suites.children;
    expect(suite).toMatchObject({
      name: 'testsuite',
      attributes: { name: '4.1.6.5 Specifying the Resource format', tests: '4', failures: '1' },
    });
    const failed = suite?.children.filter(({ children }) => children.some(({ name }) => name === 'failure'));
    expect(failed?.map(({ attributes }) => attributes.name)).toContain('$format is not case-sensitive (json; R4.1.6.5-06)');
    expect(out).toContain('FAILED   json $format is not case-sensitive [R4.1.6.5-06]');
    expect(out).toMatch(/requirements not met: .*R4\.1\.6\.5-06/);
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/cimi', /does not answer/],
    ['there is something else', () => gateway.base.replace(/cimi\/$/, 'openapi.json'), /is (no|a)/],
    ['it is no URL', 'nowhere', /no URL/],
  ])('ends with 2 where the URL cannot be used: %s', async (_, where, words) => {
    const { code, err } = await run(typeof where === 'string' ? where : where());
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(words) as string });
  });

  it('ends with 2 and its usage for arguments it does not know', async () => {
    const { code, err } = await run(url, '--nosuch');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('Usage: npm run conformance -- [options] <url>') as string });
  });
});

/** The gateway as it would be if it did not know $format in capitals. */
async function withoutFormat(target: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const origin = new URL(target).origin;
  const server: Server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\$format=[A-Z]+/, 'nothing=here');
    const headers = { accept: request.headers.accept ?? '*/*' };
    void fetch(`${origin}${path}`, { headers }).then(async (answer) => {
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: target.replace(origin, `http://127.0.0.1:${port}`),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
