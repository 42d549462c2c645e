import type { Node } from './xml';

/**
 * What this driver uses of the vim25 API, declared by hand: members in the API's own order (vCenter refuses another), a
 * base's members first. A type is a name of this table, a simple type, or either with `[]`. A member that is not
 * declared is neither written nor read. A test compares the table with the API's declaration.
 */

const DEVICE = {
  key: 'int',
  backing: 'VirtualDeviceBackingInfo',
  connectable: 'VirtualDeviceConnectInfo',
  controllerKey: 'int',
  unitNumber: 'int',
} as const;
const CARD = { ...DEVICE, addressType: 'string', macAddress: 'string', externalId: 'string' } as const;
const CONTROLLER = { ...DEVICE, busNumber: 'int', device: 'int[]' } as const;
const SCSI = { ...CONTROLLER, hotAddRemove: 'boolean', sharedBus: 'string', scsiCtlrUnitNumber: 'int' } as const;

export const TYPES = {
  ServiceContent: {
    rootFolder: 'ref',
    propertyCollector: 'ref',
    viewManager: 'ref',
    about: 'AboutInfo',
    sessionManager: 'ref',
    authorizationManager: 'ref',
    taskManager: 'ref',
    customizationSpecManager: 'ref',
    searchIndex: 'ref',
    storageResourceManager: 'ref',
    vStorageObjectManager: 'ref',
  },
  AboutInfo: { fullName: 'string', version: 'string', apiType: 'string', apiVersion: 'string', instanceUuid: 'string' },
  UserSession: { key: 'string', userName: 'string' },

  PropertyFilterSpec: { propSet: 'PropertySpec[]', objectSet: 'ObjectSpec[]', reportMissingObjectsInResults: 'boolean' },
  PropertySpec: { type: 'string', all: 'boolean', pathSet: 'string[]' },
  ObjectSpec: { obj: 'ref', skip: 'boolean', selectSet: 'SelectionSpec[]' },
  SelectionSpec: { name: 'string' },
  TraversalSpec: { name: 'string', type: 'string', path: 'string', skip: 'boolean', selectSet: 'SelectionSpec[]' },
  RetrieveOptions: { maxObjects: 'int' },
  RetrieveResult: { token: 'string', objects: 'ObjectContent[]' },
  ObjectContent: { obj: 'ref', propSet: 'DynamicProperty[]', missingSet: 'MissingProperty[]' },
  DynamicProperty: { name: 'string', val: 'any' },
  MissingProperty: { path: 'string', fault: 'LocalizedMethodFault' },
  TaskInfo: {
    name: 'string',
    descriptionId: 'string',
    state: 'string',
    error: 'LocalizedMethodFault',
    result: 'any',
    progress: 'int',
    reason: 'TaskReason',
    queueTime: 'dateTime',
    startTime: 'dateTime',
  },
  TaskReason: {},
  TaskReasonUser: { userName: 'string' },

  LocalizedMethodFault: { fault: 'MethodFault', localizedMessage: 'string' },
  /** Members of faults that tell more than their name; each fault has some of them. */
  MethodFault: {
    faultCause: 'LocalizedMethodFault',
    faultMessage: 'LocalizableMessage[]',
    obj: 'ref',
    object: 'ref',
    name: 'string',
    invalidProperty: 'string',
    privilegeId: 'string',
    requestedState: 'string',
    existingState: 'string',
    reason: 'string',
  },
  InvalidPowerState: {
    faultCause: 'LocalizedMethodFault',
    faultMessage: 'LocalizableMessage[]',
    requestedState: 'string',
    existingState: 'string',
  },
  LocalizableMessage: { key: 'string', message: 'string' },

  ManagedByInfo: { extensionKey: 'string', type: 'string' },
  DatastoreHostMount: { key: 'ref', mountInfo: 'HostMountInfo' },
  HostMountInfo: { accessMode: 'string', mounted: 'boolean', accessible: 'boolean' },
  NetworkSummary: {},
  OpaqueNetworkSummary: { opaqueNetworkId: 'string' },
  OptionValue: { key: 'string', value: 'any' },
  VirtualMachineFileInfo: { vmPathName: 'string' },
  VirtualMachineConfigSpec: {
    changeVersion: 'string',
    name: 'string',
    instanceUuid: 'string',
    guestId: 'string',
    annotation: 'string',
    files: 'VirtualMachineFileInfo',
    numCPUs: 'int',
    numCoresPerSocket: 'int',
    memoryMB: 'long',
    deviceChange: 'VirtualDeviceConfigSpec[]',
    extraConfig: 'OptionValue[]',
  },
  VirtualMachineRelocateSpec: {
    datastore: 'ref',
    diskMoveType: 'string',
    pool: 'ref',
    host: 'ref',
    deviceChange: 'VirtualDeviceConfigSpec[]',
  },
  VirtualMachineCloneSpec: {
    location: 'VirtualMachineRelocateSpec',
    template: 'boolean',
    config: 'VirtualMachineConfigSpec',
    customization: 'xml',
    powerOn: 'boolean',
    snapshot: 'ref',
  },
  VmPodConfigForPlacement: { storagePod: 'ref' },
  StorageDrsPodSelectionSpec: { initialVmConfig: 'VmPodConfigForPlacement[]', storagePod: 'ref' },
  StoragePlacementSpec: {
    type: 'string',
    vm: 'ref',
    podSelectionSpec: 'StorageDrsPodSelectionSpec',
    cloneSpec: 'VirtualMachineCloneSpec',
    cloneName: 'string',
    configSpec: 'VirtualMachineConfigSpec',
    resourcePool: 'ref',
    host: 'ref',
    folder: 'ref',
  },
  StoragePlacementResult: { recommendations: 'ClusterRecommendation[]' },
  ClusterRecommendation: { rating: 'int', action: 'ClusterAction[]' },
  ClusterAction: { type: 'string' },
  StoragePlacementAction: { type: 'string', destination: 'ref' },
  CustomizationSpecInfo: { name: 'string', type: 'string' },
  CustomizationSpecItem: { info: 'CustomizationSpecInfo', spec: 'xml' },
  VirtualMachineSnapshotInfo: { currentSnapshot: 'ref', rootSnapshotList: 'VirtualMachineSnapshotTree[]' },
  VirtualMachineSnapshotTree: {
    snapshot: 'ref',
    vm: 'ref',
    name: 'string',
    description: 'string',
    createTime: 'dateTime',
    state: 'string',
    childSnapshotList: 'VirtualMachineSnapshotTree[]',
  },

  VirtualDeviceConfigSpec: { operation: 'string', fileOperation: 'string', device: 'VirtualDevice' },
  VirtualDevice: DEVICE,
  VirtualDeviceConnectInfo: { startConnected: 'boolean', allowGuestControl: 'boolean', connected: 'boolean' },
  VirtualDeviceBackingInfo: {},
  VirtualDisk: { ...DEVICE, capacityInKB: 'long', capacityInBytes: 'long', vDiskId: 'ID' },
  VirtualDiskFlatVer2BackingInfo: { fileName: 'string', datastore: 'ref', diskMode: 'string', thinProvisioned: 'boolean', uuid: 'string' },
  VirtualDiskSeSparseBackingInfo: { diskMode: 'string' },
  VirtualDiskRawDiskMappingVer1BackingInfo: { diskMode: 'string' },
  VirtualController: CONTROLLER,
  ParaVirtualSCSIController: SCSI,
  VirtualEthernetCard: CARD,
  VirtualVmxnet3: CARD,
  VirtualVmxnet3Vrdma: CARD,
  VirtualVmxnet2: CARD,
  VirtualVmxnet: CARD,
  VirtualE1000: CARD,
  VirtualE1000e: CARD,
  VirtualPCNet32: CARD,
  VirtualSriovEthernetCard: CARD,
  VirtualEthernetCardNetworkBackingInfo: { deviceName: 'string', network: 'ref' },
  VirtualEthernetCardDistributedVirtualPortBackingInfo: { port: 'DistributedVirtualSwitchPortConnection' },
  VirtualEthernetCardOpaqueNetworkBackingInfo: { opaqueNetworkId: 'string', opaqueNetworkType: 'string' },
  DistributedVirtualSwitchPortConnection: { switchUuid: 'string', portgroupKey: 'string', portKey: 'string', connectionCookie: 'int' },

  Tag: { key: 'string' },
  DVPortgroupConfigSpec: {
    configVersion: 'string',
    name: 'string',
    numPorts: 'int',
    defaultPortConfig: 'DVPortSetting',
    description: 'string',
    type: 'string',
    autoExpand: 'boolean',
  },
  DVPortSetting: {},
  VMwareDVSPortSetting: { vlan: 'VmwareDistributedVirtualSwitchVlanSpec' },
  VmwareDistributedVirtualSwitchVlanSpec: { inherited: 'boolean' },
  VmwareDistributedVirtualSwitchVlanIdSpec: { inherited: 'boolean', vlanId: 'int' },
  GuestNicInfo: { ipAddress: 'string[]', macAddress: 'string', deviceConfigId: 'int', ipConfig: 'NetIpConfigInfo' },
  NetIpConfigInfo: { ipAddress: 'NetIpConfigInfoIpAddress[]' },
  NetIpConfigInfoIpAddress: { ipAddress: 'string', prefixLength: 'int' },

  ID: { id: 'string' },
  KeyValue: { key: 'string', value: 'string' },
  VslmCreateSpec: {
    name: 'string',
    keepAfterDeleteVm: 'boolean',
    backingSpec: 'VslmCreateSpecBackingSpec',
    capacityInMB: 'long',
    metadata: 'KeyValue[]',
  },
  VslmCloneSpec: {
    backingSpec: 'VslmCreateSpecBackingSpec',
    consolidate: 'boolean',
    name: 'string',
    keepAfterDeleteVm: 'boolean',
    metadata: 'KeyValue[]',
  },
  VslmCreateSpecBackingSpec: { datastore: 'ref' },
  VslmCreateSpecDiskFileBackingSpec: { datastore: 'ref', provisioningType: 'string' },
  VStorageObject: { config: 'VStorageObjectConfigInfo' },
  VStorageObjectConfigInfo: {
    id: 'ID',
    name: 'string',
    backing: 'BaseConfigInfoBackingInfo',
    capacityInMB: 'long',
    consumerId: 'ID[]',
  },
  BaseConfigInfoBackingInfo: { datastore: 'ref' },
  VslmServiceInstanceContent: { vStorageObjectManager: 'ref' },
  VslmVsoVStorageObjectQuerySpec: { queryField: 'string', queryOperator: 'string', queryValue: 'string[]' },
  VslmVsoVStorageObjectQueryResult: { allRecordsReturned: 'boolean', queryResults: 'VslmVsoVStorageObjectResult[]' },
  VslmVsoVStorageObjectResult: {
    id: 'ID',
    name: 'string',
    capacityInMB: 'long',
    createTime: 'dateTime',
    diskPath: 'string',
    metadata: 'KeyValue[]',
    error: 'LocalizedMethodFault',
  },
  VslmVsoVStorageObjectAssociations: { id: 'ID', vmDiskAssociation: 'VslmVsoVStorageObjectAssociationsVmDiskAssociation[]' },
  VslmVsoVStorageObjectAssociationsVmDiskAssociation: { vmId: 'string', diskKey: 'int' },
} as const;

