import type { ErrorKind } from '../../src/clouds/errors';
import { ProviderError } from '../../src/clouds/errors';
import { kindOf, translate } from './errors';

const answered = (name: string, status: number, message = 'words') =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: 'req-1' } });

test.each<[string, number, ErrorKind]>([
  ['EC2ThrottledException', 503, 'throttled'],
  ['ThrottledException', 400, 'throttled'],
  ['RequestThrottledException', 400, 'throttled'],
  ['TooManyRequestsException', 429, 'throttled'],
  ['ConcurrentLimitExceededException', 400, 'throttled'],
  ['ServiceQuotaExceededException', 402, 'quota'],
  ['ConflictException', 503, 'conflict'],
  ['ValidationException', 400, 'invalid'],
  ['InternalServerException', 500, 'unavailable'],
  // A status alone proves nothing, and a new snapshot may not be known yet.
  ['ResourceNotFoundException', 404, 'unavailable'],
  ['AuthFailure', 401, 'auth'],
  ['AuthFailure', 403, 'forbidden'],
  ['InvalidClientTokenId', 401, 'auth'],
  ['SignatureDoesNotMatch', 403, 'auth'],
  ['ExpiredToken', 400, 'auth'],
  ['UnauthorizedOperation', 403, 'forbidden'],
  ['OptInRequired', 403, 'forbidden'],
  ['IncorrectInstanceState', 400, 'conflict'],
  ['VolumeInUse', 400, 'conflict'],
  ['InvalidSnapshot.InUse', 400, 'conflict'],
  ['DependencyViolation', 400, 'conflict'],
  ['InvalidKeyPair.Duplicate', 400, 'conflict'],
  ['IdempotentParameterMismatch', 400, 'conflict'],
  ['InstanceLimitExceeded', 400, 'quota'],
  ['VcpuLimitExceeded', 400, 'quota'],
  ['TagLimitExceeded', 400, 'quota'],
  ['VolumeLimitExceeded', 400, 'quota'],
  ['SnapshotLimitExceeded', 400, 'quota'],
  ['AttachmentLimitExceeded', 400, 'quota'],
  ['VolumeModificationRateExceeded', 400, 'quota'],
  ['SnapshotCreationPerVolumeRateExceeded', 400, 'throttled'],
  ['IncorrectModificationState', 400, 'conflict'],
  ['InvalidVolume.ZoneMismatch', 400, 'invalid'],
  ['InvalidZone.NotFound', 400, 'invalid'],
  ['InsufficientVolumeCapacity', 500, 'unavailable'],
  ['AddressLimitExceeded', 400, 'quota'],
  ['VpcLimitExceeded', 400, 'quota'],
  ['InternetGatewayLimitExceeded', 400, 'quota'],
  ['RouteTableLimitExceeded', 400, 'quota'],
  ['NetworkInterfaceLimitExceeded', 400, 'quota'],
  ['InsufficientFreeAddressesInSubnet', 400, 'quota'],
  ['InvalidSubnet.Conflict', 400, 'conflict'],
  ['InvalidSubnet.Range', 400, 'invalid'],
  ['InvalidVpc.Range', 400, 'invalid'],
  ['InvalidNetworkInterface.InUse', 400, 'conflict'],
  ['InvalidIPAddress.InUse', 400, 'conflict'],
  ['Resource.AlreadyAssociated', 400, 'conflict'],
  ['RouteAlreadyExists', 400, 'conflict'],
  ['Gateway.NotAttached', 400, 'conflict'],
  ['DependencyViolation', 400, 'conflict'],
  ['RequestLimitExceeded', 503, 'throttled'],
  ['Throttling', 400, 'throttled'],
  ['InvalidParameterValue', 400, 'invalid'],
  ['InvalidParameterCombination', 400, 'invalid'],
  ['MissingParameter', 400, 'invalid'],
  ['InvalidInstanceID.Malformed', 400, 'invalid'],
  ['InvalidKey.Format', 400, 'invalid'],
  ['InvalidInstanceType', 400, 'invalid'],
  ['InternalError', 500, 'unavailable'],
  ['Unavailable', 503, 'unavailable'],
  ['InsufficientInstanceCapacity', 500, 'unavailable'],
  ['RequestTimeout', 400, 'timeout'],
  ['UnsupportedOperation', 400, 'unsupported'],
  ['UnsupportedHibernationConfiguration', 400, 'unsupported'],
  ['SomethingNew', 400, 'invalid'],
  ['SomethingNew', 403, 'forbidden'],
  ['SomethingNew', 503, 'unavailable'],
  ['SomethingNew', 404, 'unavailable'],
  ['InvalidReservationID.NotFound', 400, 'invalid'],
  ['constructor', 409, 'conflict'],
])('%s (%i) is %s', (code, status, kind) => {
  expect(kindOf(code, status)).toBe(kind);
});

