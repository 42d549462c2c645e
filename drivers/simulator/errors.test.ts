import { Gone, isGone, ProviderError, type ErrorKind } from '../../src/clouds/errors';
import { codeOf, ERROR_KINDS, type ErrorCode, noSuch, SimulatorFault, translate } from './errors';

/** The provider's codes and what each means, as drivers/simulator/README.md and its options have them. */
const MEANINGS: Readonly<Record<ErrorCode, ErrorKind>> = {
  LoginRefused: 'auth',
  NotAllowed: 'forbidden',
  NoSuchThing: 'notFound',
  WrongState: 'conflict',
  TokenReused: 'conflict',
  InUse: 'conflict',
  QuotaExceeded: 'quota',
  SlowDown: 'throttled',
  BadParameter: 'invalid',
  OutOfOrder: 'unavailable',
  NoAnswer: 'timeout',
  NotBuilt: 'unsupported',
};
const codes = Object.keys(MEANINGS) as ErrorCode[];

test('every code has its kind, and every kind a code of its own', () => {
  expect(ERROR_KINDS).toEqual(MEANINGS);
  for (const kind of new Set(Object.values(MEANINGS))) expect(MEANINGS[codeOf(kind)]).toBe(kind);
  expect(codeOf('lost' as ErrorKind)).toBe('OutOfOrder');
});

test.each(codes.filter((code) => code !== 'NoSuchThing'))('%s crosses with its kind, words and request', (code) => {
  const fault = new SimulatorFault(code, 'in words', { requestId: 'r-1', retryAfterMs: 70 });
  expect(fault).toMatchObject({ name: 'SimulatorFault', code, message: 'in words' });
  expect(translate(fault)).toMatchObject({
    ...{ kind: MEANINGS[code], message: 'in words', code, requestId: 'r-1', retryAfterMs: 70, maybeDone: false, cause: fault },
  });
});

test('an answer that was lost leaves open whether it took effect', () => {
  expect(translate(new SimulatorFault('NoAnswer', 'x', { lost: true })).maybeDone).toBe(true);
  expect(translate(new SimulatorFault('NoAnswer', 'x')).maybeDone).toBe(false);
});

test('only a fault that names a thing proves that it is gone', () => {
  const thing = { type: 'machine', key: 'i-1' };
  const gone = translate(new SimulatorFault('NoSuchThing', 'x', { thing, requestId: 'r-1' }));
  expect(isGone(gone, thing)).toBe(true);
  expect(gone).toMatchObject({ code: 'NoSuchThing', message: 'x', requestId: 'r-1' });
  const nameless = translate(new SimulatorFault('NoSuchThing', 'x'));
  expect(nameless).not.toBeInstanceOf(Gone);
  expect(nameless.kind).toBe('unavailable');
  expect(translate(new SimulatorFault('InUse', 'x', { thing }))).not.toBeInstanceOf(Gone);
  expect(isGone(noSuch('machine', 'i-2'), { type: 'machine', key: 'i-2' })).toBe(true);
  expect(noSuch('machine', 'i-2')).toMatchObject({ code: 'NoSuchThing', message: 'There is no machine i-2' });
});

test('what is an error of the contract stays; what is none is the state file’s, and may have come after the effect', () => {
  const own = new ProviderError('quota', 'full');
  expect(translate(own)).toBe(own);
  const broken = new Error('disk full');
  expect(translate(broken)).toMatchObject({ kind: 'unavailable', maybeDone: true, cause: broken });
  expect(translate(broken).message).toMatch(/state file.*disk full/);
  expect(translate('odd').message).toMatch(/state file.*odd/);
});

test('the cause of a fault is kept where there is one', () => {
  const cause = new Error('inner');
  expect(new SimulatorFault('InUse', 'x', { cause }).cause).toBe(cause);
  expect('cause' in new SimulatorFault('InUse', 'x')).toBe(false);
});
