import { Gone, ProviderError, type FailureKind } from '../clouds/errors';
import { availabilityAfter } from './availability';

/** Rounds as they end, and what is told of each. */
function told(...rounds: ('ok' | FailureKind | `part ${FailureKind}` | 'notFound' | undefined)[]): (string | undefined)[] {
  let memory: Parameters<typeof availabilityAfter>[0];
  return rounds.map((round) => {
    const [kind, answers] = round?.startsWith('part ') ? [round.slice(5), true] : [round, round === 'ok'];
    const error =
      kind === 'notFound'
        ? Gone.impossible({ type: 'Machine', key: 'a' })
        : kind !== undefined && kind !== 'ok'
          ? new ProviderError(kind as FailureKind, 'words')
          : undefined;
    const { after, told: news } = availabilityAfter(memory, { answers, error });
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

  it('is degraded after two rounds in which a part of it does not answer, which is told once, and back when all does', () => {
    expect(told('part timeout', 'ok', 'part timeout', 'part unavailable', 'part auth', 'ok', 'ok')).toEqual([
      ...[undefined, undefined, undefined],
      ...['degraded', undefined, 'back', undefined],
    ]);
  });

  it('goes from degraded to away and comes back in part, each told once', () => {
    expect(told('part timeout', 'part timeout', 'timeout', 'timeout', 'timeout', 'part timeout', 'part timeout', 'ok')).toEqual([
      ...[undefined, 'degraded', undefined, 'away', undefined],
      ...['degraded', undefined, 'back'],
    ]);
  });

  it('stays degraded through one round without an answer', () => {
    expect(told('part timeout', 'part timeout', 'timeout', 'part timeout', 'ok')).toEqual([
      ...[undefined, 'degraded', undefined, undefined, 'back'],
    ]);
  });

  it('is not degraded where a part of it refuses, asks for patience, or lacks something', () => {
    expect(told('part forbidden', 'part forbidden', 'part throttled', 'part throttled', 'part unsupported')).toEqual(
      Array(5).fill(undefined),
    );
  });
});
