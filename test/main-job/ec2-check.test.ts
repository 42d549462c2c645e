import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { driver } from '../../drivers/ec2/index';
import { cloudOptions, loadConfig } from '../../src/config/load';
import { startEc2, TEST_KEYS, TEST_REGION, type Ec2Account } from '../backends/ec2';
import { freePort, motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { runTypescript } from '../backends/run-typescript';

const EXAMPLE = join(__dirname, '..', '..', 'config', 'ec2.yaml');

describe('config/ec2.yaml', () => {
  test('loads as it stands, and with a region from the environment', async () => {
    for (const [env, region] of [
      [{}, 'eu-central-1'],
      [{ AWS_REGION: 'us-west-2' }, 'us-west-2'],
    ] as const) {
      const config = await loadConfig({ file: EXAMPLE, env, cwd: tmpdir() });
      expect(config.defaultCloud).toBe('aws');
      expect(cloudOptions(config, 'aws', driver.options)).toMatchObject({ region, imageOwners: ['self'] });
    }
  });

  test('loads with each of its comments taken for a setting', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cimi-example-'));
    const settings = readFileSync(EXAMPLE, 'utf8')
      .replace('secrets: {}', 'secrets:')
      // A profile and keys are two logins.
      .replace(/^( +)# (?!profile)(\w+: [[$\w])/gm, '$1$2');
    const file = join(folder, 'all.yaml');
    writeFileSync(file, settings);
    const env = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', CIMI_KEY: Buffer.alloc(32).toString('base64') };
    const config = await loadConfig({ file, env, cwd: folder });
    expect(cloudOptions(config, 'aws', driver.options)).toMatchObject({
      roleArn: 'arn:aws:iam::123456789012:role/cimi-gateway',
      accessKeyId: 'AKIAEXAMPLE',
      secretAccessKey: 'secret',
      subnet: 'subnet-0123456789abcdef0',
      securityGroups: ['sg-0123456789abcdef0'],
    });
    rmSync(folder, { recursive: true });
  });
});

describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let folder: string;

  beforeAll(async () => {
    account = await startEc2();
    folder = mkdtempSync(join(tmpdir(), 'cimi-check-'));
  });
  afterAll(async () => {
    await account.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the command as an operator does. */
  async function check(options: object, env: NodeJS.ProcessEnv = {}): Promise<{ code: number; output: string }> {
    const file = join(folder, 'gateway.yaml');
    const content = {
      data: { dir: folder },
      secrets: { key: Buffer.alloc(32, 7).toString('base64') },
      clouds: { aws: { driver: 'ec2', guard: { retries: 0 }, options } },
    };
    writeFileSync(file, stringify(content));
    const words = [...runTypescript(join(__dirname, '..', '..', 'src', 'main.ts')), 'check', '--config', file];
    return new Promise((done) => {
      const clean = { PATH: process.env.PATH ?? '', HOME: folder, AWS_EC2_METADATA_DISABLED: 'true', ...env };
      execFile(process.execPath, words, { env: clean, cwd: folder, timeout: 50_000 }, (error, stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: stdout + stderr });
      });
    });
  }
  const good = () => ({ region: TEST_REGION, endpoint: account.url, ...TEST_KEYS });

  test('a good login: every permission is named and well, and the command succeeds', async () => {
    const { code, output } = await check(good());
    expect(output).toMatch(/cloud aws: Login at EC2 .*: ok/);
    expect(output).toMatch(/cloud aws: Permission ec2:RunInstances: ok/);
    expect(output).not.toMatch(/WRONG/);
    expect(code).toBe(0);
  });

  test('keys that EC2 refuses: words that help, the secret in none of them, and the command fails', async () => {
    await account.moto.requireAuth();
    const { code, output } = await check(good());
    await account.moto.reset();
    expect(output).toMatch(
      /cloud aws: Login at EC2 .*: WRONG \(EC2 does not accept the credentials.*check accessKeyId and secretAccessKey/,
    );
    expect(output).toMatch(/1 finding to fix/);
    expect(output).not.toContain(TEST_KEYS.secretAccessKey);
    expect(output).not.toContain(TEST_KEYS.accessKeyId);
    expect(code).toBe(1);
  });

  test('a missing permission: its name and what it is needed for', async () => {
    const fail = { code: 'UnauthorizedOperation', message: 'You are not authorized to perform this operation.', status: 403 };
    const heal = account.proxy.add({ action: 'TerminateInstances', fail });
    const { code, output } = await check(good());
    heal();
    expect(output).toMatch(/Permission ec2:TerminateInstances: WRONG \(.*to delete machines.*not authorized/);
    expect(code).toBe(1);
  });

  test.each([
    ['no keys anywhere', {}, /No AWS credentials.*standard AWS chain/],
    ['a profile that is not there', { profile: 'nobody' }, /the profile 'nobody'/],
    ['an endpoint where nobody listens', { ...TEST_KEYS, endpoint: 'http://127.0.0.1:PORT' }, /cannot be reached.*endpoint/],
    ['a region that is none', { ...TEST_KEYS, region: 'Frankfurt' }, /region/],
    ['half of a key pair', { accessKeyId: 'AKIAEXAMPLE' }, /secretAccessKey/],
    ['an option that is none', { regoin: 'eu-central-1' }, /regoin.*region/s],
  ])('%s: told in words, without a stack trace', async (_what, wrong, words) => {
    const endpoint = 'endpoint' in wrong ? wrong.endpoint.replace('PORT', String(await freePort())) : account.url;
    const { code, output } = await check({ region: TEST_REGION, ...wrong, endpoint });
    expect(output).toMatch(words);
    expect(output).not.toMatch(/\n\s+at /);
    expect(code).toBe(1);
  });

  test('keys from the environment, as the standard chain has them', async () => {
    const env = { AWS_ACCESS_KEY_ID: TEST_KEYS.accessKeyId, AWS_SECRET_ACCESS_KEY: TEST_KEYS.secretAccessKey };
    const { code, output } = await check({ region: TEST_REGION, endpoint: account.url }, env);
    expect(output).toMatch(/Login at EC2 .*: ok/);
    expect(code).toBe(0);
  });
});
