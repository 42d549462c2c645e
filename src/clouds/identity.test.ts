import * as fc from 'fast-check';
import { associationEnds, associationId, decodeId, encodeId, isCloudKey, makeTag, newId, readTag } from './identity';

const key = Buffer.alloc(32, 7);
const cloudKeys = fc.stringMatching(/^[a-z][a-z0-9-]{0,31}$/);
const providerKeys = fc.string({ minLength: 1, maxLength: 80, unit: 'binary' });
const tenants = fc.string({ minLength: 1, maxLength: 20 });

describe('ids the gateway makes', () => {
  it('are 26 characters without a dot, and never the same', () => {
    const ids = Array.from({ length: 2000 }, () => newId());
    for (const id of ids) expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.map(decodeId)).toEqual(ids.map(() => undefined));
  });
});

describe('ids of what is discovered', () => {
  it('lead back to cloud and provider key, and are safe in a path', () => {
    fc.assert(
      fc.property(cloudKeys, providerKeys, (cloudKey, providerKey) => {
        const id = encodeId(cloudKey, providerKey);
        expect(id).toMatch(/^[A-Za-z0-9._-]+$/);
        expect(decodeId(id)).toEqual({ cloudKey, providerKey });
      }),
    );
  });
  it('are spelled in one way only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,3}\.[A-Za-z0-9_%.-]{1,12}$/), (id) => {
        const decoded = decodeId(id);
        if (decoded) expect(encodeId(decoded.cloudKey, decoded.providerKey)).toBe(id);
      }),
    );
    for (const id of ['a._41', 'a._4F', 'a._2F', 'a.', '.a', 'A.b', 'a.b.c', 'a._ff', 'a._c0_80', 'a.b_', 'a.b%20', 'a']) {
      expect(decodeId(id)).toBeUndefined();
    }
    expect(decodeId('a._2f')).toEqual({ cloudKey: 'a', providerKey: '/' });
  });
  it('are not made of nonsense', () => {
    expect(() => encodeId('Big', 'x')).toThrow(RangeError);
    expect(() => encodeId('a', '')).toThrow(RangeError);
    expect(() => encodeId('a', '\ud800')).toThrow(RangeError);
    expect([isCloudKey('a'), isCloudKey(''), isCloudKey('1a'), isCloudKey(`a${'b'.repeat(32)}`)]).toEqual([true, false, false, false]);
  });
});

describe('association ids', () => {
  it('lead back to their two ends', () => {
    fc.assert(
      fc.property(cloudKeys, providerKeys, (cloudKey, providerKey) => {
        const ends = { first: newId(), second: encodeId(cloudKey, providerKey) };
        expect(associationEnds(associationId(ends.first, ends.second))).toEqual(ends);
      }),
    );
    expect([associationEnds('a'), associationEnds('a~'), associationEnds('~a'), associationEnds('a~b~c')]).toEqual(
      Array(4).fill(undefined),
    );
    expect(() => associationId('a~b', 'c')).toThrow(RangeError);
  });
});

describe('identity tags', () => {
  it('lead back to id and tenant with the same key', () => {
    fc.assert(
      fc.property(fc.array(tenants, { minLength: 1, maxLength: 5 }), fc.nat(), (all, index) => {
        const tenant = all[index % all.length] ?? '';
        const id = newId();
        const tag = makeTag(key, id, tenant);
        expect(tag).toMatch(/^[\x21-\x7e]{1,200}$/);
        expect(readTag(key, tag, all)).toEqual({ id, tenant });
        expect(readTag(Buffer.alloc(32, 8), tag, all)).toBeUndefined();
        expect(readTag(key, tag, [`${tenant}x`])).toBeUndefined();
      }),
    );
  });
  it('are refused with any one character changed', () => {
    const tag = makeTag(key, newId(), 'acme');
    for (let at = 0; at < tag.length; at += 1) {
      const changed = `${tag.slice(0, at)}${tag[at] === 'A' ? 'B' : 'A'}${tag.slice(at + 1)}`;
      expect(readTag(key, changed, ['acme'])).toBeUndefined();
    }
  });
  it('are not read from what people write', () => {
    fc.assert(fc.property(fc.string({ maxLength: 250 }), (text) => readTag(key, text, ['acme']) === undefined));
    expect(() => makeTag(key, 'x'.repeat(200), 'acme')).toThrow(RangeError);
  });
});
