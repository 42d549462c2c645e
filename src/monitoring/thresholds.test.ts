import { judge, type Judged, type Limits } from './thresholds';

const every = 60;
const limits = (more: Partial<Limits>): Limits => ({ forSeconds: 0, interval: every, ...more });
const samples = (...values: (number | undefined)[]): [number, number][] =>
  values.flatMap((value, index) => (value === undefined ? [] : [[(index + 1) * every, value] as [number, number]]));
const fresh: Judged = { t: 0 };

describe('thresholds', () => {
  it('are crossed by the first sample beyond them, and told once', () => {
    const { crossings } = judge(limits({ above: 90 }), fresh, samples(90, 91, 95, 99));
    expect(crossings).toEqual([{ side: 'above', t: 120, value: 91, back: false }]);
  });

  it('are kept again with the first sample on the right side', () => {
    const { crossings, after } = judge(limits({ below: 10 }), fresh, samples(5, 4, 10, 11));
    expect(crossings).toEqual([
      { side: 'below', t: 60, value: 5, back: false },
      { side: 'below', t: 180, value: 10, back: true },
    ]);
    expect(after).toEqual({ t: 240 });
  });

  it('wait for as long as they are asked to', () => {
    const long = limits({ above: 90, forSeconds: 120 });
    expect(judge(long, fresh, samples(95, 95)).crossings).toEqual([]);
    expect(judge(long, fresh, samples(95, 95, 80, 95, 95)).crossings).toEqual([]);
    expect(judge(long, fresh, samples(95, 95, 95)).crossings).toEqual([{ side: 'above', t: 180, value: 95, back: false }]);
  });

  it('come to the same whether samples come at once or one by one', () => {
    const both = limits({ above: 90, below: 10, forSeconds: 60 });
    const all = samples(95, 95, 50, 5, 5, 5, 95, 95, 50);
    const told = [];
    let memory = fresh;
    for (const sample of all) {
      const { after, crossings } = judge(both, memory, [sample]);
      told.push(...crossings);
      memory = JSON.parse(JSON.stringify(after)) as Judged;
    }
    expect(told).toEqual(judge(both, fresh, all).crossings);
    expect(told.map(({ side, back }) => `${side}${back ? ' back' : ''}`)).toEqual([
      'above',
      'above back',
      'below',
      'below back',
      'above',
      'above back',
    ]);
  });

  it('tell nothing of gaps: what was told stays, and a run begins anew', () => {
    const long = limits({ above: 90, forSeconds: 120 });
    const gap = [undefined, undefined, undefined, undefined];
    expect(judge(long, fresh, samples(95, 95, ...gap, 95, 95)).crossings).toEqual([]);
    expect(judge(limits({ above: 90 }), fresh, samples(95, ...gap, 95)).crossings).toHaveLength(1);
  });

  it('pass over samples that come again or late', () => {
    const { after } = judge(limits({ above: 90 }), fresh, samples(95));
    expect(
      judge(limits({ above: 90 }), after, [
        [30, 10],
        [60, 10],
      ]),
    ).toEqual({ after, crossings: [] });
  });

  it('may change while one is crossed', () => {
    const { after } = judge(limits({ above: 90 }), fresh, samples(95));
    expect(judge(limits({ above: 96 }), after, [[120, 95]]).crossings).toEqual([{ side: 'above', t: 120, value: 95, back: true }]);
  });
});
