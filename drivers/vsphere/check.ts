import type { CallContext, Finding } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';

/** Privileges this driver uses, asked for at the root of the inventory, with what each is needed for. */
const PRIVILEGES: readonly (readonly [string, string])[] = [
  ['System.View', 'to list anything'],
  ['System.Read', 'to read what is measured, and what happened'],
  ['VirtualMachine.Inventory.Create', 'to create machines'],
  ['VirtualMachine.Inventory.CreateFromExisting', 'to create machines from templates'],
  ['VirtualMachine.Inventory.Delete', 'to delete machines'],
  ['VirtualMachine.Provisioning.DeployTemplate', 'to create machines from templates'],
  ['VirtualMachine.Provisioning.Clone', 'to create machines from snapshots'],
  ['VirtualMachine.Provisioning.CreateTemplateFromVM', 'to capture machines'],
  ['VirtualMachine.Provisioning.MarkAsTemplate', 'to upload images'],
  ['VApp.Import', 'to upload images'],
  ['VApp.Export', 'to download images'],
  ['VirtualMachine.Provisioning.Customize', 'to customize guests'],
  ['VirtualMachine.Provisioning.ReadCustSpecs', 'to customize guests'],
  ['VirtualMachine.Interact.PowerOn', 'to start machines'],
  ['VirtualMachine.Interact.PowerOff', 'to stop machines'],
  ['VirtualMachine.Interact.Suspend', 'to suspend machines'],
  ['VirtualMachine.Interact.Reset', 'to restart machines'],
  ['VirtualMachine.Config.CPUCount', 'to change the size of machines'],
  ['VirtualMachine.Config.Memory', 'to change the size of machines'],
  ['VirtualMachine.Config.AdvancedConfig', 'to write names, properties and user data'],
  ['VirtualMachine.Config.Settings', 'to create machines with settings of their own, and to change them'],
  ['VirtualMachine.Config.Rename', 'to rename machines'],
  ['VirtualMachine.Config.Annotation', 'to describe machines'],
  ['VirtualMachine.Config.AddNewDisk', 'to give machines disks'],
  ['VirtualMachine.Config.DiskExtend', 'to give machines larger disks'],
  ['VirtualMachine.Config.AddExistingDisk', 'to attach volumes'],
  ['VirtualMachine.Config.RemoveDisk', 'to delete disks and detach volumes'],
  ['VirtualMachine.Config.AddRemoveDevice', 'to give machines room for more disks, to add interfaces and take them away'],
  ['Datastore.FileManagement', 'to create, copy, grow and delete volumes'],
  ['VirtualMachine.Config.EditDevice', 'to plug machines into networks'],
  ['VirtualMachine.Interact.DeviceConnection', 'to enable and disable interfaces'],
  ['VirtualMachine.State.CreateSnapshot', 'to take snapshots'],
  ['VirtualMachine.State.RevertToSnapshot', 'to restore machines'],
  ['VirtualMachine.State.RemoveSnapshot', 'to delete snapshots'],
  ['VirtualMachine.State.RenameSnapshot', 'to rename snapshots'],
  ['Resource.AssignVMToPool', 'to place machines'],
  ['Datastore.AllocateSpace', 'to place machines'],
  ['Network.Assign', 'to plug machines into networks'],
  ['DVPortgroup.Create', 'to create networks'],
  ['DVPortgroup.Modify', 'to rename networks'],
  ['DVPortgroup.Delete', 'to delete networks'],
];

/** Tries the login and asks for every privilege. Throws nothing. */
export async function check(wire: Wire, context: CallContext): Promise<Finding[]> {
  const login = await attempt(() => wire.service(context));
  const what = `Login at vCenter (${wire.host})`;
  if (login instanceof ProviderError) return [{ ok: false, what, message: advice(login) }];
  const { about, authorizationManager, rootFolder } = login;
  if (about.apiType !== 'VirtualCenter') {
    const message = `${about.fullName ?? 'it'} is no vCenter: the gateway needs one, a host alone cannot clone`;
    return [{ ok: false, what, message }];
  }
  const told: Finding = { ok: true, what: `${what}: ${about.fullName ?? about.version ?? ''}` };
  if (!authorizationManager) return [told];
  const { key } = await wire.whoAmI(context);
  const privId = PRIVILEGES.map(([name]) => name);
  const has = await attempt(() =>
    wire.call('HasPrivilegeOnEntity', authorizationManager, { entity: rootFolder, sessionId: key, privId }, context),
  );
  if (has instanceof ProviderError) {
    return [told, { ok: false, what: 'Privileges', message: `Could not be asked for: ${has.message}` }];
  }
  return [told, ...PRIVILEGES.map(([name, purpose], index) => finding(name, purpose, has?.[index] === true))];
}

function finding(name: string, purpose: string, ok: boolean): Finding {
  const what = `Privilege ${name}`;
  return ok ? { ok, what } : { ok, what, message: `Missing at the root folder; needed ${purpose} (unless it is given further down)` };
}

async function attempt<T>(call: () => Promise<T>): Promise<T | ProviderError> {
  try {
    return await call();
  } catch (error) {
    return error instanceof ProviderError ? error : new ProviderError('unavailable', String(error));
  }
}

function advice(error: ProviderError): string {
  if (error.kind === 'auth') return `vCenter does not accept the login (${error.message}): check username and password`;
  if (error.code === 'VersionTooOld') return error.message;
  if (error.code === 'THUMBPRINT_MISMATCH') return `${error.message}: was the certificate changed? Compare it at vCenter itself first`;
  if (/CERT|SIGNATURE|ISSUER/.test(error.code ?? '')) return `${error.message}: set ca or thumbprint`;
  if (error.kind === 'unavailable' || error.kind === 'timeout') return `${error.message}: check url, DNS and the way out of this network`;
  return error.message;
}
