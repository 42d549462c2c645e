/** Answer of an imitated service. */
export type Answer = readonly [status: number, body?: unknown, headers?: Record<string, string>];

/** Project of the imitated cloud, and the time of everything in it. */
export const PROJECT = '0f0e1d2c3b4a59687766554433221100';
export const NOW = '2026-11-29T12:00:00Z';

/** Keystone's answer to a login: a token of one project, with the catalogue. */
export function login(host: string): Answer {
  const at = (path: string) => [{ interface: 'public', region_id: 'one', region: 'one', url: `http://${host}${path}` }];
  const catalog = [
    { type: 'compute', name: 'nova', endpoints: at('/compute/v2.1') },
    { type: 'image', name: 'glance', endpoints: at('/image') },
    { type: 'network', name: 'neutron', endpoints: at('/network') },
    { type: 'block-storage', name: 'cinder', endpoints: at(`/volume/v3/${PROJECT}`) },
  ];
  const token = {
    expires_at: '2099-01-01T00:00:00Z',
    catalog,
    user: { id: 'u', name: 'ann' },
    project: { id: PROJECT, name: 'web' },
    roles: [{ id: 'r', name: 'member' }],
  };
  return [201, { token: { ...token, issued_at: NOW, methods: ['password'] } }, { 'x-subject-token': 'gAAAA-fake-token' }];
}

/** Version documents by their paths. */
export const VERSIONS: Readonly<Record<string, unknown>> = {
  '/compute/v2.1/': { version: { id: 'v2.1', status: 'CURRENT', version: '2.96', min_version: '2.1' } },
  '/volume/v3/': { versions: [{ id: 'v3.0', status: 'CURRENT', version: '3.71', min_version: '3.0' }] },
};