/** Network cards, by name of their type. */
export const CARDS: readonly string[] = [
  'VirtualVmxnet3',
  'VirtualVmxnet3Vrdma',
  'VirtualVmxnet2',
  'VirtualVmxnet',
  'VirtualE1000',
  'VirtualE1000e',
  'VirtualPCNet32',
  'VirtualSriovEthernetCard',
  'VirtualEthernetCard',
];

/**
 * Methods: their parameters in the API's order (after the object itself), and what they return. `service`: the one that has
 * it, where it is not vim25. `since`: the version of the API to speak, where it is later than the usual one.
 */
export const METHODS = {
  RetrieveServiceContent: { takes: {}, returns: 'ServiceContent' },
  Login: { takes: { userName: 'string', password: 'string', locale: 'string' }, returns: 'UserSession' },
  Logout: { takes: {}, returns: 'none' },
  CurrentTime: { takes: {}, returns: 'dateTime' },
  RetrievePropertiesEx: { takes: { specSet: 'PropertyFilterSpec[]', options: 'RetrieveOptions' }, returns: 'RetrieveResult' },
  ContinueRetrievePropertiesEx: { takes: { token: 'string' }, returns: 'RetrieveResult' },
  CreateContainerView: { takes: { container: 'ref', type: 'string[]', recursive: 'boolean' }, returns: 'ref' },
  FindAllByUuid: { takes: { uuid: 'string', vmSearch: 'boolean', instanceUuid: 'boolean' }, returns: 'ref[]' },
  HasPrivilegeOnEntity: { takes: { entity: 'ref', sessionId: 'string', privId: 'string[]' }, returns: 'boolean[]' },
  RecommendDatastores: { takes: { storageSpec: 'StoragePlacementSpec' }, returns: 'StoragePlacementResult' },
  GetCustomizationSpec: { takes: { name: 'string' }, returns: 'CustomizationSpecItem' },
  CloneVM_Task: { takes: { folder: 'ref', name: 'string', spec: 'VirtualMachineCloneSpec' }, returns: 'ref' },
  CreateVM_Task: { takes: { config: 'VirtualMachineConfigSpec', pool: 'ref', host: 'ref' }, returns: 'ref' },
  PowerOnVM_Task: { takes: {}, returns: 'ref' },
  PowerOffVM_Task: { takes: {}, returns: 'ref' },
  SuspendVM_Task: { takes: {}, returns: 'ref' },
  ResetVM_Task: { takes: {}, returns: 'ref' },
  ShutdownGuest: { takes: {}, returns: 'none' },
  RebootGuest: { takes: {}, returns: 'none' },
  ReconfigVM_Task: { takes: { spec: 'VirtualMachineConfigSpec' }, returns: 'ref' },
  Destroy_Task: { takes: {}, returns: 'ref' },
  CreateSnapshot_Task: { takes: { name: 'string', description: 'string', memory: 'boolean', quiesce: 'boolean' }, returns: 'ref' },
  RevertToSnapshot_Task: { takes: { suppressPowerOn: 'boolean' }, returns: 'ref' },
  RemoveSnapshot_Task: { takes: { removeChildren: 'boolean' }, returns: 'ref' },
  AddDVPortgroup_Task: { takes: { spec: 'DVPortgroupConfigSpec[]' }, returns: 'ref' },
  ReconfigureDVPortgroup_Task: { takes: { spec: 'DVPortgroupConfigSpec' }, returns: 'ref' },
  RenameSnapshot: { takes: { name: 'string', description: 'string' }, returns: 'none' },

  RemoveAllSnapshots_Task: { takes: {}, returns: 'ref' },
  AttachDisk_Task: { takes: { diskId: 'ID', datastore: 'ref', controllerKey: 'int', unitNumber: 'int' }, returns: 'ref' },
  DetachDisk_Task: { takes: { diskId: 'ID' }, returns: 'ref' },
  CreateDisk_Task: { takes: { spec: 'VslmCreateSpec' }, returns: 'ref', since: '6.7.2' },
  CloneVStorageObject_Task: { takes: { id: 'ID', datastore: 'ref', spec: 'VslmCloneSpec' }, returns: 'ref', since: '6.7.2' },
  ExtendDisk_Task: { takes: { id: 'ID', datastore: 'ref', newCapacityInMB: 'long' }, returns: 'ref' },
  DeleteVStorageObject_Task: { takes: { id: 'ID', datastore: 'ref' }, returns: 'ref' },
  RenameVStorageObject: { takes: { id: 'ID', datastore: 'ref', name: 'string' }, returns: 'none' },
  VCenterUpdateVStorageObjectMetadataEx_Task: {
    takes: { id: 'ID', datastore: 'ref', metadata: 'KeyValue[]', deleteKeys: 'string[]' },
    returns: 'ref',
    since: '6.7.2',
  },
  RetrieveContent: { takes: {}, returns: 'VslmServiceInstanceContent', service: 'vslm' },
  VslmListVStorageObjectForSpec: {
    takes: { query: 'VslmVsoVStorageObjectQuerySpec[]', maxResult: 'int' },
    returns: 'VslmVsoVStorageObjectQueryResult',
    service: 'vslm',
  },
  VslmRetrieveVStorageObject: { takes: { id: 'ID' }, returns: 'VStorageObject', service: 'vslm' },
  VslmRetrieveVStorageObjects: { takes: { ids: 'ID[]' }, returns: 'VslmVsoVStorageObjectResult[]', service: 'vslm' },
  VslmRetrieveVStorageObjectAssociations: { takes: { ids: 'ID[]' }, returns: 'VslmVsoVStorageObjectAssociations[]', service: 'vslm' },
} as const;

