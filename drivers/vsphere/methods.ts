/** Methods of the API that this driver calls; see types.ts. */

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
  QueryOptions: { takes: { name: 'string' }, returns: 'OptionValue[]' },
  QueryPerf: { takes: { querySpec: 'PerfQuerySpec[]' }, returns: 'PerfEntityMetricCSV[]' },
  CreateCollectorForEvents: { takes: { filter: 'EventFilterSpec' }, returns: 'ref' },
  ReadNextEvents: { takes: { maxCount: 'int' }, returns: 'Event[]' },
  DestroyCollector: { takes: {}, returns: 'none' },
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
  CreateImportSpec: {
    takes: { ovfDescriptor: 'string', resourcePool: 'ref', datastore: 'ref', cisp: 'OvfCreateImportSpecParams' },
    returns: 'OvfCreateImportSpecResult',
  },
  ImportVApp: { takes: { spec: 'xml', folder: 'ref', host: 'ref' }, returns: 'ref' },
  ExportVm: { takes: {}, returns: 'ref' },
  ExportSnapshot: { takes: {}, returns: 'ref' },
  HttpNfcLeaseProgress: { takes: { percent: 'int' }, returns: 'none' },
  HttpNfcLeaseGetManifest: { takes: {}, returns: 'HttpNfcLeaseManifestEntry[]' },
  HttpNfcLeaseComplete: { takes: {}, returns: 'none' },
  HttpNfcLeaseAbort: { takes: {}, returns: 'none' },
  MarkAsTemplate: { takes: {}, returns: 'none' },
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

/** Returns the service other than vim25 that has the method; undefined for vim25's own. */
export function serviceOf(method: MethodName): 'vslm' | undefined {
  const declared: DeclaredMethod = METHODS[method];
  return declared.service;
}

/** Version of the API to speak when the method is called; undefined for the usual one. */
export function sinceOf(method: MethodName): string | undefined {
  const declared: DeclaredMethod = METHODS[method];
  return declared.since;
}

export type MethodName = keyof typeof METHODS;
