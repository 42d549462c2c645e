import { ProviderError } from '../../src/clouds/errors';
import { isBusy, isVanishedMarker, kindOf, refused, retryAfter, unanswered } from './errors';
import { faultOf, type Speaker } from './faults';

const nova = (status: number, name: string, message: string) => ({
  status,
  headers: {},
  body: JSON.stringify({ [name]: { code: status, message } }),
});

describe('kinds of refusals', () => {
  test.each([
    [401, undefined, 'The request you have made requires authentication.', 'auth'],
    [403, 'forbidden', 'Quota exceeded for cores: Requested 8, but already used 20 of 20 cores', 'quota'],
    [403, 'forbidden', 'Maximum number of key pairs exceeded', 'quota'],
    [403, 'forbidden', "Policy doesn't allow os_compute_api:servers:create to be performed.", 'forbidden'],
    [403, undefined, '403 Forbidden Image 1 is protected and cannot be deleted.', 'conflict'],
    [404, 'itemNotFound', 'Instance 1 could not be found.', 'unavailable'],
    [404, 'HTTPNotFound', 'The resource could not be found.', 'unsupported'],
    [404, 'ExternalGatewayForFloatingIPNotFound', 'External network 1 is not reachable from subnet 2.', 'conflict'],
    [409, 'conflictingRequest', "Cannot 'stop' instance 1 while it is in task_state powering-off", 'busy'],
    [409, 'conflictingRequest', "Cannot 'pause' instance 1 while it is in vm_state stopped", 'conflict'],
    [409, 'conflictingRequest', "Cannot 'reboot' instance 1 while it is in vm_state building", 'busy'],
    [409, 'conflictingRequest', 'Instance 1 is locked', 'conflict'],
    [400, 'badRequest', "Invalid volume: volume '1' status must be 'available'. Currently in 'detaching'", 'busy'],
    [400, 'badRequest', "Invalid volume: volume '1' status must be 'available'. Currently in 'in-use'", 'conflict'],
    [409, 'conflictingRequest', 'Multiple possible networks found, use a Network ID to be more specific.', 'invalid'],
    [409, 'NetworkInUse', 'Unable to complete operation on network 1.', 'conflict'],
    [409, 'OverQuota', "Quota exceeded for resources: ['port'].", 'quota'],
    [409, 'IpAddressGenerationFailure', 'No more IP addresses available on network 1.', 'quota'],
    [400, 'badRequest', 'Invalid volume: Volume status must be available or error', 'conflict'],
    [400, 'badRequest', 'Flavor 99 could not be found.', 'invalid'],
    [405, undefined, 'The method is not allowed', 'unsupported'],
    [406, undefined, 'Version 2.99 is not supported by the API.', 'unsupported'],
    [429, 'overLimit', 'This request was rate-limited.', 'throttled'],
    [500, 'computeFault', 'Unexpected API Error.', 'unavailable'],
    [501, undefined, 'Not implemented', 'unsupported'],
    [503, undefined, 'Service Unavailable', 'unavailable'],
    [504, undefined, 'Gateway Time-out', 'timeout'],
    [418, undefined, 'teapot', 'invalid'],
  ])('%i %s: %s is %s', (status, type, words, kind) => {
    expect(kindOf(status, type, words, undefined)).toBe(kind);
  });

  test('413 is a quota, unless the service asks to wait', () => {
    expect(kindOf(413, 'overLimit', 'VolumeLimitExceeded', 0)).toBe('quota');
    expect(kindOf(413, 'overLimit', 'rate', 2000)).toBe('throttled');
  });
});

