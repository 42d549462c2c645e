import type { METHODS, MethodName } from './methods';
import type { Node } from './xml';

/**
 * Part of the vim25 API that this driver uses, declared by hand: members in the API's own order (vCenter refuses another), a base's
 * members first. A type is a name of this table, a simple type, or either with `[]`. A member that is not declared is neither
 * written nor read. A test compares the table with the API's declaration.
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
    setting: 'ref',
    sessionManager: 'ref',
    authorizationManager: 'ref',
    perfManager: 'ref',
    eventManager: 'ref',
    taskManager: 'ref',
    customizationSpecManager: 'ref',
    searchIndex: 'ref',
    ovfManager: 'ref',
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

  OvfCreateImportSpecParams: { entityName: 'string', networkMapping: 'OvfNetworkMapping[]', diskProvisioning: 'string' },
  OvfNetworkMapping: { name: 'string', network: 'ref' },
  OvfCreateImportSpecResult: {
    importSpec: 'xml',
    fileItem: 'OvfFileItem[]',
    warning: 'LocalizedMethodFault[]',
    error: 'LocalizedMethodFault[]',
  },
  OvfFileItem: { deviceId: 'string', path: 'string' },
  HttpNfcLeaseInfo: { lease: 'ref', entity: 'ref', deviceUrl: 'HttpNfcLeaseDeviceUrl[]', leaseTimeout: 'int' },
  HttpNfcLeaseDeviceUrl: {
    key: 'string',
    importKey: 'string',
    url: 'string',
    sslThumbprint: 'string',
    disk: 'boolean',
    targetId: 'string',
  },
  HttpNfcLeaseManifestEntry: { key: 'string', sha1: 'string', size: 'long' },

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

  ElementDescription: { key: 'string' },
  PerfCounterInfo: {
    key: 'int',
    nameInfo: 'ElementDescription',
    groupInfo: 'ElementDescription',
    rollupType: 'string',
    level: 'int',
  },
  PerfInterval: { samplingPeriod: 'int', length: 'int', level: 'int', enabled: 'boolean' },
  PerfMetricId: { counterId: 'int', instance: 'string' },
  PerfQuerySpec: {
    entity: 'ref',
    startTime: 'dateTime',
    endTime: 'dateTime',
    metricId: 'PerfMetricId[]',
    intervalId: 'int',
    format: 'string',
  },
  PerfEntityMetricCSV: { entity: 'ref', sampleInfoCSV: 'string', value: 'PerfMetricSeriesCSV[]' },
  PerfMetricSeriesCSV: { id: 'PerfMetricId', value: 'string' },
  VirtualMachineStorageSummary: { committed: 'long' },

  EventFilterSpec: { time: 'EventFilterSpecByTime', eventTypeId: 'string[]' },
  EventFilterSpecByTime: { beginTime: 'dateTime' },
  Event: {
    key: 'int',
    createdTime: 'dateTime',
    vm: 'VmEventArgument',
    net: 'NetworkEventArgument',
    fullFormattedMessage: 'string',
  },
  AlarmStatusChangedEvent: {
    key: 'int',
    createdTime: 'dateTime',
    vm: 'VmEventArgument',
    net: 'NetworkEventArgument',
    fullFormattedMessage: 'string',
    alarm: 'AlarmEventArgument',
    entity: 'ManagedEntityEventArgument',
    from: 'string',
    to: 'string',
  },
  AlarmState: { key: 'string', entity: 'ref', alarm: 'ref', overallStatus: 'string', time: 'dateTime' },
  VmEventArgument: { name: 'string', vm: 'ref' },
  NetworkEventArgument: { name: 'string', network: 'ref' },
  AlarmEventArgument: { name: 'string' },
  ManagedEntityEventArgument: { name: 'string', entity: 'ref' },

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
  /** Value of any xsi:type; `Typed` for a declared type. */
  any: unknown;
  /** An element as it is, whatever is in it: written back whole, under another name (raw.ts). */
  xml: Node;
  none: undefined;
}

type Table = typeof TYPES;
export type TypeName = keyof Table;

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
/** Result of a method; an answer may lack it, whatever the API promises. */
export type Result<M extends MethodName> = Declared<(typeof METHODS)[M]['returns']> | undefined;

/** Methods that begin a task. */
export type TaskMethod = Extract<MethodName, `${string}_Task`>;

/** Tells whether a value that was read is a reference. */
export function isRef(value: unknown): value is Ref {
  return typeof value === 'object' && value !== null && 'type' in value && 'value' in value && typeof value.value === 'string';
}

/** Tells whether a value that was read is of this very type of the table. */
export function isA<N extends TypeName>(value: unknown, name: N): value is Typed<N> {
  return typeof value === 'object' && value !== null && '$type' in value && value.$type === name;
}
