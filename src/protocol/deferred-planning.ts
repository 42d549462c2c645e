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

/** The asker with no more than the role that it has by now; who has no account (anonymous, or of an issuer) keeps that of then. */
async function asOfNow({ access }: Store, asker: Caller): Promise<Caller> {
  const known = await access.principal(asker.name);
  return known?.tenant === asker.tenant ? { ...asker, role: lesserRole(asker.role, known.role) } : asker;
}