describe('a service’s own fault', () => {
  const page = (status: string, words: string) =>
    `<html>\n <head>\n  <title>${status}</title>\n </head>\n <body>\n  <h1>${status}</h1>\n  ${words}<br /><br />\n\n\n\n </body>\n</html>`;
  test.each<[string, Speaker, number, string, object]>([
    ['Nova’s', 'compute', 409, '{"conflictingRequest":{"code":409,"message":"busy"}}', { type: 'conflictingRequest', words: 'busy' }],
    [
      'Cinder’s, with a time to wait',
      'volume',
      413,
      '{"overLimit":{"code":413,"message":"slow","retryAfter":"7"}}',
      { type: 'overLimit', words: 'slow', retryAfter: '7' },
    ],
    [
      'Neutron’s',
      'network',
      409,
      '{"NeutronError":{"type":"NetworkInUse","message":"in use","detail":"by port 1"}}',
      { type: 'NetworkInUse', words: 'in use: by port 1' },
    ],
    ['Keystone’s', 'identity', 401, '{"error":{"code":401,"message":"no","title":"Unauthorized"}}', { type: 'error', words: 'no' }],
    ['its middleware’s', 'compute', 401, '{"error":{"code":401,"message":"no","title":"Unauthorized"}}', { type: 'error', words: 'no' }],
    [
      'Glance’s page',
      'image',
      403,
      page('403 Forbidden', 'Image &quot;a&quot; is protected'),
      { type: 'Forbidden', words: 'Image "a" is protected' },
    ],
    [
      'Glance’s in JSON',
      'image',
      404,
      '{"message":"No image found<br /><br />\\n","code":"404 Not Found","title":"Not Found"}',
      { type: 'Not Found', words: 'No image found' },
    ],
  ])('%s', (_whose, speaker, status, body, fault) => {
    expect(faultOf(speaker, { status, body })).toEqual(fault);
  });

  test.each<[string, Speaker, number, string]>([
    ['a text', 'compute', 404, 'default backend - 404'],
    ['nothing', 'compute', 404, ''],
    ['a list', 'compute', 404, '[1]'],
    ['another service’s', 'compute', 404, '{"NeutronError":{"type":"PortNotFound","message":"Port 1 could not be found.","detail":""}}'],
    ['Nova’s at Neutron’s place', 'network', 404, '{"itemNotFound":{"code":404,"message":"Instance 1 could not be found."}}'],
    ['a proxy’s JSON', 'compute', 404, '{"error":"not found","status":404}'],
    ['a fault of another status', 'compute', 404, '{"itemNotFound":{"code":410,"message":"Instance 1 could not be found."}}'],
    [
      'nginx’s page',
      'image',
      404,
      '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>',
    ],
    ['a page that was cut', 'image', 404, page('404 Not Found', 'No image found with ID 1').slice(0, 120)],
    ['JSON that was cut', 'compute', 404, '{"itemNotFound":{"code":404,"message":"Instance 1 could'],
  ])('is not %s', (_what, speaker, status, body) => {
    expect(faultOf(speaker, { status, body })).toBeUndefined();
    const error = refused(speaker, 'The service', { status, headers: {}, body }, false);
    expect(error).toMatchObject({ kind: 'unavailable', maybeDone: true, code: '404' });
    expect(error.message).toMatch(/in front of The service answered in its place, with HTTP 404/);
  });

  test.each([
    [302, 'unavailable'],
    [401, 'unavailable'],
    [403, 'unavailable'],
    [407, 'unavailable'],
    [400, 'unavailable'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [504, 'timeout'],
    [413, 'invalid'],
  ])('a stranger’s %i says nothing but that the service is not to be had: %s', (status, kind) => {
    const answer = {
      status,
      headers: { location: 'https://login.example.org/x?ticket=geheim' },
      body: '<html><body>Sign in</body></html>',
    };
    const error = refused('compute', 'Nova', answer, true);
    expect(error.kind).toBe(kind);
    expect(error.message).not.toContain('geheim');
  });

  test('a refusal because the service works on the thing passes, any other conflict does not', () => {
    const during = nova(409, 'conflictingRequest', "Cannot 'stop' instance 1 while it is in task_state powering-off");
    const passes = refused('compute', 'Nova', during, false);
    expect([isBusy(passes), passes.passing, passes.maybeDone]).toEqual([true, true, false]);
    const locked = refused('compute', 'Nova', nova(409, 'conflictingRequest', 'Instance 1 is locked'), false);
    expect([isBusy(locked), locked.passing, locked.kind]).toEqual([false, false, 'conflict']);
  });

  test('a write that names something else which is not there is invalid; a read of an unknown route is not', () => {
    const body = '{"NeutronError":{"type":"NetworkNotFound","message":"Network 1 could not be found.","detail":""}}';
    expect(refused('network', 'Neutron', { status: 404, headers: {}, body }, false).kind).toBe('invalid');
    expect(refused('network', 'Neutron', { status: 404, headers: {}, body }, true).kind).toBe('unavailable');
  });

  test('request id, time to wait and the service’s name of the error are kept', () => {
    const error = refused(
      'compute',
      'Nova',
      { ...nova(429, 'overLimit', 'slow down'), headers: { 'retry-after': '3', 'x-openstack-request-id': 'req-1' } },
      true,
    );
    expect(error).toMatchObject({
      kind: 'throttled',
      message: 'slow down',
      code: '429 overLimit',
      requestId: 'req-1',
      retryAfterMs: 3000,
      maybeDone: false,
    });
    const dated = refused(
      'compute',
      'Nova',
      { status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }, body: '' },
      true,
    );
    expect(dated.retryAfterMs).toBeGreaterThan(50_000);
    expect(dated.message).toMatch(/in front of Nova answered in its place, with HTTP 503/);
  });

  test('a write may have happened at 5xx, a read never, a refusal neither', () => {
    expect(refused('compute', 'Nova', nova(500, 'computeFault', 'x'), false).maybeDone).toBe(true);
    expect(refused('compute', 'Nova', nova(500, 'computeFault', 'x'), true).maybeDone).toBe(false);
    expect(refused('compute', 'Nova', nova(409, 'conflictingRequest', 'x'), false).maybeDone).toBe(false);
    expect(refused('compute', 'Nova', nova(501, 'notImplemented', 'x'), false).maybeDone).toBe(false);
  });
});

