import type { UnitOfWork } from '../store/store';
import type { ChangePlan, PlanContext } from './resource-handler';

/** Planning by a Job, for who asked for it before: what it finds may be planned on was not known when it was accepted. */
export interface DeferredPlanning {
  /**
   * Makes what handlers plan with, with the rights that the asker has now.
   * @param asker who asked, with the role of then
   * @param cloud key of the cloud that everything has to be in
   * @throws Refusal 403 where it may not ask for changes any more
   */
  contextFor(asker: PlanContext['principal'], cloud: string): Promise<PlanContext>;
  /** Lets what a plan would make through, by the declared rules and the asker's role of now. @throws Refusal 403 */
  permitPlan(asker: PlanContext['principal'], plan: Pick<ChangePlan, 'insert'>): Promise<void>;
  /** Holds what a transaction has written for a plan against the tenant's quotas. @throws Refusal 403 */
  checkQuotas(unit: UnitOfWork, tenant: string, plan: ChangePlan): Promise<void>;
}
