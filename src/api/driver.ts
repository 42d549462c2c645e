/**
 * The face of the gateway to drivers in packages of their own (`cimi-gateway/driver`, docs/drivers.md): the contract, its errors,
 * and what drivers share. Nothing else of the gateway is meant for them.
 */

export { ASPECT_UNITS, CONTRACT_VERSION, GROUPS, isOngoing, METHOD_KINDS } from '../clouds/driver';
export type {
  CallContext,
  Capabilities,
  CaptureMachine,
  Change,
  Choice,
  Created,
  CreateMachine,
  Credentials,
  DownloadedImage,
  Driver,
  DriverEnvironment,
  DriverExtension,
  DriverModule,
  DriverPackage,
  Events,
  Finding,
  Fit,
  GroupName,
  Groups,
  WorkHandle,
  ImportCredential,
  Item,
  ItemRef,
  ListedGroup,
  MachineImages,
  Machines,
  Marks,
  MeterOffer,
  Meters,
  MethodKind,
  Naming,
  Ongoing,
  Outcome,
  Pages,
  ProviderEvent,
  ReadableImage,
  ReadGroup,
  Series,
  SeriesQuery,
  SizedGroup,
  TypeCapabilities,
  UploadImage,
  UploadSource,
} from '../clouds/driver';
export type { Disk, Extent } from '../clouds/download';
export { Gone, HandleForgotten, ProviderError, UNREACHED } from '../clouds/errors';
export type { ErrorKind, FailureKind, ProviderErrorDetails, Thing } from '../clouds/errors';
export type {
  Addresses,
  Attachments,
  AttachVolume,
  CreateAddress,
  CreateDisk,
  CreateForwardingGroup,
  CreateInterface,
  CreateNetwork,
  CreateNetworkPort,
  CreateVolume,
  CreateVolumeImage,
  Disks,
  ForwardingGroups,
  Interfaces,
  NetworkPorts,
  Networks,
  VolumeImages,
  Volumes,
} from '../clouds/infrastructure';
export { anySignal } from '../model/any-signal';
export { roundDown, roundUp } from '../model/units';
export type { Unit } from '../model/units';
export type { Value, Values } from '../model/values';
export { z } from 'zod';
