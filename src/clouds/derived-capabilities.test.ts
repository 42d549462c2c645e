import { capabilitiesOf } from './derived-capabilities';
import type { Driver, Groups, TypeCapabilities } from './driver';

/** A driver with these methods, which are never called, and with what it says of itself. */
function driver(methods: readonly string[], types: Record<string, TypeCapabilities> = {}): Driver {
  const groups: Record<string, Record<string, unknown>> = {};
  for (const path of methods) {
    const [group = '', method = ''] = path.split('.');
    groups[group] = { ...groups[group], [method]: () => Promise.reject(new Error('not to be called')) };
  }
  const rest = { capabilities: { settleMs: 7, types }, check: () => Promise.resolve([]), close: () => Promise.resolve() };
  return { ...(groups as Groups), ...rest };
}
const typesOf = (...given: Parameters<typeof driver>) => capabilitiesOf(driver(...given)).types;

test('nothing follows where nothing is made', () => {
  expect(capabilitiesOf(driver(['machines.list', 'machines.start', 'machines.stop']))).toEqual({ settleMs: 7, types: {} });
});

test('whoever makes machines takes configurations and templates by value', () => {
  expect(typesOf(['machines.create'])).toEqual({
    Machine: { capabilities: { MachineConfigByValue: true, MachineTemplateByValue: true } },
    MachineTemplate: { attributes: ['machineConfig', 'machineImage'] },
  });
});

test('parts of a machine are taken where the driver can make and attach them', () => {
  const parts = ['credentials.import', 'attachments.create', 'volumes.create', 'interfaces.list'];
  const types = typesOf(['machines.create', ...parts], { Machine: { capabilities: { UserData: 'metadata' } } });
  expect(types.Machine?.capabilities).toMatchObject({ MachineCredentialByValue: true, MachineVolumeTemplatesByValue: true });
  expect(types.MachineTemplate?.attributes).toEqual([
    ...['machineConfig', 'machineImage', 'credential', 'userData', 'volumes', 'volumeTemplates', 'networkInterfaces'],
  ]);
  expect(typesOf(['machines.create', 'attachments.create']).MachineTemplate?.attributes).toEqual([
    'machineConfig',
    'machineImage',
    'volumes',
  ]);
});

test('initial states are those that a method leads to from the first', () => {
  const first = { capabilities: { DefaultInitialState: 'STARTED' } };
  const states = (methods: readonly string[], type: string) => typesOf(methods, { [type]: first })[type]?.capabilities?.InitialStates;
  const machine = ['machines.create', 'machines.stop', 'machines.pause', 'machines.suspend'];
  expect(states(machine, 'Machine')).toEqual(['STARTED', 'STOPPED', 'PAUSED', 'SUSPENDED']);
  expect(states(['machines.create', 'machines.suspend'], 'Machine')).toEqual(['STARTED', 'SUSPENDED']);
  expect(states(['networks.create', 'networks.stop'], 'Network')).toEqual(['STARTED', 'STOPPED']);
  expect(states(['networkPorts.create'], 'NetworkPort')).toEqual(['STARTED']);
  expect(typesOf(machine, { Machine: first }).MachineTemplate?.attributes).toContain('initialState');
});

test('volumes, networks and ports are taken by value where they are made, snapshots where there are images', () => {
  expect(typesOf(['volumes.create']).Volume).toEqual({ capabilities: { VolumeConfigByValue: true, VolumeTemplateByValue: true } });
  expect(typesOf(['volumes.create', 'volumeImages.create']).Volume?.capabilities).toMatchObject({ VolumeSnapshot: true });
  expect(typesOf(['networks.create']).Network).toEqual({ capabilities: { NetworkConfigByValue: true, NetworkTemplateByValue: true } });
  expect(typesOf(['networkPorts.create']).NetworkPort).toEqual({
    capabilities: { NetworkPortConfigByValue: true, NetworkPortTemplateByValue: true },
  });
});

test('what a driver says of itself goes over what follows', () => {
  const said = { Machine: { attributes: ['cpu'], capabilities: { DefaultInitialState: 'STARTED', InitialStates: ['STARTED'] } } };
  expect(typesOf(['machines.create', 'machines.suspend'], said).Machine).toEqual({
    attributes: ['cpu'],
    capabilities: { DefaultInitialState: 'STARTED', InitialStates: ['STARTED'], MachineConfigByValue: true, MachineTemplateByValue: true },
  });
});