test('an EC2 error keeps its code, words and request id', () => {
  const error = translate(answered('InstanceLimitExceeded', 400, 'You have requested more instances (5) than your limit'));
  expect(error).toBeInstanceOf(ProviderError);
  expect(error).toMatchObject({ kind: 'quota', code: 'InstanceLimitExceeded', requestId: 'req-1', maybeDone: false });
  expect(error.message).toContain('more instances (5)');
});

test.each([
  ['InsufficientInstanceCapacity', 500, /words.*another machine configuration or availabilityZone/],
  ['InsufficientVolumeCapacity', 500, /another availabilityZone or type/],
  ['VolumeLimitExceeded', 400, /quota is used up.*Service Quotas/],
  ['VcpuLimitExceeded', 400, /quota is used up/],
  ['VolumeModificationRateExceeded', 400, /hours between two changes/],
  ['TagLimitExceeded', 400, /50 tags of a thing.*`tags`/],
  ['EC2ThrottledException', 503, /how often this account may ask/],
  ['RequestLimitExceeded', 503, /how often this account may ask/],
  ['UnauthorizedOperation', 403, /lack a permission.*check/],
])('%s says what to do, after EC2’s own words', (code, status, words) => {
  const { message } = translate(answered(code, status));
  expect(message).toMatch(/^words/);
  expect(message).toMatch(words);
});

test('a code that says too little is told apart by its words', () => {
  const said = (message: string) => translate(answered('InvalidParameterValue', 400, message));
  expect(said("Network interface 'eni-1' is currently in use.").kind).toBe('conflict');
  expect(said('Value (x) for parameter y is invalid.').kind).toBe('invalid');
});

test('5xx may have happened; throttling and want of capacity have not', () => {
  expect(translate(answered('InternalError', 500)).maybeDone).toBe(true);
  expect(translate(answered('RequestLimitExceeded', 503)).maybeDone).toBe(false);
  expect(translate(answered('InsufficientInstanceCapacity', 500))).toMatchObject({ maybeDone: false, lasting: true, passing: false });
});

test('a page that is not XML is unavailable, and may have happened', () => {
  const html = Object.assign(new SyntaxError('Unexpected token'), { $response: { statusCode: 502 } });
  expect(translate(html)).toMatchObject({ kind: 'unavailable', maybeDone: true });
  expect(translate(html).message).not.toContain('Unexpected');
});

test('no connection: unavailable and certainly not done; a lost one: timeout and maybe done', () => {
  for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN']) {
    expect(translate(Object.assign(new Error('x'), { code }))).toMatchObject({ kind: 'unavailable', maybeDone: false });
  }
  const wrapped = new Error('AWS SDK error wrapper for Error: connect ECONNREFUSED 127.0.0.1:1');
  expect(translate(wrapped)).toMatchObject({ kind: 'unavailable', maybeDone: false });
  const both = Object.assign(new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]), {});
  expect(translate(both)).toMatchObject({ kind: 'unavailable', maybeDone: false });
  for (const lost of [{ code: 'ECONNRESET' }, { code: 'EPIPE' }, { name: 'TimeoutError' }, { name: 'AbortError' }]) {
    expect(translate(Object.assign(new Error('x'), lost))).toMatchObject({ kind: 'timeout', maybeDone: true });
  }
});

