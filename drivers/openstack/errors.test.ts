import { ProviderError } from '../../src/clouds/errors';
import { busy, isBusy, isConflict, isNoRoute, isVanishedMarker, kindOf, passing, refused, retryAfter, strange, unanswered } from './errors';
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
    ['Nova’s', 'compute', 409, '{"conflictingRequest":{"code":409,"message":"busy"}}', { type: 'conflictingRequest', message: 'busy' }],
    [
      'Cinder’s, with a time to wait',
      'volume',
      413,
      '{"overLimit":{"code":413,"message":"slow","retryAfter":"7"}}',
      { type: 'overLimit', message: 'slow', retryAfter: '7' },
    ],
    [
      'Neutron’s',
      'network',
      409,
      '{"NeutronError":{"type":"NetworkInUse","message":"in use","detail":"by port 1"}}',
      { type: 'NetworkInUse', message: 'in use: by port 1' },
    ],
    ['Keystone’s', 'identity', 401, '{"error":{"code":401,"message":"no","title":"Unauthorized"}}', { type: 'error', message: 'no' }],
    ['its middleware’s', 'compute', 401, '{"error":{"code":401,"message":"no","title":"Unauthorized"}}', { type: 'error', message: 'no' }],
    [
      'Glance’s page',
      'image',
      403,
      page('403 Forbidden', 'Image &quot;a&quot; is protected'),
      { type: 'Forbidden', message: 'Image "a" is protected' },
    ],
    [
      'Glance’s in JSON',
      'image',
      404,
      '{"message":"No image found<br /><br />\\n","code":"404 Not Found","title":"Not Found"}',
      { type: 'Not Found', message: 'No image found' },
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
      { status: 503, headers: { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }, body: '' },
      true,
    );
    expect(dated.retryAfterMs).toBeGreaterThan(1_800_000);
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

describe('an answer in a service’s place', () => {
  const at = (status: number, headers: Record<string, string | string[]> = {}, body = '') =>
    strange('Nova', { status, headers, body }, false);

  // https://www.rfc-editor.org/rfc/rfc9110#section-15 and https://www.rfc-editor.org/rfc/rfc6585 have these statuses.
  test.each([
    [408, 'timeout'],
    [504, 'timeout'],
    [429, 'throttled'],
    [413, 'invalid'],
    [414, 'invalid'],
    [431, 'invalid'],
    [502, 'unavailable'],
  ])('%i is %s', (status, kind) => expect(at(status).kind).toBe(kind));

  test('a proxy that wants a login, or less, passed nothing on', () => {
    expect([407, 429].map((status) => at(status).maybeDone)).toEqual([false, false]);
    expect([302, 403, 502, 503].map((status) => at(status).maybeDone)).toEqual([true, true, true, true]);
    expect(strange('Nova', { status: 502, headers: {}, body: '' }, true).maybeDone).toBe(false);
  });

  test('its words are told, the first of them', () => {
    expect(at(503).message).toBe('Something in front of Nova answered in its place, with HTTP 503');
    expect(at(503, {}, '<p>Down for <b>maintenance</b></p>').message).toMatch(/with HTTP 503: Down for maintenance$/);
    expect(at(503, {}, 'x'.repeat(900)).message).toMatch(/ x{200}$/);
  });

  test('its time to wait is kept, where it is one', () => {
    expect([at(503, { 'retry-after': '5' }).retryAfterMs, at(503, { 'retry-after': ['6', '7'] }).retryAfterMs]).toEqual([5000, 6000]);
    expect([at(503, { 'retry-after': '0' }).retryAfterMs, at(503).retryAfterMs]).toEqual([undefined, undefined]);
  });

  test.each([
    ['https://login.example.org/saml', ' to https://login.example.org/saml'],
    ['https://login.example.org/saml?ticket=1\n2', ' to https://login.example.org/saml'],
    ['https://login.example.org/saml#token=1', ' to https://login.example.org/saml'],
    ['https://user:word@login.example.org/a@b', ' to https://login.example.org/a@b'],
    [undefined, ''],
  ])('a redirect to %j is told without secrets', (location, told) => {
    for (const status of [300, 302, 399])
      expect(at(status, location === undefined ? {} : { location }).message).toBe(
        `Something in front of Nova answered with a redirect (HTTP ${status})${told}`,
      );
    expect(at(400, { location: 'https://login.example.org/' }).message).toMatch(/in its place, with HTTP 400$/);
    expect(at(200, { location: 'https://login.example.org/' }).message).toMatch(/in its place, with HTTP 200$/);
  });
});

