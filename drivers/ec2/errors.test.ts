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