test.each([
  ['3', 3000],
  [' 0 ', 0],
  ['1.5', 1500],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['', undefined],
  ['99999999999999', 86_400_000],
])('Retry-After %j is %s ms', (header, ms) => {
  expect(retryAfter(header)).toBe(ms);
});

describe('no answer', () => {
  const withCode = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

  test.each(['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT', 'SELF_SIGNED_CERT_IN_CHAIN'])('%s: nothing was sent', (code) => {
    expect(unanswered('Nova', withCode(code), false)).toMatchObject({ kind: 'unavailable', maybeDone: false, code });
    expect(unanswered('Nova', new AggregateError([withCode(code)], ''), false)).toMatchObject({ kind: 'unavailable', code });
  });

  test('a cut connection leaves a write open', () => {
    expect(unanswered('Nova', withCode('ECONNRESET'), false)).toMatchObject({ kind: 'timeout', maybeDone: true });
    expect(unanswered('Nova', withCode('ECONNRESET'), true)).toMatchObject({ kind: 'timeout', maybeDone: false });
    expect(unanswered('Nova', AbortSignal.abort().reason, false)).toMatchObject({ kind: 'timeout', maybeDone: true });
  });

  test('what is an error of ours already stays as it is', () => {
    const own = new ProviderError('quota', 'full');
    expect(unanswered('Nova', own, false)).toBe(own);
  });
});

test.each([
  [400, 'badRequest', 'marker [id-1] not found', true],
  [400, 'badRequest', 'No image found with ID id-1<br /><br />\n\n', true],
  [404, 'PortNotFound', 'Port id-1 could not be found.', true],
  [400, 'badRequest', 'Invalid input for query parameters limit', false],
  [404, 'itemNotFound', 'The resource could not be found.', false],
  [409, 'conflictingRequest', 'id-1 is busy', false],
])('a vanished marker: %i %s %s: %s', (status, name, message, vanished) => {
  expect(isVanishedMarker(refused('compute', 'Nova', nova(status, name, message), true), 'id-1')).toBe(vanished);
  expect(isVanishedMarker(new Error(message), 'id-1')).toBe(false);
});
