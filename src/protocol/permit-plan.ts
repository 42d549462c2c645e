import type { ChangePlan } from '../operations/resource-handler';
import { refusedByRule, type Caller, type Policy } from '../reader/policy';
import { sightOf, type SightContext } from '../reader/sight';

/**
 * Lets what a plan would make through, where declared rules narrow its caller: each new resource by itself, in the cloud that was found for it,
 * and a Meter only of what may all be seen.
 * @param except path of what is made by another action than `add`, which has been let through
 * @throws Refusal 403
 */
export async function permitPlan(
  context: SightContext & { policy: Policy },
  caller: Pick<Caller, 'name'>,
  plan: Pick<ChangePlan, 'insert'>,
  except?: string,
): Promise<void> {
  const { policy, catalogue, clouds } = context;
  if (!policy.decide) return;
  for (const { path, type, cloud, internal } of plan.insert ?? []) {
    // What is in another resource came by that; what was found is only remembered from here on.
    if (path === except || !catalogue.has(type) || catalogue.locate(path)?.owner || internal.discovered === true) continue;
    const place = cloud === null ? null : clouds.byKey(cloud);
    const decision = policy.decide({ path, cloud: place as NonNullable<typeof place> }, 'add');
    if (decision.allowed) continue;
    const [collection = ''] = path.split('/');
    throw refusedByRule(decision, caller, `add to ${collection}${cloud === null ? '' : ` in cloud '${cloud}'`}`);
  }
  const sight = sightOf(context, caller);
  if (sight?.hides) await sight.permitCounting(plan.insert ?? []);
}
