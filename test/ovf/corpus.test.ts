import { describeWith } from '../backends/need';
import { govmomiAvailable } from '../backends/govmomi';
import { OvfError } from '../../src/ovf/error';
import { besides, corpus, tryReading } from './corpus';
import type { Sample } from './corpus';
import { ACCEPTED_NEGATIVES, REFUSED_POSITIVES } from './verdicts';

const SET = 'external/OVFToolTemplates/OVF/xmltestfiles/';

describeWith('govmomi', govmomiAvailable(), () => {
  let samples: Sample[];
  beforeAll(async () => {
    samples = await corpus();
  });

  const ofSet = (folder: 'Pos' | 'Neg'): [string, Buffer][] =>
    samples
      .filter(({ path }) => path.startsWith(SET) && path.includes(`/${folder}/`))
      .map(({ path, bytes }) => [path.slice(SET.length), besides(bytes)]);

  test('the corpus is the one that the numbers are about', () => {
    expect(samples).toHaveLength(958);
    expect(ofSet('Pos')).toHaveLength(190);
    expect(ofSet('Neg')).toHaveLength(128);
  });

  test('of VMware’s set, what is right is read, or refused for a reason that is listed', () => {
    const refused = ofSet('Pos').flatMap(([path, bytes]) => {
      const result = tryReading(bytes);
      return result instanceof OvfError ? [[path, result.words]] : [];
    });
    expect(Object.fromEntries(refused)).toEqual(REFUSED_POSITIVES);
  });

  test('what is wrong is refused, or accepted for a reason that is listed', () => {
    const accepted = ofSet('Neg').flatMap(([path, bytes]) => (tryReading(bytes) instanceof OvfError ? [] : [path]));
    expect(accepted).toEqual(Object.values(ACCEPTED_NEGATIVES).flat().sort());
  });

  test('no file outside of its package’s folder is named', () => {
    const results = samples.map(({ bytes }) => tryReading(bytes));
    expect(
      results.filter((result) => result instanceof OvfError && / leads into another folder/.test(result.words)).length,
    ).toBeGreaterThan(200);
    const files = results.flatMap((result) => (result instanceof OvfError ? [] : result.files));
    expect(files.filter(({ location }) => location.name !== undefined && /[/\\]|^\.\.?$/.test(location.name))).toEqual([]);
  });

  test('of all descriptors most are read, and whatever is refused is refused in words', () => {
    const results = samples.map(({ path, bytes }) => ({ path, result: tryReading(besides(bytes)) }));
    const refused = results.filter(({ result }) => result instanceof OvfError);
    expect(samples.length - refused.length).toBe(804);
    for (const { path, result } of refused)
      if (result instanceof OvfError) expect([path, result.message]).toEqual([path, expect.stringMatching(/^.{3,200}: .{10,}/s)]);
  });

  test.each([
    ['is read', 4_094_918, 'UnOS2-big', true],
    ['is refused', 4_504_742, 'UnOS2-over-limit', false],
  ])('what %s has %d bytes', (_, length, name, read) => {
    const found = samples.filter(({ path }) => path.includes(name));
    expect(found.map(({ bytes }) => bytes.length)).toEqual([length]);
    for (const { path, bytes } of found) expect([path, !(tryReading(besides(bytes)) instanceof OvfError)]).toEqual([path, read]);
  });
});
