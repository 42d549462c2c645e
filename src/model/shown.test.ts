import { turning, kept, shown, spoken } from './shown';

describe('texts of others', () => {
  it('are cut, never through a pair of surrogates', () => {
    expect(shown('abc')).toBe('abc');
    expect(shown('x'.repeat(200))).toBe(`${'x'.repeat(79)}…`);
    expect(shown(`abc\u{1f600}def`, 5)).toBe('abc…');
    expect(spoken('y'.repeat(1e6))).toHaveLength(2_000);
  });

  it('hold no controls and nothing that turns the direction of text', () => {
    expect(shown('a\u0000b\nc\u009bd\u202ee\u2066f')).toBe('a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf');
    expect(spoken('a\nb\u001b[2J\u202e')).toBe('a\nb\ufffd[2J\ufffd');
    expect([turning('a\u202eb'), turning('a\u0085b'), turning('é\nü\t中')]).toEqual(['U+202E', 'U+0085', undefined]);
  });

  it('take at most 4 KiB in UTF-8 where a Job keeps them', () => {
    expect(kept('done')).toBe('done');
    for (const text of ['x', 'é', '中', '\u{1f600}']) {
      for (const lead of ['', 'a', 'ab', 'abc']) {
        const words = kept(lead + text.repeat(5_000));
        expect(Buffer.byteLength(words)).toBeLessThanOrEqual(4_096);
        expect(words).toMatch(/^[^\ufffd]{1000,}…$/u);
      }
    }
  });
});
