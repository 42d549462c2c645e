import type { Values } from '../model/values';
import { checkThresholds, thresholdsOf } from './meter-thresholds';
import { Refusal } from './resource-handler';

const refused = (values: Values, at?: (name: string) => string): string | undefined => {
  try {
    checkThresholds(values, at);
    return undefined;
  } catch (error) {
    return error instanceof Refusal ? `${error.details.at ?? ''} ${error.status}` : String(error);
  }
};

describe('thresholds of a Meter', () => {
  it('are decimals in its unit, one of them or both', () => {
    expect(thresholdsOf({})).toBeUndefined();
    expect(thresholdsOf({ forSeconds: 5 })).toBeUndefined();
    expect(thresholdsOf({ above: '90.5' })).toEqual({ above: 90.5, below: undefined, forSeconds: 0 });
    expect(thresholdsOf({ below: '-1', above: '.5', forSeconds: 300 })).toEqual({ above: 0.5, below: -1, forSeconds: 300 });
  });

  it.each(['', ' ', 'high', '1e3', '0x10', 'Infinity', 'NaN', '90%', '1,5', '9'.repeat(40)])("are not '%s'", (above) => {
    expect(refused({ above })).toBe('above 400');
  });

  it('leave samples between them', () => {
    expect(refused({ above: '90', below: '10' })).toBeUndefined();
    expect(refused({ above: '10', below: '90' }, (name) => `meterTemplate.${name}`)).toBe('meterTemplate.below 400');
  });

  it('are waited for from no time to a year', () => {
    expect(refused({ above: '90', forSeconds: 0 })).toBeUndefined();
    expect(refused({ above: '90', forSeconds: -1 })).toBe('forSeconds 400');
    expect(refused({ above: '90', forSeconds: 31_536_001 })).toBe('forSeconds 400');
    expect(refused({ forSeconds: 60 })).toBe('forSeconds 400');
  });
});