test('secrets that AWS quotes do not come along', () => {
  const quoted = [
    'The request signature we calculated does not match. The Canonical String for this request should have been',
    "'POST / x-amz-security-token:FwoGZXIvYXdzEXAMPLE'",
  ].join(' ');
  expect(translate(answered('SignatureDoesNotMatch', 403, quoted)).message).not.toContain('FwoGZX');
  const encoded = 'You are not authorized. Encoded authorization failure message: 4GfD0aXYZ';
  expect(translate(answered('UnauthorizedOperation', 403, encoded)).message).toMatch(/^You are not authorized\. \(/);
  expect(translate(answered('UnauthorizedOperation', 403, encoded)).message).not.toContain('4GfD');
  expect(translate(answered('AuthFailure', 401, 'key AKIAIOSFODNN7EXAMPLE')).message).not.toContain('IOSFODNN7');
});

test('no credentials at all is a matter of login', () => {
  const error = Object.assign(new Error('Could not load credentials from any providers'), { name: 'CredentialsProviderError' });
  expect(translate(error)).toMatchObject({ kind: 'auth', maybeDone: false });
});

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: a code that no list has goes by its status.
test.each<[number | undefined, ErrorKind]>([
  [undefined, 'timeout'],
  [400, 'invalid'],
  [401, 'auth'],
  [403, 'forbidden'],
  [404, 'unavailable'],
  [409, 'conflict'],
  [429, 'throttled'],
  [499, 'invalid'],
  [500, 'unavailable'],
  [503, 'unavailable'],
  [504, 'timeout'],
])('an unknown code with HTTP %s is %s', (status, kind) => {
  expect(kindOf('SomethingNew', status)).toBe(kind);
});

test('a code is known by its end or its beginning, not by a part of it', () => {
  const unknown = ['Some.NotFoundElsewhere', 'InUseElsewhere', 'Key.DuplicateOf', 'LimitExceededElsewhere', 'NotInsufficientCapacity'];
  for (const code of [...unknown, 'NotUnsupported', 'NotInvalid', 'Key.MalformedElsewhere', 'Key.FormatElsewhere'])
    expect([code, kindOf(code, 503)]).toEqual([code, 'unavailable']);
  expect(kindOf('InsufficientCapacity', 400)).toBe('unavailable');
  expect(kindOf('InsufficientHostCapacityNow', 400)).toBe('unavailable');
  expect(['VolumeInUse', 'Some.InUse', 'Some.Duplicate'].map((code) => kindOf(code, 503))).toEqual(['conflict', 'conflict', 'conflict']);
  expect(['Some.Malformed', 'Some.Format', 'InvalidInput'].map((code) => kindOf(code, 503))).toEqual(['invalid', 'invalid', 'invalid']);
});

test('no advice follows a code that only resembles one', () => {
  for (const code of [
    'NotInsufficientInstanceCapacity',
    'InsufficientCapacityOfHost',
    'RequestLimitExceededNot',
    'MyUnauthorizedOperation',
    'UnauthorizedOperationNot',
    'NotAccessDenied',
    'AVolumeModificationRateExceeded',
    'VolumeModificationRateExceededA',
  ])
    expect(translate(answered(code, 400)).message).toBe('words');
  expect(translate(answered('AccessDeniedException', 403)).message).toMatch(/lack a permission/);
  expect(translate(answered('InsufficientCapacity', 500)).message).toMatch(/another availabilityZone or type/);
});

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html answers AccessDenied where the role may not be assumed.
test('a role that may not be assumed is a matter of login', () => {
  expect(translate(answered('AccessDenied', 403, 'User x is not authorized to perform: sts:AssumeRole on resource: y')).kind).toBe('auth');
  expect(translate(answered('AccessDenied', 403, 'User x is not authorized to perform: ec2:RunInstances')).kind).toBe('forbidden');
});

test('an answer without a name, or without words, is told with what it has', () => {
  const bare = (more: object) => translate({ $metadata: { httpStatusCode: 400 }, ...more });
  expect(bare({})).toMatchObject({ kind: 'invalid', code: 'Unknown', message: 'Unknown', maybeDone: false, lasting: false });
  expect(bare({ name: 'InvalidInput', message: '' })).toMatchObject({ code: 'InvalidInput', message: 'InvalidInput' });
  expect(bare({ name: 'RequestTimeout', message: 'words' })).toMatchObject({ kind: 'timeout', maybeDone: true });
});

test.each(['SyntaxError', 'Error', 'TypeError'])('a %s of the reader is an answer that is not EC2’s', (name) => {
  for (const [statusCode, kind] of [
    [502, 'unavailable'],
    [200, 'unavailable'],
    [400, 'invalid'],
    [429, 'throttled'],
  ] as const) {
    const error = translate({ name, message: 'Unexpected token', $response: { statusCode } });
    expect(error).toMatchObject({ kind, code: undefined });
    expect(error.message).toBe(`The endpoint answered HTTP ${statusCode} with something that is not EC2's own`);
  }
});

test.each(['<html>', '  <!DOCTYPE html>', '<HTML lang="en">'])('a message that is the page %s is not EC2’s', (message) => {
  expect(translate(answered('Unavailable', 503, message)).message).toMatch(/^The endpoint answered HTTP 503/);
  expect(translate(answered('Unavailable', 503, `about ${message}`)).message).toMatch(/^about /);
});

// https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
test('the time to wait that EC2 asks for is kept', () => {
  const slow = { name: 'RequestLimitExceeded', message: 'words', $response: { statusCode: 503, headers: { 'retry-after': '3' } } };
  expect(translate(slow)).toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
});

describe('no answer', () => {
  test('says what the network said, or that there was none', () => {
    expect(translate(Object.assign(new Error('connect x'), { code: 'ECONNREFUSED' })).message).toBe(
      "EC2's endpoint cannot be reached: connect x",
    );
    expect(translate(Object.assign(new Error('x'), { code: 'EPIPE' })).message).toBe("EC2's answer was lost: x");
    expect(translate({ code: 'EPIPE' }).message).toBe("EC2's answer was lost: EPIPE");
    expect([translate({}).message, translate('torn').message, translate(null).message]).toEqual([
      "EC2's answer was lost: no answer",
      "EC2's answer was lost: torn",
      "EC2's answer was lost: null",
    ]);
    expect(translate({ name: 'AbortError', message: 'x' })).toMatchObject({ kind: 'timeout', message: 'EC2 did not answer in time' });
    expect(translate(new Error('Socket did not establish a connection with the server'))).toMatchObject({
      kind: 'unavailable',
      maybeDone: false,
    });
  });

  test('the code of the cause counts where there is none of its own', () => {
    const cause = Object.assign(new Error('x'), { code: 'ENOTFOUND' });
    expect(translate(new Error('y', { cause }))).toMatchObject({ kind: 'unavailable', code: 'ENOTFOUND' });
    expect(translate({ message: 'y', cause: null })).toMatchObject({ kind: 'timeout', code: undefined });
    expect(translate({ message: 'y', errors: [] })).toMatchObject({ kind: 'timeout', code: undefined });
  });

  test('a login that failed is told as one', () => {
    for (const name of ['CredentialsProviderError', 'TokenProviderError'])
      expect(translate({ name, message: 'none' })).toMatchObject({
        kind: 'auth',
        code: name,
        message: 'No AWS credentials: none',
        maybeDone: false,
      });
  });

  test('an error of ours stays as it is', () => {
    const own = new ProviderError('quota', 'full');
    expect(translate(own)).toBe(own);
  });
});

test('of long words the first 1,000 characters are kept, of a key its kind', () => {
  expect(translate(answered('InvalidInput', 400, 'x'.repeat(2000))).message).toHaveLength(1000);
  expect(translate(answered('AuthFailure', 401, 'keys AKIAIOSFODNN7EXAMPLE, ASIAIOSFODNN7EXAMPLE')).message).toBe('keys AKIA…, ASIA…');
  const quoted = "It does not match. The Canonical String for this request should have been\n'POST\n/'";
  expect(translate(answered('SignatureDoesNotMatch', 403, quoted)).message).toBe('It does not match.');
});
