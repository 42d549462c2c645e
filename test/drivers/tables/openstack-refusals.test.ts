import { refused, retryAfter } from '../../../drivers/openstack/errors';
import type { Speaker } from '../../../drivers/openstack/faults';
import type { ErrorKind } from '../../../src/clouds/errors';

/** Refusals of OpenStack's services as their documents have them, and what each is to become. */

/** Nova's faults, their times to wait, and where the request's id is: https://docs.openstack.org/api-guide/compute/faults.html */
const fault = (name: string, code: number, message: string, more: object = {}) => JSON.stringify({ [name]: { code, message, ...more } });

/** Neutron's: https://docs.openstack.org/neutron/latest/contributor/internals/api_extensions.html */
const neutron = (type: string, message: string) => JSON.stringify({ NeutronError: { type, message, detail: '' } });

/** Keystone's: https://docs.openstack.org/api-ref/identity/v3/ */
const keystone = (code: number, title: string, message: string) => JSON.stringify({ error: { code, title, message } });

/** The page that WebOb makes, and Glance answers with: https://docs.pylonsproject.org/projects/webob/en/stable/api/exceptions.html */
const page = (status: string, words: string) =>
  `<html>\n <head>\n  <title>${status}</title>\n </head>\n <body>\n  <h1>${status}</h1>\n  ${words}<br /><br />\n\n\n\n </body>\n</html>`;

type Kind = ErrorKind | 'busy';
const seen = (speaker: Speaker, status: number, body: string, headers: Record<string, string> = {}, reads = true) => {
  const error = refused(speaker, 'The service', { status, headers, body }, reads);
  return { error, kind: (error.code?.endsWith(' busy') ? 'busy' : error.kind) as Kind };
};

describe('openstack: what Nova and Cinder refuse because of a state', () => {
  // nova/api/openstack/common.py and nova/exception.py, as https://docs.openstack.org/api-ref/compute/ answers 409 with.
  test.each<[string, Kind]>([
    ["Cannot 'os-start' instance 1 while it is in task_state powering-on", 'busy'],
    ["Cannot 'delete' instance 1 while it is in task_state None", 'conflict'],
    ["Cannot 'reboot' instance 1 while it is in vm_state building", 'busy'],
    ["Cannot 'unrescue' instance 1 while it is in vm_state active", 'conflict'],
    ['Instance 1 is not ready', 'busy'],
    ["Instance 1 is in an invalid state for 'resize'", 'conflict'],
    ['Quota exceeded for cores: Requested 8, but already used 20 of 20 cores', 'quota'],
  ])('409 of Nova: %s: %s', (message, kind) => {
    expect(seen('compute', 409, fault('conflictingRequest', 409, message)).kind).toBe(kind);
  });

  // cinder/volume/api.py, as https://docs.openstack.org/api-ref/block-storage/v3/ answers 400 with.
  test.each<[string, Kind]>([
    ['Invalid volume: Volume 1 status must be available, but current status is: detaching.', 'busy'],
    ['Invalid volume: Volume 1 status must be available, but current status is: in-use.', 'conflict'],
    ['Invalid volume: Volume 1 status must be available or error, but current status is uploading.', 'busy'],
    ['Invalid volume: Volume 1 status must be available or downloading to reserve, but the current status is attaching.', 'busy'],
    ['Invalid volume: Volume 1 status must be available or downloading to reserve, but the current status is maintenance.', 'conflict'],
    ['retypes affecting multiattach are only allowed on available volumes, which however currently has a status of: extending.', 'busy'],
    ["Invalid volume: volume '1' status must be 'in-use'. Currently in 'attaching' status", 'busy'],
    ["Invalid volume: volume '1' status must be 'in-use'. Currently in 'available' status", 'conflict'],
    ['Invalid snapshot: Snapshot 1 has also volumes that depend on it.', 'conflict'],
    ['Invalid backup: Backup status must be available or error', 'conflict'],
    ['Originating snapshot status must be one of available values', 'conflict'],
    ['Invalid input received: Volume name has more than 255 characters.', 'invalid'],
    ['Metadata says Invalid volume names', 'invalid'],
  ])('400 of Cinder: %s: %s', (message, kind) => {
    expect(seen('volume', 400, fault('badRequest', 400, message)).kind).toBe(kind);
  });

  // neutron_lib/exceptions, and neutron/db/ipam_backend_mixin.py.
  test.each<[string, string, Kind]>([
    ['SubnetInUse', 'Unable to complete operation on subnet 1: This subnet is being modified by another concurrent operation.', 'busy'],
    ['SubnetInUse', 'Unable to complete operation on subnet 1: One or more ports have an IP allocation from this subnet.', 'conflict'],
    ['RouterInUse', 'Router 1 still has ports', 'conflict'],
    ['OverQuota', "Quota exceeded for resources: ['network'].", 'quota'],
    ['SubnetPrefixQuota', 'Per-tenant subnet pool prefix quota exceeded.', 'quota'],
  ])('409 of Neutron: %s, %s: %s', (type, message, kind) => {
    expect(seen('network', 409, neutron(type, message)).kind).toBe(kind);
  });
});

