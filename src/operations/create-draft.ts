import { ACTION } from '../model/define';
import { CREATE_VERSION, CREATES, type Draft } from './create-input';
import type { ChangePlan } from './resource-handler';

/** A plan as a nested Job that adds what it makes. */
export function draftOf(plan: ChangePlan): Draft {
  return {
    workflow: plan.work?.workflow ?? CREATES.other,
    workflowVersion: plan.work?.version ?? CREATE_VERSION,
    input: plan.work?.input ?? {},
    holds: plan.holds ?? [],
    action: `${ACTION}add`,
    target: plan.target,
    affected: plan.affected,
    statusMessage: plan.statusMessage,
  };
}
