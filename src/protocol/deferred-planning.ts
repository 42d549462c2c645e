import type { DeferredPlanning } from '../operations/deferred-planning';
import type { PlanContext } from '../operations/resource-handler';
import type { ReaderContext } from '../reader/context';
import { permitAsking, type Caller } from '../reader/policy';
import { createReader } from '../reader/reader';
import { lesserRole, type Store } from '../store/store';
import { policyOf, type ProtocolOptions } from './context';
import { planContextOf } from './plan-context';
import { checkQuotas } from './quotas';

type Options = Pick<ProtocolOptions, 'handlers' | 'policy' | 'defaultCloud' | 'quotas'> & Omit<ReaderContext, 'policy' | 'handlerOf'>;

/** Makes what Jobs plan with: the same rights, lookups and quotas as a request has, without one. */
export function createDeferredPlanning(options: Options): DeferredPlanning {
  const { store, quotas } = options;
  const { policy, handlerOf } = policyOf(options);
  const services = { ...options, policy, readerOf: createReader({ ...options, policy, handlerOf }) };
  return {
    async contextFor(asker, cloud): Promise<PlanContext> {
      const principal = await asOfNow(store, asker);
      permitAsking(policy, principal);
      return planContextOf(services, { principal, named: cloud });
    },
    checkQuotas: (unit, tenant, plan) => checkQuotas(unit, quotas, tenant, plan, undefined),
  };
}

/** Name of everyone where nobody must log in. */
export const ANONYMOUS = 'anonymous';

/** The asker with no more than the role that it has by now; who never had an account (anonymous, or of an issuer) keeps that of then. */
async function asOfNow({ access }: Store, asker: Caller): Promise<Caller> {
  const known = await access.principal(asker.name);
  if (known?.tenant === asker.tenant) return { ...asker, role: lesserRole(asker.role, known.role) };
  const hadAccount = known !== undefined || !(asker.name === ANONYMOUS || asker.name.includes(':'));
  // Who was removed, or is somebody else's name by now, changes nothing any more.
  return hadAccount ? { ...asker, role: 'reader' } : asker;
}