describe('openstack: what a service refuses for good', () => {
  test.each<[string, Speaker, number, string, Kind]>([
    // An API that was taken out answers 410 (https://docs.openstack.org/api-ref/compute/, obsolete APIs).
    ['an obsolete API', 'compute', 410, fault('computeFault', 410, 'This API is obsolete.'), 'unavailable'],
    ['a method', 'compute', 405, fault('badMethod', 405, 'Method not allowed'), 'unsupported'],
    ['a microversion', 'compute', 406, fault('computeFault', 406, 'Version 2.999 is not supported by the API.'), 'unsupported'],
    // https://docs.openstack.org/api-ref/image/v2/: a protected image, and one that does not fit.
    ['a protected image', 'image', 403, page('403 Forbidden', 'Image 1 is protected and cannot be deleted.'), 'conflict'],
    ['an image beyond the quota', 'image', 413, page('413 Request Entity Too Large', 'The size of the data exceeds the quota'), 'quota'],
    ['data that came too slowly', 'image', 408, page('408 Request Timeout', 'The server has waited too long'), 'timeout'],
    ['a change of what changed meanwhile', 'image', 412, page('412 Precondition Failed', 'Revision does not match'), 'conflict'],
    // https://docs.openstack.org/api-ref/identity/v3/#password-authentication-with-unscoped-authorization
    ['a password', 'identity', 401, keystone(401, 'Unauthorized', 'The request you have made requires authentication.'), 'auth'],
    ['a project', 'identity', 403, keystone(403, 'Forbidden', 'You are not authorized to perform the requested action.'), 'forbidden'],
  ])('%s', (_what, speaker, status, body, kind) => {
    expect(seen(speaker, status, body).kind).toBe(kind);
  });

  test('a write into a service that has no such route is unsupported or unavailable, never the client’s mistake', () => {
    expect(seen('network', 404, neutron('HTTPNotFound', 'The resource could not be found.'), {}, false).kind).toBe('unsupported');
    const routeless = page('404 Not Found', 'The resource could not be found.');
    expect(seen('volume', 404, routeless, {}, false).error).toMatchObject({ kind: 'unavailable', code: '404 Not Found' });
    expect(seen('compute', 410, fault('gone', 410, 'This API is obsolete.'), {}, false).kind).toBe('unavailable');
  });

  test('a service without words is named with its status', () => {
    expect(seen('compute', 500, fault('computeFault', 500, '')).error.message).toBe('The service answered HTTP 500');
    expect(seen('compute', 500, fault('computeFault', 500, 'x'.repeat(900))).error.message).toHaveLength(500);
  });
});

describe('openstack: limits', () => {
  // Cinder answers 413 at a quota, with Retry-After: 0, and at a rate that is too high, with the seconds to wait; Nova 429.
  test('413 is a quota, or a rate where there is a time to wait', () => {
    const overLimit = (retryAfter: string) =>
      fault('overLimit', 413, 'VolumeLimitExceeded: Maximum number of volumes allowed (10) exceeded', { retryAfter });
    const quota = seen('volume', 413, overLimit('0'), { 'retry-after': '0' });
    expect(quota.kind).toBe('quota');
    expect(quota.error.retryAfterMs).toBeUndefined();
    const rate = seen('volume', 413, overLimit('7'));
    expect([rate.kind, rate.error.retryAfterMs]).toEqual(['throttled', 7000]);
    expect(seen('volume', 413, fault('overLimit', 413, 'Maximum number of backups allowed (10) exceeded')).kind).toBe('quota');
  });

  test('429 is a rate; without a time to wait none is made up', () => {
    const { kind, error } = seen('compute', 429, fault('overLimit', 429, 'This request was rate-limited.'));
    expect([kind, error.retryAfterMs]).toEqual(['throttled', undefined]);
    expect(Object.keys(error)).toContain('retryAfterMs');
  });

  // https://www.rfc-editor.org/rfc/rfc9110#field.retry-after: seconds, or a date.
  test.each([
    ['120', 120_000],
    ['2.25', 2250],
    ['Wed, 21 Oct 2015 07:28:00 GMT', 0],
    ['120 seconds', undefined],
    [undefined, undefined],
  ])('Retry-After %j is %s ms', (header, ms) => {
    expect(retryAfter(header)).toBe(ms);
  });
});

describe('openstack: Keystone’s middleware in front of a service', () => {
  // https://docs.openstack.org/keystonemiddleware/latest/middlewarearchitecture.html: WWW-Authenticate names Keystone.
  const www = { 'www-authenticate': 'Keystone uri="https://keystone.example.org"' };

  test('its 401 is one about the login, whatever the body is', () => {
    for (const body of ['', 'Authentication required', '<html>401</html>']) {
      expect(seen('compute', 401, body, www).error).toMatchObject({
        kind: 'auth',
        message: 'The service answered HTTP 401',
        code: '401 unauthorized',
        maybeDone: false,
      });
    }
  });

  test('another’s 401, or another status of its, says nothing about the login', () => {
    expect(seen('compute', 401, 'Authentication required').kind).toBe('unavailable');
    expect(seen('compute', 401, '', { 'www-authenticate': 'Basic realm="Keystone proxy"' }).kind).toBe('unavailable');
    expect(seen('compute', 401, '', { 'www-authenticate': 'Keystonefront' }).kind).toBe('unavailable');
    expect(seen('compute', 503, '', www).error).toMatchObject({ kind: 'unavailable', code: '503' });
  });
});

describe('openstack: the request’s id', () => {
  const body = fault('itemNotFound', 404, 'Flavor 1 could not be found.');
  test.each([
    [{ 'x-openstack-request-id': 'req-1' }, 'req-1'],
    [{ 'x-compute-request-id': 'req-2' }, 'req-2'],
    [{ 'x-compute-request-id': 'req-2', 'x-openstack-request-id': 'req-1' }, 'req-1'],
    [{}, undefined],
  ])('%j: %s', (headers, id) => {
    expect(seen('compute', 404, body, headers).error.requestId).toBe(id);
  });
});
