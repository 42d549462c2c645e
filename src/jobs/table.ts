import type { Workflow } from './workflow';

/** The workflows that this process knows, by name and version. */
export interface WorkflowTable {
  get(name: string, version: number): Workflow | undefined;
}

/**
 * Makes the table the engine works from.
 * @throws Error when a workflow has no steps, two workflows share name and version, or two steps of one share a name.
 */
export function workflowTable(workflows: readonly Workflow[]): WorkflowTable {
  const known = new Map<string, Workflow>();
  for (const workflow of workflows) {
    const key = keyOf(workflow.name, workflow.version);
    if (known.has(key)) throw new Error(`the workflow ${key} is declared twice`);
    const steps = new Set(workflow.steps.map((step) => step.name));
    if (steps.size === 0) throw new Error(`the workflow ${key} has no steps`);
    if (steps.size !== workflow.steps.length) throw new Error(`the workflow ${key} has two steps of one name`);
    known.set(key, workflow);
  }
  return { get: (name, version) => known.get(keyOf(name, version)) };
}

function keyOf(name: string, version: number): string {
  return `${name}@${version}`;
}
