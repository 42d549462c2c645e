import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { RunningSha256 } from './running-sha256';

const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 });

test('the digest is that of SHA-256, however the bytes come, also where another goes on from a state', () => {
  fc.assert(
    fc.property(parts, (all) => {
      const real = createHash('sha256');
      let running = new RunningSha256();
      for (const part of all) {
        real.update(part);
        running = new RunningSha256(running.update(part).state());
        expect(running.state().length).toBeLessThanOrEqual(140);
      }
      expect(running.digest().toString('hex')).toBe(real.digest('hex'));
    }),
  );
});

test.each(['', 'AAAA', Buffer.alloc(41).toString('base64')])('the text "%s" is no state', (text) => {
  expect(() => new RunningSha256(text)).toThrow(RangeError);
});