interface DeclaredMethod {
  readonly returns: string;
  readonly service?: 'vslm';
  readonly since?: string;
}

/** Another service of vCenter's than vim25 that has the method. */
export function serviceOf(method: MethodName): 'vslm' | undefined {
  const declared: DeclaredMethod = METHODS[method];
  return declared.service;
}

/** Version of the API to speak when the method is called; undefined for the usual one. */
export function sinceOf(method: MethodName): string | undefined {
  const declared: DeclaredMethod = METHODS[method];
  return declared.since;
}

/** A reference to a managed object: sent back exactly as it came. */
export interface Ref {
  type: string;
  value: string;
}

interface Simple {
  string: string;
  int: number;
  long: number;
  boolean: boolean;
  /** RFC 3339, as the API writes it. */
  dateTime: string;
  ref: Ref;
  /** Whatever its xsi:type says; `Typed` for a declared type. */
  any: unknown;
  /** An element as it is, whatever is in it: written back whole, under another name (raw.ts). */
  xml: Node;
  none: undefined;
}

type Table = typeof TYPES;
export type TypeName = keyof Table;
export type MethodName = keyof typeof METHODS;

/** TypeScript's type for a declared one. */
export type Declared<D extends string> = D extends `${infer E}[]`
  ? readonly Declared<E>[]
  : D extends keyof Simple
    ? Simple[D]
    : D extends TypeName
      ? Typed<D>
      : never;

/** A value of a type of the table; `$type` where it is of a subtype (and always on what was read). */
export type Typed<N extends TypeName> = { readonly $type?: string } & {
  readonly [K in keyof Table[N]]?: Declared<Table[N][K] & string> | undefined;
};

export type Parameters<M extends MethodName> = {
  readonly [K in keyof (typeof METHODS)[M]['takes']]?: Declared<(typeof METHODS)[M]['takes'][K] & string> | undefined;
};
/** Whatever the API promises, an answer may lack it. */
export type Result<M extends MethodName> = Declared<(typeof METHODS)[M]['returns']> | undefined;

/** Methods that begin a task. */
export type TaskMethod = Extract<MethodName, `${string}_Task`>;

/** Whether a value that was read is a reference. */
export function isRef(value: unknown): value is Ref {
  return typeof value === 'object' && value !== null && 'type' in value && 'value' in value && typeof value.value === 'string';
}

/** Whether a value that was read is of this very type of the table. */
export function isA<N extends TypeName>(value: unknown, name: N): value is Typed<N> {
  return typeof value === 'object' && value !== null && '$type' in value && value.$type === name;
}
