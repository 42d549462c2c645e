import { gatewayCatalogue } from '../model/catalogue';
import { planContextOf, type PlanningServices } from './plan-context';

/** A context in which nothing is there. */
function emptyContext() {
  const services = {
    catalogue: gatewayCatalogue(),
    clouds: {},
    policy: {},
    readerOf: () => ({ one: () => Promise.resolve(undefined) }),
  } as unknown as PlanningServices;
  return planContextOf(services, { principal: { name: 'op', tenant: 'default', role: 'operator' }, entryCloud: undefined } as never);
}

test('what a request names and is not there is its fault, by name', async () => {
  await expect(emptyContext().resolve('addresses/a', 'Address', 'address')).rejects.toMatchObject({
    status: 400,
    message: 'address: there is no Address at addresses/a',
  });
});

test('where what the target itself names has gone meanwhile, so has the target', async () => {
  await expect(emptyContext().resolve('addresses/a', 'Address', 'address', { ofTarget: true })).rejects.toMatchObject({ status: 404 });
});
