import { Gone, ProviderError, type FailureKind } from '../clouds/errors';
import { availabilityAfter } from './availability';

/** Rounds as they end, and what is told of each. */
function told(...rounds: ('ok' | FailureKind | 'notFound' | undefined)[]): (string | undefined)[] {
  let memory: Parameters<typeof availabilityAfter>[0];
  return rounds.map((round) => {
    const error =
      round === 'notFound'
        ? Gone.impossible({ type: 'Machine', key: 'a' })
        : round && round !== 'ok'
          ? new ProviderError(round, 'words')
          : undefined;
    const { after, told: news } = availabilityAfter(memory, round === 'ok' ? { answers: true } : { answers: false, error });
    memory = after;
    return news;
  });
}

describe('a cloud', () => {
  it('is away after two rounds without an answer, which is told once, and back with the first', () => {
    expect(told('ok', 'unavailable', 'timeout', 'unavailable', 'ok', 'ok')).toEqual([
      undefined,
      undefined,
      'away',
      undefined,
      'back',
      undefined,
    ]);
  });

  it('is not away for one round that fails', () => {
    expect(told('unavailable', 'ok', 'unavailable', 'ok')).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('is away where it refuses the login', () => {
    expect(told('auth', 'auth')).toEqual([undefined, 'away']);
  });

  it('is there where it asks for patience, or has nothing that is watched', () => {
    expect(told('throttled', 'throttled', 'throttled', undefined, undefined)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
