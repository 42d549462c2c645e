import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loginBody } from './auth';
import { withCloudsFile } from './clouds-file';
import { openstackOptions } from './options';

const CLOUDS = `
clouds:
  prod:
    auth:
      auth_url: https://keystone:5000
      username: ann
      project_name: web
      user_domain_name: People
      project_domain_id: d1
    region_name: north
    interface: internal
    verify: false
    cacert: /etc/ca.pem
    compute_endpoint_override: https://nova.vpn/v2.1
  robot:
    auth_type: v3applicationcredential
    auth: { auth_url: 'https://keystone:5000/v3', application_credential_id: ac1, application_credential_secret: s3, password: unused }
    endpoint_type: publicURL
  vendored:
    profile: vendor
    auth: { username: bob, project_id: p1, password: pw }
  odd:
    auth_type: v3oidcpassword
    auth: { auth_url: 'https://keystone:5000/v3' }
`;
const SECURE = `
clouds:
  prod: { auth: { password: geheim } }
`;
const PUBLIC = `
public-clouds:
  vendor: { auth: { auth_url: 'https://vendor/v3', user_domain_id: default }, region_name: v1 }
`;

describe('clouds.yaml', () => {
  let folder: string;
  const at = (more: object = {}) => ({ env: {}, home: folder, cwd: join(folder, 'elsewhere'), ...more });
  const options = (more: object) => openstackOptions.parse(more);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'clouds-'));
    mkdirSync(join(folder, '.config/openstack'), { recursive: true });
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, '.config/openstack/clouds.yaml'), CLOUDS);
    writeFileSync(join(folder, '.config/openstack/secure.yaml'), SECURE);
    writeFileSync(join(folder, '.config/openstack/clouds-public.yaml'), PUBLIC);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('an entry of the home folder, with its secrets from secure.yaml', () => {
    expect(withCloudsFile(options({ cloud: 'prod' }), at())).toMatchObject({
      ...{ authUrl: 'https://keystone:5000', username: 'ann', password: 'geheim', projectName: 'web', userDomainName: 'People' },
      ...{ projectDomainId: 'd1', region: 'north', interface: 'internal', verify: false },
      endpoints: { compute: 'https://nova.vpn/v2.1' },
    });
  });

  test('what the options say displaces what the file says in another way', () => {
    const given = withCloudsFile(options({ cloud: 'prod', projectId: 'p9', userDomainId: 'd9', cacert: '/own.pem' }), at());
    expect(given).toMatchObject({ projectId: 'p9', userDomainId: 'd9', cacert: '/own.pem', username: 'ann' });
    expect([given.projectName, given.userDomainName, given.verify]).toEqual([undefined, undefined, undefined]);
  });

  test('the options win over the file', () => {
    const given = options({ cloud: 'prod', region: 'south', password: 'own', verify: true, endpoints: { image: 'http://glance' } });
    expect(withCloudsFile(given, at())).toMatchObject({
      ...{ region: 'south', password: 'own', verify: true, username: 'ann' },
      endpoints: { compute: 'https://nova.vpn/v2.1', image: 'http://glance' },
    });
  });

  test('auth_type decides what logs in', () => {
    const robot = withCloudsFile(options({ cloud: 'robot' }), at());
    expect(robot.password).toBeUndefined();
    expect(robot.interface).toBe('public');
    expect(loginBody(robot)).toEqual({
      auth: { identity: { methods: ['application_credential'], application_credential: { id: 'ac1', secret: 's3' } } },
    });
    expect(() => withCloudsFile(options({ cloud: 'odd' }), at())).toThrow(/v3oidcpassword.*not known/);
  });

  test('a vendor’s profile lies below the entry', () => {
    expect(withCloudsFile(options({ cloud: 'vendored' }), at())).toMatchObject({
      authUrl: 'https://vendor/v3',
      region: 'v1',
      username: 'bob',
    });
  });

  test('the working folder comes first, OS_CLIENT_CONFIG_FILE before it, cloudsFile before all', () => {
    const write = (name: string, user: string) => {
      const path = join(folder, 'elsewhere', name);
      writeFileSync(path, `clouds: { prod: { auth: { auth_url: 'http://k/v3', username: ${user} } } }`);
      return path;
    };
    write('clouds.yaml', 'cwd');
    const env = { OS_CLIENT_CONFIG_FILE: write('env.yaml', 'env') };
    const file = write('own.yaml', 'own');
    expect(withCloudsFile(options({ cloud: 'prod' }), at()).username).toBe('cwd');
    expect(withCloudsFile(options({ cloud: 'prod' }), at({ env })).username).toBe('env');
    expect(withCloudsFile(options({ cloud: 'prod', cloudsFile: file }), at({ env })).username).toBe('own');
  });

  test('what is wrong is told in words, without a secret', () => {
    expect(() => withCloudsFile(options({ cloud: 'none' }), at())).toThrow(/no cloud none; it has: prod, robot, vendored, odd/);
    expect(() => withCloudsFile(options({ cloud: 'prod' }), at({ home: join(folder, 'x') }))).toThrow(/no clouds.yaml in .*elsewhere/);
    const broken = join(folder, 'broken.yaml');
    writeFileSync(broken, 'clouds:\n  a: { auth: { password: geheim }\n b');
    expect(() => withCloudsFile(options({ cloud: 'a', cloudsFile: broken }), at())).toThrow(/cannot be read: \w+ in line \d/);
    expect(() => withCloudsFile(options({ cloud: 'a', cloudsFile: broken }), at())).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('geheim') as string }),
    );
  });
});
