import * as fc from 'fast-check';
import type { Cloud, Clouds } from '../clouds/cloud';
import { Refusal, type Found, type ResourceHandler } from '../operations/resource-handler';
import {
  mustChange,
  permitAsking,
  permitChange,
  permitRead,
  subjectOf,
  tenantPolicy,
  type Caller,
  type ReadVerdict,
  type Subject,
} from './policy';

/** One account whose things belong to acme, and which globex may use too; another that only acme may use, and only look at. */
const shared = { key: 'shared', tenants: ['acme', 'globex'], mode: 'manage' } as unknown as Cloud;
const own = { key: 'own', tenants: ['acme'], mode: 'observe' } as unknown as Cloud;
const all = [shared, own];
const clouds = {
  byKey: (key: string) => all.find((cloud) => cloud.key === key),
  forTenant: (tenant: string) => all.filter(({ tenants }) => tenants.includes(tenant)),
} as unknown as Clouds;
const SHARED: Readonly<Record<string, true | 'public'>> = { MachineConfiguration: true, MachineImage: 'public' };
const policy = tenantPolicy(clouds, (type) => (type === 'Unheard' ? undefined : ({ shared: SHARED[type] } as unknown as ResourceHandler)));

const subject = (more: Partial<Subject> = {}): Subject => ({ type: 'Machine', tenant: 'acme', cloud: shared, discovered: false, ...more });
const caller = (more: Partial<Caller> = {}): Caller => ({ name: 'ann', tenant: 'acme', role: 'operator', ...more }) as Caller;

describe('who may read', () => {
  test.each<[string, Partial<Subject>, string, ReadVerdict]>([
    ['its own', {}, 'acme', 'yes'],
    ['its own in no cloud', { cloud: null }, 'acme', 'yes'],
    ['its own of a cloud that is not configured any more', { cloud: undefined }, 'acme', 'yes'],
    ['its own in a cloud that it may not use any more', { tenant: 'globex', cloud: own }, 'globex', 'no'],
    ['another’s', {}, 'globex', 'no'],
    ['another’s in no cloud', { cloud: null }, 'globex', 'no'],
    ['what was found and is another’s', { discovered: true }, 'globex', 'no'],
    ['a found size, which all tenants of the account share', { type: 'MachineConfiguration', discovered: true }, 'globex', 'yes'],
    ['a size that another made', { type: 'MachineConfiguration' }, 'globex', 'no'],
    ['a found size of an account that it may not use', { type: 'MachineConfiguration', discovered: true, cloud: own }, 'globex', 'no'],
    ['a found size in no cloud', { type: 'MachineConfiguration', discovered: true, cloud: null }, 'globex', 'no'],
    ['a found image that the provider offers to everybody', { type: 'MachineImage', discovered: true, public: true }, 'globex', 'yes'],
    ['a found image that it does not', { type: 'MachineImage', discovered: true, public: false }, 'globex', 'no'],
    ['a found image of which that is not known', { type: 'MachineImage', discovered: true }, 'globex', 'if-public'],
    ['an image that another made, though public', { type: 'MachineImage', public: true }, 'globex', 'no'],
    ['a found thing of a type without a handler', { type: 'Unheard', discovered: true, public: true }, 'globex', 'no'],
  ])('%s', (_, more, tenant, verdict) => {
    expect(policy.mayRead(subject(more), tenant)).toBe(verdict);
  });

  test('who may read a resource may read what is in it, whatever that is', () => {
    const owner = { path: 'machines/1' } as unknown as NonNullable<Subject['owner']>;
    expect(policy.mayRead(subject({ owner }), 'globex')).toBe('yes');
  });

  test('no tenant reads what another made, in whatever cloud and of whatever type', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Machine', 'MachineConfiguration', 'MachineImage', 'Unheard'),
        fc.constantFrom(shared, own, null, undefined),
        fc.constantFrom(true, false, undefined),
        (type, cloud, isPublic) => {
          expect(policy.mayRead({ type, tenant: 'acme', cloud, discovered: false, public: isPublic }, 'globex')).toBe('no');
        },
      ),
    );
  });

  test('only what may certainly be read is let through', () => {
    const value = { name: 'm' };
    expect(permitRead(policy, 'acme', value, subject())).toBe(value);
    expect(permitRead(policy, 'globex', value, subject())).toBeUndefined();
    expect(permitRead(policy, 'globex', value, subject({ type: 'MachineImage', discovered: true }))).toBeUndefined();
  });

  test('a tenant’s clouds and rows are its own', () => {
    expect(policy.cloudsOf('globex')).toEqual([shared]);
    expect(policy.cloudsOf('acme')).toEqual([shared, own]);
    expect(policy.rowsOf('acme')).toEqual(['acme']);
  });

  test('the audit of a tenant is for its admins', () => {
    for (const role of ['reader', 'operator', 'admin'] as const)
      expect([role, policy.mayReadAudit({ role })]).toEqual([role, role === 'admin']);
  });

  test('a row says where it stands: in a cloud, in none, or in one that is gone', () => {
    const standing = { tenant: 'acme', cloud: 'shared', discovered: true } as Parameters<typeof subjectOf>[2];
    expect(subjectOf(clouds, 'Machine', standing)).toEqual({ type: 'Machine', tenant: 'acme', cloud: shared, discovered: true });
    expect(subjectOf(clouds, 'Machine', { ...standing, cloud: null }).cloud).toBeNull();
    expect(subjectOf(clouds, 'Machine', { ...standing, cloud: 'gone' }).cloud).toBeUndefined();
  });
});

describe('who may change', () => {
  const found = (more: Partial<Found> = {}): Found =>
    ({ path: 'machines/1', type: 'Machine', tenant: 'acme', cloud: shared, ...more }) as Found;
  const refusal = (call: () => unknown): Refusal => {
    try {
      call();
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
    throw new Error('was permitted');
  };

  test('an operator its own, in a cloud that is managed or in none', () => {
    for (const cloud of [shared, null]) {
      const own = found({ cloud } as Partial<Found>);
      expect(permitChange(policy, caller(), own, 'edit')).toBe(own);
    }
  });

  test.each<[string, Partial<Caller>, Partial<Found>, RegExp]>([
    ['a reader nothing', { role: 'reader' }, {}, /ann.*read/],
    ['a reader nothing, whatever else is in the way', { role: 'reader', tenant: 'globex' }, { cloud: own }, /ann.*read/],
    ['nobody in an observed cloud', {}, { cloud: own }, /cloud 'own' is only observed/],
    ['nobody what is only shared with it', { tenant: 'globex' }, {}, /machines\/1 is shared with tenant 'globex'/],
  ])('%s', (_, who, what, message) => {
    expect(refusal(() => permitChange(policy, caller(who), found(what), 'edit'))).toMatchObject({
      status: 403,
      message: expect.stringMatching(message) as string,
      details: { kind: 'forbidden' },
    });
    expect(refusal(() => mustChange(policy, caller(who), found(what), 'edit')).message).toMatch(message);
  });

  test('readers may not even ask', () => {
    expect(() => permitAsking(policy, caller())).not.toThrow();
    expect(refusal(() => permitAsking(policy, caller({ role: 'reader' })))).toMatchObject({
      status: 403,
      message: expect.stringMatching(/ann.*read/) as string,
      details: { kind: 'forbidden' },
    });
  });
});
