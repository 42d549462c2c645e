import type { Workflow } from '../jobs/workflow';
import type { Value } from '../model/values';
import { credentialFamily, removeCredential } from './credential';
import type { Family } from './family';
import { captureMachine, imageFamily } from './image';
import { machineFamily } from './machine';
import { machineConfigFamily } from './machine-config';
import { createMachine } from './machine-create';
import { act, remove, update } from './provider-change';
import { planStoredRemove, planStoredUpdate, storedFamily, storedOffered } from './stored';

/** The resource types that this gateway offers, in the order of the entry point's attributes where they have one. */
export function families(): readonly Family[] {
  return [
    machineFamily,
    storedFamily('MachineTemplate'),
    machineConfigFamily,
    imageFamily,
    credentialFamily,
    storedFamily('CredentialTemplate'),
    { type: 'Network', group: 'networks', shared: true, offered: () => [] },
    // An association is made with its snapshot; deleting it leaves the image alone (D154).
    { type: 'MachineSnapshot', stored: true, update: planStoredUpdate, remove: planStoredRemove, offered: storedOffered },
  ];
}

/** Every workflow that a stored Job may name; a version stays until no unfinished Job uses it. */
export function workflows(): readonly Workflow<Value>[] {
  return [createMachine, captureMachine, act, update, remove, removeCredential] as unknown as Workflow<Value>[];
}
