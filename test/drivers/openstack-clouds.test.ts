import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withCloudsFile } from '../../drivers/openstack/clouds-file';
import { type OpenstackOptions, openstackOptions } from '../../drivers/openstack/options';
import { describeWith } from '../backends/need';
import { installOpenstacksdk, openstacksdkAvailable, readWithSdk, type SdkCloud } from '../backends/openstacksdk';
import { CLOUDS, PUBLIC, SECURE } from './openstack-clouds-files';

/** Names of the driver's options for openstacksdk's. */
const NAMES: Readonly<Record<string, keyof OpenstackOptions>> = {
  auth_url: 'authUrl',
  username: 'username',
  user_id: 'userId',
  password: 'password',
  user_domain_name: 'userDomainName',
  user_domain_id: 'userDomainId',
  application_credential_id: 'applicationCredentialId',
  application_credential_name: 'applicationCredentialName',
  application_credential_secret: 'applicationCredentialSecret',
  token: 'token',
  project_name: 'projectName',
  project_id: 'projectId',
  project_domain_name: 'projectDomainName',
  project_domain_id: 'projectDomainId',
  domain_name: 'domainName',
  domain_id: 'domainId',
  trust_id: 'trustId',
};

/** Puts what openstacksdk made of a cloud into the driver's words. Its default domain goes where the login has none of its own. */
function inOurWords(given: Exclude<SdkCloud, { error: string }>): object {
  const { default_domain_id: byId, default_domain_name: byName, ...auth } = given['auth'] as Record<string, string>;
  const domains = ['user_domain', 'project_domain'].flatMap((whose) => {
    if (auth[`${whose}_id`] !== undefined || auth[`${whose}_name`] !== undefined) return [];
    return byId !== undefined ? [[`${whose}_id`, byId]] : byName !== undefined ? [[`${whose}_name`, byName]] : [];
  });
  const login = Object.entries({ ...auth, ...Object.fromEntries(domains) }).map(([key, value]) => [NAMES[key], value]);
  const { region, verify, endpoints } = given;
  return {
    ...Object.fromEntries(login),
    region: region ?? undefined,
    interface: given['interface'] ?? 'public',
    trusts: verify,
    endpoints,
  };
}

/** The same of what the driver made of it. */
function ours(options: OpenstackOptions): object {
  const login = Object.values(NAMES).flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]]));
  const { region, verify = true, cacert, endpoints = {} } = options;
  return {
    ...Object.fromEntries(login),
    region,
    interface: options.interface ?? 'public',
    trusts: verify ? (cacert ?? true) : false,
    endpoints,
  };
}

describeWith('openstacksdk', openstacksdkAvailable(), () => {
  let folder: string;
  let sdk: Record<string, SdkCloud>;
  const surroundings = () => ({ env: {}, home: folder, cwd: join(folder, 'elsewhere') });

  beforeAll(async () => {
    await installOpenstacksdk();
    folder = mkdtempSync(join(tmpdir(), 'clouds-sdk-'));
    const config = join(folder, '.config/openstack');
    for (const path of [config, surroundings().cwd]) mkdirSync(path, { recursive: true });
    writeFileSync(join(config, 'clouds.yaml'), CLOUDS);
    writeFileSync(join(config, 'secure.yaml'), SECURE);
    writeFileSync(join(config, 'clouds-public.yaml'), PUBLIC);
    sdk = await readWithSdk(surroundings());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('every cloud of the files means the same to both', () => {
    const differing = Object.entries(sdk).flatMap(([cloud, theirs]) => {
      const read = ours(withCloudsFile(openstackOptions.parse({ cloud }), surroundings()));
      const wanted = 'error' in theirs ? theirs : inOurWords(theirs as Exclude<SdkCloud, { error: string }>);
      try {
        expect(read).toEqual(wanted);
        return [];
      } catch {
        return [{ cloud, read, wanted }];
      }
    });
    expect(differing).toEqual([]);
    expect(Object.keys(sdk).length).toBeGreaterThan(45);
  });

  test('OS_CLIENT_CONFIG_FILE comes first where it is there, the working folder next', async () => {
    const at = surroundings();
    writeFileSync(
      join(at.cwd, 'clouds.yaml'),
      `clouds: { plain: { auth: { auth_url: 'https://here/v3', username: u, password: p, project_id: x } } }`,
    );
    const named = join(folder, 'named.yaml');
    writeFileSync(named, `clouds: { plain: { auth: { auth_url: 'https://named/v3', username: u, password: p, project_id: x } } }`);
    for (const env of [{}, { OS_CLIENT_CONFIG_FILE: named }, { OS_CLIENT_CONFIG_FILE: join(folder, 'none.yaml') }]) {
      const theirs = (await readWithSdk({ ...at, env }))['plain'] as { auth: { auth_url: string } };
      expect(withCloudsFile(openstackOptions.parse({ cloud: 'plain' }), { ...at, env }).authUrl).toBe(theirs.auth.auth_url);
    }
    rmSync(join(at.cwd, 'clouds.yaml'));
  });
});
