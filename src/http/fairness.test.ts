import { createFairness } from './fairness';
import { settled } from '../../test/harness/wait';

test('a tenant has so many large requests in hand, the others of it wait, and another tenant is let in at once', async () => {
  const { enter } = createFairness({ heavyPerTenant: 2, heavyWaiting: 1 });
  const inHand = [await enter('a', true), await enter('a', true)];
  let entered = false;
  const third = enter('a', true).then((leave) => {
    entered = true;
    return leave;
  });
  await expect(enter('a', true)).rejects.toMatchObject({ status: 503, headers: { 'Retry-After': '1' } });
  (await enter('b', true))();
  (await enter('a', false))();
  await settled();
  expect(entered).toBe(false);
  inHand[0]?.();
  (await third)();
  inHand[1]?.();
  (await enter('a', true))();
});

test('many short requests of one tenant let those of another go between', async () => {
  const { enter } = createFairness({ heavyPerTenant: 2, heavyWaiting: 1 });
  const order: string[] = [];
  const visit = async (tenant: string): Promise<void> => {
    await enter(tenant, false);
    order.push(tenant);
  };
  await Promise.all([...Array.from({ length: 20 }, () => visit('a')), visit('b')]);
  expect(order.indexOf('b')).toBeLessThan(6);
});