describe('what a refusal says about the thing', () => {
  const conflict = new ProviderError('conflict', 'Port 1 is in use', { code: '409 PortInUse', requestId: 'req-1' });

  test('its state stands in the way, passing or not', () => {
    expect(
      [conflict, busy('x'), new ProviderError('invalid', 'x', { code: '400 badRequest' }), { kind: 'conflict' }].map(isConflict),
    ).toEqual([true, true, false, false]);
    expect([conflict, busy('x'), new ProviderError('invalid', 'x'), { code: '409 busy' }].map(isBusy)).toEqual([false, true, false, false]);
  });

  test('the service does not have the route', () => {
    const codes = ['404 HTTPNotFound', '404 Not Found', '404 itemNotFound', undefined];
    expect(codes.map((code) => isNoRoute(new ProviderError('unavailable', 'x', { code })))).toEqual([true, true, false, false]);
    expect(isNoRoute({ code: '404 Not Found' })).toBe(false);
  });

  test('one that passes keeps its words and its request', () => {
    expect(passing(conflict, 'its server is being deleted')).toMatchObject({
      kind: 'unavailable',
      message: 'Port 1 is in use (its server is being deleted)',
      code: '409 PortInUse busy',
      requestId: 'req-1',
      maybeDone: false,
      cause: conflict,
    });
    expect(passing(busy('The server is being resized'))).toMatchObject({ message: 'The server is being resized', code: '409 busy' });
    expect(passing(new ProviderError('conflict', 'x')).code).toBe('409 busy');
    expect(busy('x')).toMatchObject({ kind: 'unavailable', maybeDone: false, passing: true });
  });

  test('no other status names a vanished marker', () => {
    const of = (code?: string) => isVanishedMarker(new ProviderError('invalid', 'no id-1', { code }), 'id-1');
    expect(['400 badRequest', '404 Not Found', '1400 x', '409 x', '500 400 x', undefined].map(of)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
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

  test('the service is named, with the words of the network', () => {
    expect(unanswered('Nova', withCode('ECONNREFUSED'), false).message).toBe('Nova cannot be reached: connect ECONNREFUSED');
    expect(unanswered('Nova', withCode('ECONNRESET'), false).message).toBe('The answer of Nova was lost: connect ECONNRESET');
    expect(unanswered('Nova', Object.assign(new Error(''), { code: 'EPIPE' }), false).message).toBe('The answer of Nova was lost: EPIPE');
    for (const nothing of [undefined, null, 'broken', {}, { message: 7 }])
      expect(unanswered('Nova', nothing, false).message).toBe('The answer of Nova was lost: no answer');
  });

  test.each([AbortSignal.abort().reason, new DOMException('The operation timed out.', 'TimeoutError')])(
    '%s: nobody waited longer',
    (thrown) => {
      expect(unanswered('Nova', thrown, true)).toMatchObject({ kind: 'timeout', message: 'Nova did not answer in time', maybeDone: false });
    },
  );

  test('the code of what caused it counts where it has none itself', () => {
    const wrapped = new TypeError('fetch failed', { cause: withCode('ENOTFOUND') });
    expect(unanswered('Nova', wrapped, false)).toMatchObject({ kind: 'unavailable', code: 'ENOTFOUND', maybeDone: false });
    expect(unanswered('Nova', new Error('x', { cause: null }), false)).toMatchObject({ kind: 'timeout', code: undefined });
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
