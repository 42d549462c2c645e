import { ProviderError } from '../../src/clouds/errors';
import { faultOf, isVanishedMarker, kindOf, refused, unanswered } from './errors';

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
    [404, 'itemNotFound', 'Instance 1 could not be found.', 'notFound'],
    [404, 'ExternalGatewayForFloatingIPNotFound', 'External network 1 is not reachable from subnet 2.', 'conflict'],
    [409, 'conflictingRequest', "Cannot 'stop' instance 1 while it is in task_state powering-off", 'conflict'],
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

describe('words of every service', () => {
  test.each([
    ['Nova and Cinder', '{"conflictingRequest":{"code":409,"message":"busy"}}', { type: 'conflictingRequest', words: 'busy' }],
    [
      'Neutron',
      '{"NeutronError":{"type":"NetworkInUse","message":"in use","detail":"by port 1"}}',
      { type: 'NetworkInUse', words: 'in use: by port 1' },
    ],
    ['Keystone', '{"error":{"code":401,"message":"no","title":"Unauthorized"}}', { type: 'error', words: 'no' }],
    [
      'Glance',
      '<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1>Image &quot;a&quot; is protected<br /></body></html>',
      { words: '403 Forbidden Image "a" is protected' },
    ],
    ['Glance in JSON', '{"message":"No image found<br /><br />\\n\\n","code":"404 Not Found"}', { words: 'No image found' }],
    ['a text', 'upstream connect error', { words: 'upstream connect error' }],
    ['nothing', '', {}],
    ['a list', '[1]', {}],
  ])('%s', (_who, body, fault) => {
    expect(faultOf(body)).toEqual(fault);
  });

  test('request id, time to wait and the service’s name of the error are kept', () => {
    const error = refused(
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
    const dated = refused('Nova', { status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() }, body: '' }, true);
    expect(dated.retryAfterMs).toBeGreaterThan(50_000);
    expect(dated.message).toBe('Nova answered HTTP 503');
  });

  test('a write may have happened at 5xx, a read never, a refusal neither', () => {
    expect(refused('Nova', nova(500, 'computeFault', 'x'), false).maybeDone).toBe(true);
    expect(refused('Nova', nova(500, 'computeFault', 'x'), true).maybeDone).toBe(false);
    expect(refused('Nova', nova(409, 'conflictingRequest', 'x'), false).maybeDone).toBe(false);
    expect(refused('Nova', nova(501, 'notImplemented', 'x'), false).maybeDone).toBe(false);
  });
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
  [400, 'message', 'No image found with ID id-1<br /><br />\n\n', true],
  [404, 'PortNotFound', 'Port id-1 could not be found.', true],
  [400, 'badRequest', 'Invalid input for query parameters limit', false],
  [404, 'itemNotFound', 'The resource could not be found.', false],
  [409, 'conflictingRequest', 'id-1 is busy', false],
])('a vanished marker: %i %s %s: %s', (status, name, message, vanished) => {
  expect(isVanishedMarker(refused('Nova', nova(status, name, message), true), 'id-1')).toBe(vanished);
  expect(isVanishedMarker(new Error(message), 'id-1')).toBe(false);
});
