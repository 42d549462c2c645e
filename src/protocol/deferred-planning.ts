import type { DeferredPlanning } from '../operations/deferred-planning';
import type { PlanContext } from '../operations/resource-handler';
import type { ReaderContext } from '../reader/context';
import { narrowedPolicy } from '../reader/narrowed';
import { permitAsking, type Caller, type Policy } from '../reader/policy';
import { createReader } from '../reader/reader';
import { lesserRole, type Store } from '../store/store';
import { policyOf, type ProtocolOptions } from './context';
import { permitPlan } from './permit-plan';
import { planContextOf } from './plan-context';
import { checkQuotas } from './quotas';

type Options = Pick<ProtocolOptions, 'handlers' | 'policy' | 'rules' | 'defaultCloud' | 'quotas'> &
  Omit<ReaderContext, 'policy' | 'handlerOf'>;

/** Makes what Jobs plan with: the same rights, lookups and quotas as a request has, without one. */
export function createDeferredPlanning(options: Options): DeferredPlanning {
  const { store, quotas } = options;
  const { policy, handlerOf } = policyOf(options);
  const servicesOf = (own: Policy) => ({
    ...options,
    handlerOf,
    policy: own,
    readerOf: createReader({ ...options, policy: own, handlerOf }),
  });
  const whole = servicesOf(policy);
  const servicesFor = (principal: Caller) => {
    const rights = options.rules.rightsOf(principal);
    return rights ? servicesOf(narrowedPolicy(policy, rights, options)) : whole;
  };
  return {
    async contextFor(asker, cloud): Promise<PlanContext> {
      const principal = await asOfNow(store, asker);
      permitAsking(policy, principal);
      return planContextOf(servicesFor(principal), { principal, named: cloud });
    },
    async permitPlan(asker, plan) {
      const principal = await asOfNow(store, asker);
      permitAsking(policy, principal);
      await permitPlan(servicesFor(principal), principal, plan);
    },
    checkQuotas: (unit, tenant, plan) => checkQuotas(unit, quotas, tenant, plan, undefined),
  };
}

/** Name of everyone where nobody must log in. */
export const ANONYMOUS = 'anonymous';

/** The asker with no more than the role that it has by now; who never had an account (anonymous, or of an issuer) keeps that of then. */
async function asOfNow({ access }: Store, asker: Caller): Promise<Caller> {
  const known = await access.principal(asker.name);
  if (known?.tenant === asker.tenant) return { ...asker, role: lesserRole(asker.role, known.role), userRole: known.role };
  const hadAccount = known !== undefined || !(asker.name === ANONYMOUS || asker.name.includes(':'));
  // Who was removed, or is somebody else's name by now, changes nothing any more.
  return hadAccount ? { ...asker, role: 'reader' } : asker;
}
