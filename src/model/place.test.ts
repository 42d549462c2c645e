import { placed, placeIn, placeOf } from './place';

describe('places', () => {
  it('join members by dots and put positions into brackets', () => {
    expect(placeOf(['machineTemplate', 'volumes', 0, 'href'])).toBe('machineTemplate.volumes[0].href');
    expect(placeIn('', 'capacity')).toBe('capacity');
    expect(placeOf([])).toBe('');
  });

  it('quote names that could not be read back', () => {
    expect(placeOf(['properties', 'a.b'])).toBe('properties["a.b"]');
    expect(placeOf(['properties', 'say "x"[0]'])).toBe('properties["say \\"x\\"[0]"]');
    expect(placeOf(['clouds', 'my-cloud', 'tenants', 1])).toBe('clouds.my-cloud.tenants[1]');
    expect(placeOf(['properties', 'größe'])).toBe('properties.größe');
    expect(placeOf(['properties', ''])).toBe('properties[""]');
  });

  it('stand before the words', () => {
    expect(placed('$filter', 'is too long')).toBe('$filter: is too long');
    expect(placed('', 'no body')).toBe('no body');
    expect(placed(undefined, 'no body')).toBe('no body');
  });
});
