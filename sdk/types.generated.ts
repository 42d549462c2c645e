// Made from src/model by scripts/make-client-types.cjs; do not edit.

/** Time, as xs:dateTime. */
export type DateTime = string;
/** Operation that would work now for this caller (DSP0263 4.2). */
export interface Operation {
  readonly rel: string;
  readonly href: string;
}
/** Texts of a consumer's own, by key. */
export type Properties = Readonly<Record<string, string>>;
/** Members of every action's request. */
export interface ActionInput {
  readonly properties?: Properties;
}
/** Reference to a resource; with $expand, or where it was given by value, its attributes stand beside href. */
export type Ref<K extends TypeName> = { readonly href: string } & Partial<Types[K]['data']>;
/** Reference to a resource of any type. */
export interface AnyRef {
  readonly href: string;
}
/** Reference to a collection; with $expand its items stand beside href. */
export type CollectionRef<K extends TypeName, Group extends string> = { readonly href: string; readonly count?: number } & {
  readonly [G in Group]?: readonly Types[K]['data'][];
};
/** Comparison of a filter; several are joined by and() and or(). */
export interface Condition {
  and(other: Condition): Condition;
  or(other: Condition): Condition;
  toString(): string;
}
/** Attribute that a filter compares for equality. */
export interface Equal<T> {
  eq(value: T): Condition;
  ne(value: T): Condition;
  in(first: T, ...others: readonly T[]): Condition;
}
/** Attribute that a filter also puts in order. */
export interface Ordered<T> extends Equal<T> {
  lt(value: T): Condition;
  le(value: T): Condition;
  gt(value: T): Condition;
  ge(value: T): Condition;
}

/** ResourceMetadata (5.11). */
export interface ResourceMetadata {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/ResourceMetadata';
  readonly id: string;
  readonly typeURI?: string;
  readonly name?: string;
  readonly attributes?: readonly {
    readonly name?: string;
    readonly namespace?: string;
    readonly type?: string;
    readonly required?: boolean;
    readonly values?: readonly unknown[];
    readonly ranges?: readonly { readonly low?: number; readonly high?: number }[];
    readonly value?: boolean;
    /** Unit: byte. */ readonly maxLength?: number;
    /** Unit: byte. */ readonly maxKeyLength?: number;
    readonly maxItems?: number;
    readonly pattern?: string;
  }[];
  readonly capabilities?: readonly {
    readonly name?: string;
    readonly uri?: string;
    readonly description?: string;
    readonly value?: unknown;
  }[];
  readonly actions?: readonly {
    readonly name?: string;
    readonly uri?: string;
    readonly description?: string;
    readonly method?: string;
    readonly inputMessage?: string;
    readonly outputMessage?: string;
  }[];
  readonly operations?: readonly Operation[];
}
/** Attributes of a ResourceMetadata that requests may give; null erases. */
export interface ResourceMetadataInput {
  readonly resourceURI?: string;
  readonly typeURI?: string | null;
  readonly name?: string | null;
  readonly attributes?:
    | readonly {
        readonly name?: string | null;
        readonly namespace?: string | null;
        readonly type?: string | null;
        readonly required?: boolean | null;
        readonly values?: readonly unknown[] | null;
        readonly ranges?: readonly { readonly low?: number | null; readonly high?: number | null }[] | null;
        readonly value?: boolean | null;
        /** Unit: byte. */ readonly maxLength?: number | null;
        /** Unit: byte. */ readonly maxKeyLength?: number | null;
        readonly maxItems?: number | null;
        readonly pattern?: string | null;
      }[]
    | null;
  readonly capabilities?:
    | readonly {
        readonly name?: string | null;
        readonly uri?: string | null;
        readonly description?: string | null;
        readonly value?: unknown | null;
      }[]
    | null;
  readonly actions?:
    | readonly {
        readonly name?: string | null;
        readonly uri?: string | null;
        readonly description?: string | null;
        readonly method?: string | null;
        readonly inputMessage?: string | null;
        readonly outputMessage?: string | null;
      }[]
    | null;
}
/** Request that makes a ResourceMetadata. */
export type ResourceMetadataCreate = ResourceMetadataInput & { readonly typeURI: string };
/** Attributes of a ResourceMetadata that a filter may compare. */
export interface ResourceMetadataFilter {
  readonly id: Equal<string>;
  readonly typeURI: Equal<string>;
  readonly name: Equal<string>;
}
/** Actions of a ResourceMetadata with their parameters. */
export interface ResourceMetadataActions {}
/** Actions of a collection of ResourceMetadata. */
export interface ResourceMetadataCollectionActions {}
/** Parameters of our own that lists of ResourceMetadata take. */
export interface ResourceMetadataParameters {}

/** CloudEntryPoint (5.12). */
export interface CloudEntryPoint {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/CloudEntryPoint';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly baseURI?: string;
  readonly resourceMetadata?: CollectionRef<'ResourceMetadata', 'resourceMetadatas'>;
  readonly systems?: CollectionRef<'System', 'systems'>;
  readonly systemTemplates?: CollectionRef<'SystemTemplate', 'systemTemplates'>;
  readonly machines?: CollectionRef<'Machine', 'machines'>;
  readonly machineTemplates?: CollectionRef<'MachineTemplate', 'machineTemplates'>;
  readonly machineConfigs?: CollectionRef<'MachineConfiguration', 'machineConfigurations'>;
  readonly machineImages?: CollectionRef<'MachineImage', 'machineImages'>;
  readonly credentials?: CollectionRef<'Credential', 'credential'>;
  readonly credentialTemplates?: CollectionRef<'CredentialTemplate', 'credentialTemplates'>;
  readonly volumes?: CollectionRef<'Volume', 'volumes'>;
  readonly volumeTemplates?: CollectionRef<'VolumeTemplate', 'volumeTemplates'>;
  readonly volumeConfigs?: CollectionRef<'VolumeConfiguration', 'volumeConfigurations'>;
  readonly volumeImages?: CollectionRef<'VolumeImage', 'volumeImages'>;
  readonly networks?: CollectionRef<'Network', 'networks'>;
  readonly networkTemplates?: CollectionRef<'NetworkTemplate', 'networkTemplates'>;
  readonly networkConfigs?: CollectionRef<'NetworkConfiguration', 'networkConfigurations'>;
  readonly networkPorts?: CollectionRef<'NetworkPort', 'networkPorts'>;
  readonly networkPortTemplates?: CollectionRef<'NetworkPortTemplate', 'networkPortTemplates'>;
  readonly networkPortConfigs?: CollectionRef<'NetworkPortConfiguration', 'networkPortConfigurations'>;
  readonly addresses?: CollectionRef<'Address', 'addresses'>;
  readonly addressTemplates?: CollectionRef<'AddressTemplate', 'addressTemplates'>;
  readonly forwardingGroups?: CollectionRef<'ForwardingGroup', 'forwardingGroups'>;
  readonly forwardingGroupTemplates?: CollectionRef<'ForwardingGroupTemplate', 'forwardingGroupTemplates'>;
  readonly jobs?: CollectionRef<'Job', 'jobs'>;
  readonly meters?: CollectionRef<'Meter', 'meters'>;
  readonly meterTemplates?: CollectionRef<'MeterTemplate', 'meterTemplates'>;
  readonly meterConfigs?: CollectionRef<'MeterConfiguration', 'meterConfigurations'>;
  readonly eventLogs?: CollectionRef<'EventLog', 'eventLogs'>;
  readonly eventLogTemplates?: CollectionRef<'EventLogTemplate', 'eventLogTemplates'>;
  readonly clouds?: CollectionRef<'Cloud', 'clouds'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a CloudEntryPoint that requests may give; null erases. */
export interface CloudEntryPointInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Request that makes a CloudEntryPoint. */
export type CloudEntryPointCreate = never;
/** Attributes of a CloudEntryPoint that a filter may compare. */
export interface CloudEntryPointFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly baseURI: Equal<string>;
  readonly resourceMetadata: Equal<string | AnyRef>;
  readonly systems: Equal<string | AnyRef>;
  readonly systemTemplates: Equal<string | AnyRef>;
  readonly machines: Equal<string | AnyRef>;
  readonly machineTemplates: Equal<string | AnyRef>;
  readonly machineConfigs: Equal<string | AnyRef>;
  readonly machineImages: Equal<string | AnyRef>;
  readonly credentials: Equal<string | AnyRef>;
  readonly credentialTemplates: Equal<string | AnyRef>;
  readonly volumes: Equal<string | AnyRef>;
  readonly volumeTemplates: Equal<string | AnyRef>;
  readonly volumeConfigs: Equal<string | AnyRef>;
  readonly volumeImages: Equal<string | AnyRef>;
  readonly networks: Equal<string | AnyRef>;
  readonly networkTemplates: Equal<string | AnyRef>;
  readonly networkConfigs: Equal<string | AnyRef>;
  readonly networkPorts: Equal<string | AnyRef>;
  readonly networkPortTemplates: Equal<string | AnyRef>;
  readonly networkPortConfigs: Equal<string | AnyRef>;
  readonly addresses: Equal<string | AnyRef>;
  readonly addressTemplates: Equal<string | AnyRef>;
  readonly forwardingGroups: Equal<string | AnyRef>;
  readonly forwardingGroupTemplates: Equal<string | AnyRef>;
  readonly jobs: Equal<string | AnyRef>;
  readonly meters: Equal<string | AnyRef>;
  readonly meterTemplates: Equal<string | AnyRef>;
  readonly meterConfigs: Equal<string | AnyRef>;
  readonly eventLogs: Equal<string | AnyRef>;
  readonly eventLogTemplates: Equal<string | AnyRef>;
  readonly clouds: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a CloudEntryPoint with their parameters. */
export interface CloudEntryPointActions {}
/** Actions of a collection of CloudEntryPoint. */
export interface CloudEntryPointCollectionActions {}
/** Parameters of our own that lists of CloudEntryPoint take. */
export interface CloudEntryPointParameters {}

/** System (5.13.1). */
export interface System {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/System';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state:
    | 'CREATING'
    | 'STARTING'
    | 'STARTED'
    | 'STOPPING'
    | 'STOPPED'
    | 'PAUSING'
    | 'PAUSED'
    | 'SUSPENDING'
    | 'SUSPENDED'
    | 'MIXED'
    | 'DELETING'
    | 'ERROR';
  readonly systems?: CollectionRef<'SystemSystem', 'systemSystems'>;
  readonly machines?: CollectionRef<'SystemMachine', 'systemMachines'>;
  readonly credentials?: CollectionRef<'SystemCredential', 'systemCredentials'>;
  readonly volumes?: CollectionRef<'SystemVolume', 'systemVolumes'>;
  readonly networks?: CollectionRef<'SystemNetwork', 'systemNetworks'>;
  readonly networkPorts?: CollectionRef<'SystemNetworkPort', 'systemNetworkPorts'>;
  readonly addresses?: CollectionRef<'SystemAddress', 'systemAddresses'>;
  readonly forwardingGroups?: CollectionRef<'SystemForwardingGroup', 'systemForwardingGroups'>;
  readonly meters?: CollectionRef<'Meter', 'meters'>;
  readonly eventLog?: Ref<'EventLog'>;
  readonly cloud?: string;
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a System that requests may give; null erases. */
export interface SystemInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Request that makes a System. */
export interface SystemCreate {
  readonly resourceURI?: string;
  readonly systemTemplate: { readonly href?: string } & SystemTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a System that a filter may compare. */
export interface SystemFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<
    | 'CREATING'
    | 'STARTING'
    | 'STARTED'
    | 'STOPPING'
    | 'STOPPED'
    | 'PAUSING'
    | 'PAUSED'
    | 'SUSPENDING'
    | 'SUSPENDED'
    | 'MIXED'
    | 'DELETING'
    | 'ERROR'
  >;
  readonly systems: Equal<string | AnyRef>;
  readonly machines: Equal<string | AnyRef>;
  readonly credentials: Equal<string | AnyRef>;
  readonly volumes: Equal<string | AnyRef>;
  readonly networks: Equal<string | AnyRef>;
  readonly networkPorts: Equal<string | AnyRef>;
  readonly addresses: Equal<string | AnyRef>;
  readonly forwardingGroups: Equal<string | AnyRef>;
  readonly meters: Equal<string | AnyRef>;
  readonly eventLog: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a System with their parameters. */
export interface SystemActions {
  /** Starts the Machines of the System. */ readonly start: ActionInput & {};
  /** Stops the Machines of the System. */ readonly stop: ActionInput & { readonly force?: boolean };
  /** Restarts the Machines of the System. */ readonly restart: ActionInput & { readonly force?: boolean };
  /** Pauses the Machines of the System. */ readonly pause: ActionInput & {};
  /** Suspends the Machines of the System. */ readonly suspend: ActionInput & {};
  /** Writes the System to a package. */ readonly export: ActionInput & { readonly format?: string; readonly destination?: string };
}
/** Actions of a collection of System. */
export interface SystemCollectionActions {
  /** Makes a System from a package. */ readonly import: ActionInput & { readonly source: string };
}
/** Parameters of our own that lists of System take. */
export interface SystemParameters {}

/** SystemSystem (5.13.1.1.1). */
export interface SystemSystem {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemSystem';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly system?: Ref<'System'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemSystem that requests may give; null erases. */
export interface SystemSystemInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly system?: AnyRef | null;
}
/** Request that makes a SystemSystem. */
export type SystemSystemCreate = SystemSystemInput;
/** Attributes of a SystemSystem that a filter may compare. */
export interface SystemSystemFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly system: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemSystem with their parameters. */
export interface SystemSystemActions {}
/** Actions of a collection of SystemSystem. */
export interface SystemSystemCollectionActions {}
/** Parameters of our own that lists of SystemSystem take. */
export interface SystemSystemParameters {}

/** SystemMachine (5.13.1.1.2). */
export interface SystemMachine {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemMachine';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly machine?: Ref<'Machine'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemMachine that requests may give; null erases. */
export interface SystemMachineInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly machine?: AnyRef | null;
}
/** Request that makes a SystemMachine. */
export type SystemMachineCreate = SystemMachineInput;
/** Attributes of a SystemMachine that a filter may compare. */
export interface SystemMachineFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly machine: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemMachine with their parameters. */
export interface SystemMachineActions {}
/** Actions of a collection of SystemMachine. */
export interface SystemMachineCollectionActions {}
/** Parameters of our own that lists of SystemMachine take. */
export interface SystemMachineParameters {}

/** SystemCredential (5.13.1.1.3). */
export interface SystemCredential {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemCredential';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly credential?: Ref<'Credential'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemCredential that requests may give; null erases. */
export interface SystemCredentialInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly credential?: AnyRef | null;
}
/** Request that makes a SystemCredential. */
export type SystemCredentialCreate = SystemCredentialInput;
/** Attributes of a SystemCredential that a filter may compare. */
export interface SystemCredentialFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly credential: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemCredential with their parameters. */
export interface SystemCredentialActions {}
/** Actions of a collection of SystemCredential. */
export interface SystemCredentialCollectionActions {}
/** Parameters of our own that lists of SystemCredential take. */
export interface SystemCredentialParameters {}

/** SystemVolume (5.13.1.1.4). */
export interface SystemVolume {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemVolume';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly volume?: Ref<'Volume'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemVolume that requests may give; null erases. */
export interface SystemVolumeInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly volume?: AnyRef | null;
}
/** Request that makes a SystemVolume. */
export type SystemVolumeCreate = SystemVolumeInput;
/** Attributes of a SystemVolume that a filter may compare. */
export interface SystemVolumeFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly volume: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemVolume with their parameters. */
export interface SystemVolumeActions {}
/** Actions of a collection of SystemVolume. */
export interface SystemVolumeCollectionActions {}
/** Parameters of our own that lists of SystemVolume take. */
export interface SystemVolumeParameters {}

/** SystemNetwork (5.13.1.1.5). */
export interface SystemNetwork {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemNetwork';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly network?: Ref<'Network'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemNetwork that requests may give; null erases. */
export interface SystemNetworkInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly network?: AnyRef | null;
}
/** Request that makes a SystemNetwork. */
export type SystemNetworkCreate = SystemNetworkInput;
/** Attributes of a SystemNetwork that a filter may compare. */
export interface SystemNetworkFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly network: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemNetwork with their parameters. */
export interface SystemNetworkActions {}
/** Actions of a collection of SystemNetwork. */
export interface SystemNetworkCollectionActions {}
/** Parameters of our own that lists of SystemNetwork take. */
export interface SystemNetworkParameters {}

/** SystemNetworkPort (5.13.1.1.6). */
export interface SystemNetworkPort {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemNetworkPort';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly networkPort?: Ref<'NetworkPort'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemNetworkPort that requests may give; null erases. */
export interface SystemNetworkPortInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly networkPort?: AnyRef | null;
}
/** Request that makes a SystemNetworkPort. */
export type SystemNetworkPortCreate = SystemNetworkPortInput;
/** Attributes of a SystemNetworkPort that a filter may compare. */
export interface SystemNetworkPortFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly networkPort: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemNetworkPort with their parameters. */
export interface SystemNetworkPortActions {}
/** Actions of a collection of SystemNetworkPort. */
export interface SystemNetworkPortCollectionActions {}
/** Parameters of our own that lists of SystemNetworkPort take. */
export interface SystemNetworkPortParameters {}

/** SystemAddress (5.13.1.1.7). */
export interface SystemAddress {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemAddress';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly address?: Ref<'Address'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemAddress that requests may give; null erases. */
export interface SystemAddressInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly address?: AnyRef | null;
}
/** Request that makes a SystemAddress. */
export type SystemAddressCreate = SystemAddressInput;
/** Attributes of a SystemAddress that a filter may compare. */
export interface SystemAddressFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly address: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemAddress with their parameters. */
export interface SystemAddressActions {}
/** Actions of a collection of SystemAddress. */
export interface SystemAddressCollectionActions {}
/** Parameters of our own that lists of SystemAddress take. */
export interface SystemAddressParameters {}

/** SystemForwardingGroup (5.13.1.1.8). */
export interface SystemForwardingGroup {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemForwardingGroup';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly forwardingGroup?: Ref<'ForwardingGroup'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemForwardingGroup that requests may give; null erases. */
export interface SystemForwardingGroupInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly forwardingGroup?: AnyRef | null;
}
/** Request that makes a SystemForwardingGroup. */
export type SystemForwardingGroupCreate = SystemForwardingGroupInput;
/** Attributes of a SystemForwardingGroup that a filter may compare. */
export interface SystemForwardingGroupFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly forwardingGroup: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemForwardingGroup with their parameters. */
export interface SystemForwardingGroupActions {}
/** Actions of a collection of SystemForwardingGroup. */
export interface SystemForwardingGroupCollectionActions {}
/** Parameters of our own that lists of SystemForwardingGroup take. */
export interface SystemForwardingGroupParameters {}

/** SystemTemplate (5.13.3). */
export interface SystemTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly componentDescriptors?: readonly {
    readonly name?: string;
    readonly description?: string;
    readonly properties?: Properties;
    readonly type?: string;
    readonly systemTemplate?: Ref<'SystemTemplate'>;
    readonly machineTemplate?: Ref<'MachineTemplate'>;
    readonly credentialTemplate?: Ref<'CredentialTemplate'>;
    readonly volumeTemplate?: Ref<'VolumeTemplate'>;
    readonly networkTemplate?: Ref<'NetworkTemplate'>;
    readonly networkPortTemplate?: Ref<'NetworkPortTemplate'>;
    readonly addressTemplate?: Ref<'AddressTemplate'>;
    readonly forwardingGroupTemplate?: Ref<'ForwardingGroupTemplate'>;
    readonly componentTemplate?: AnyRef;
    readonly quantity?: number;
  }[];
  readonly meterTemplates?: readonly Ref<'MeterTemplate'>[];
  readonly eventLogTemplate?: Ref<'EventLogTemplate'>;
  readonly importImage?: AnyRef;
  readonly cloud?: string;
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a SystemTemplate that requests may give; null erases. */
export interface SystemTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly componentDescriptors?:
    | readonly {
        readonly name?: string | null;
        readonly description?: string | null;
        readonly properties?: Readonly<Record<string, string | null>> | null;
        readonly type?: string | null;
        readonly systemTemplate?: ({ readonly href?: string } & SystemTemplateInput) | null;
        readonly machineTemplate?: ({ readonly href?: string } & MachineTemplateInput) | null;
        readonly credentialTemplate?: ({ readonly href?: string } & CredentialTemplateInput) | null;
        readonly volumeTemplate?: ({ readonly href?: string } & VolumeTemplateInput) | null;
        readonly networkTemplate?: ({ readonly href?: string } & NetworkTemplateInput) | null;
        readonly networkPortTemplate?: ({ readonly href?: string } & NetworkPortTemplateInput) | null;
        readonly addressTemplate?: ({ readonly href?: string } & AddressTemplateInput) | null;
        readonly forwardingGroupTemplate?: ({ readonly href?: string } & ForwardingGroupTemplateInput) | null;
        readonly componentTemplate?:
          | ({ readonly href?: string } & (
              | SystemTemplateInput
              | MachineTemplateInput
              | CredentialTemplateInput
              | VolumeTemplateInput
              | NetworkTemplateInput
              | NetworkPortTemplateInput
              | AddressTemplateInput
              | ForwardingGroupTemplateInput
            ))
          | null;
        readonly quantity?: number | null;
      }[]
    | null;
  readonly meterTemplates?: readonly ({ readonly href?: string } & MeterTemplateInput)[] | null;
  readonly eventLogTemplate?: ({ readonly href?: string } & EventLogTemplateInput) | null;
  readonly cloud?: string | null;
}
/** Request that makes a SystemTemplate. */
export type SystemTemplateCreate = SystemTemplateInput;
/** Attributes of a SystemTemplate that a filter may compare. */
export interface SystemTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly eventLogTemplate: Equal<string | AnyRef>;
  readonly importImage: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a SystemTemplate with their parameters. */
export interface SystemTemplateActions {
  /** Writes the SystemTemplate to a package. */ readonly export: ActionInput & { readonly format?: string; readonly destination?: string };
}
/** Actions of a collection of SystemTemplate. */
export interface SystemTemplateCollectionActions {
  /** Makes a SystemTemplate from a package. */ readonly import: ActionInput & { readonly source: string };
}
/** Parameters of our own that lists of SystemTemplate take. */
export interface SystemTemplateParameters {}

/** Machine (5.14.1). */
export interface Machine {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Machine';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state:
    | 'CREATING'
    | 'STARTING'
    | 'STARTED'
    | 'STOPPING'
    | 'STOPPED'
    | 'PAUSING'
    | 'PAUSED'
    | 'SUSPENDING'
    | 'SUSPENDED'
    | 'RESTORING'
    | 'DELETING'
    | 'ERROR';
  readonly cpu?: number;
  /** Unit: kibibyte. */ readonly memory?: number;
  readonly disks?: CollectionRef<'Disk', 'disks'>;
  readonly cpuArch?:
    | '68000'
    | 'Alpha'
    | 'ARM'
    | 'Itanium'
    | 'MIPS'
    | 'PA_RISC'
    | 'POWER'
    | 'PowerPC'
    | 'x86'
    | 'x86_64'
    | 'z/Architecture'
    | 'SPARC'
    | (string & Record<never, never>);
  /** Unit: megahertz. */ readonly cpuSpeed?: number;
  readonly volumes?: CollectionRef<'MachineVolume', 'machineVolumes'>;
  readonly networkInterfaces?: CollectionRef<'MachineNetworkInterface', 'machineNetworkInterfaces'>;
  readonly latestSnapshot?: Ref<'MachineImage'>;
  readonly snapshots?: CollectionRef<'MachineSnapshot', 'machineSnapshots'>;
  readonly meters?: CollectionRef<'Meter', 'meters'>;
  readonly eventLog?: Ref<'EventLog'>;
  readonly cloud?: string;
  readonly ovfId?: string;
  readonly ovfMacs?: readonly string[];
  readonly ovfProperties?: readonly string[];
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Machine that requests may give; null erases. */
export interface MachineInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cpu?: number | null;
  /** Unit: kibibyte. */ readonly memory?: number | null;
  /** Unit: megahertz. */ readonly cpuSpeed?: number | null;
  readonly cloud?: string | null;
}
/** Request that makes a Machine. */
export interface MachineCreate {
  readonly resourceURI?: string;
  readonly machineTemplate: { readonly href?: string } & MachineTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a Machine that a filter may compare. */
export interface MachineFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<
    | 'CREATING'
    | 'STARTING'
    | 'STARTED'
    | 'STOPPING'
    | 'STOPPED'
    | 'PAUSING'
    | 'PAUSED'
    | 'SUSPENDING'
    | 'SUSPENDED'
    | 'RESTORING'
    | 'DELETING'
    | 'ERROR'
  >;
  readonly cpu: Ordered<number>;
  readonly memory: Ordered<number>;
  readonly disks: Equal<string | AnyRef>;
  readonly cpuArch: Equal<
    | '68000'
    | 'Alpha'
    | 'ARM'
    | 'Itanium'
    | 'MIPS'
    | 'PA_RISC'
    | 'POWER'
    | 'PowerPC'
    | 'x86'
    | 'x86_64'
    | 'z/Architecture'
    | 'SPARC'
    | (string & Record<never, never>)
  >;
  readonly cpuSpeed: Ordered<number>;
  readonly volumes: Equal<string | AnyRef>;
  readonly networkInterfaces: Equal<string | AnyRef>;
  readonly latestSnapshot: Equal<string | AnyRef>;
  readonly snapshots: Equal<string | AnyRef>;
  readonly meters: Equal<string | AnyRef>;
  readonly eventLog: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly ovfId: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a Machine with their parameters. */
export interface MachineActions {
  /** Starts the Machine. */ readonly start: ActionInput & {};
  /** Stops the Machine. */ readonly stop: ActionInput & { readonly force?: boolean };
  /** Stops the Machine, if it is running, and starts it. */ readonly restart: ActionInput & { readonly force?: boolean };
  /** Pauses the Machine; its memory stays where it is. */ readonly pause: ActionInput & {};
  /** Suspends the Machine; its memory is written to disk. */ readonly suspend: ActionInput & {};
  /** Makes a MachineImage of the Machine. */ readonly capture: MachineImageInput;
  /** Makes a snapshot of the Machine. */ readonly snapshot: MachineImageInput;
  /** Brings the Machine back to an image. */ readonly restore: ActionInput & { readonly image: string | AnyRef };
  /** Writes the Machine to a package, as a System is. */ readonly export: ActionInput & {
    readonly format?: string;
    readonly destination?: string;
  };
}
/** Actions of a collection of Machine. */
export interface MachineCollectionActions {}
/** Parameters of our own that lists of Machine take. */
export interface MachineParameters {}

/** Disk (5.14.1.1.1). */
export interface Disk {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Disk';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  /** Unit: kilobyte. */ readonly capacity?: number;
  readonly initialLocation?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Disk that requests may give; null erases. */
export interface DiskInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  /** Unit: kilobyte. */ readonly capacity?: number | null;
  readonly initialLocation?: string | null;
}
/** Request that makes a Disk. */
export type DiskCreate = DiskInput & { readonly capacity: number };
/** Attributes of a Disk that a filter may compare. */
export interface DiskFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly capacity: Ordered<number>;
  readonly initialLocation: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a Disk with their parameters. */
export interface DiskActions {}
/** Actions of a collection of Disk. */
export interface DiskCollectionActions {}
/** Parameters of our own that lists of Disk take. */
export interface DiskParameters {}

/** MachineVolume (5.14.1.1.2). */
export interface MachineVolume {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineVolume';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly initialLocation?: string;
  readonly volume?: Ref<'Volume'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineVolume that requests may give; null erases. */
export interface MachineVolumeInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly initialLocation?: string | null;
  readonly volume?: AnyRef | null;
}
/** Request that makes a MachineVolume. */
export type MachineVolumeCreate = MachineVolumeInput & { readonly volume: AnyRef };
/** Attributes of a MachineVolume that a filter may compare. */
export interface MachineVolumeFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly initialLocation: Equal<string>;
  readonly volume: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineVolume with their parameters. */
export interface MachineVolumeActions {}
/** Actions of a collection of MachineVolume. */
export interface MachineVolumeCollectionActions {}
/** Parameters of our own that lists of MachineVolume take. */
export interface MachineVolumeParameters {}

/** MachineNetworkInterface (5.14.1.1.3). */
export interface MachineNetworkInterface {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineNetworkInterface';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly addresses?: CollectionRef<'MachineNetworkInterfaceAddress', 'machineNetworkInterfaceAddresses'>;
  readonly network?: Ref<'Network'>;
  readonly networkPort?: Ref<'NetworkPort'>;
  readonly state?: 'ACTIVE' | 'PASSIVE' | 'DISABLED' | (string & Record<never, never>);
  readonly macAddress?: string;
  readonly mtu?: number;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineNetworkInterface that requests may give; null erases. */
export interface MachineNetworkInterfaceInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly network?: AnyRef | null;
  readonly networkPort?: AnyRef | null;
  readonly state?: 'ACTIVE' | 'PASSIVE' | 'DISABLED' | (string & Record<never, never>) | null;
  readonly macAddress?: string | null;
  readonly mtu?: number | null;
}
/** Request that makes a MachineNetworkInterface. */
export type MachineNetworkInterfaceCreate = MachineNetworkInterfaceInput & { readonly network: AnyRef };
/** Attributes of a MachineNetworkInterface that a filter may compare. */
export interface MachineNetworkInterfaceFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly addresses: Equal<string | AnyRef>;
  readonly network: Equal<string | AnyRef>;
  readonly networkPort: Equal<string | AnyRef>;
  readonly state: Equal<'ACTIVE' | 'PASSIVE' | 'DISABLED' | (string & Record<never, never>)>;
  readonly macAddress: Equal<string>;
  readonly mtu: Ordered<number>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineNetworkInterface with their parameters. */
export interface MachineNetworkInterfaceActions {}
/** Actions of a collection of MachineNetworkInterface. */
export interface MachineNetworkInterfaceCollectionActions {}
/** Parameters of our own that lists of MachineNetworkInterface take. */
export interface MachineNetworkInterfaceParameters {}

/** MachineNetworkInterfaceAddress (5.14.1.1.4). */
export interface MachineNetworkInterfaceAddress {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineNetworkInterfaceAddress';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly address?: Ref<'Address'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineNetworkInterfaceAddress that requests may give; null erases. */
export interface MachineNetworkInterfaceAddressInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly address?: AnyRef | null;
}
/** Request that makes a MachineNetworkInterfaceAddress. */
export type MachineNetworkInterfaceAddressCreate = MachineNetworkInterfaceAddressInput;
/** Attributes of a MachineNetworkInterfaceAddress that a filter may compare. */
export interface MachineNetworkInterfaceAddressFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly address: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineNetworkInterfaceAddress with their parameters. */
export interface MachineNetworkInterfaceAddressActions {}
/** Actions of a collection of MachineNetworkInterfaceAddress. */
export interface MachineNetworkInterfaceAddressCollectionActions {}
/** Parameters of our own that lists of MachineNetworkInterfaceAddress take. */
export interface MachineNetworkInterfaceAddressParameters {}

/** MachineSnapshot (5.14.1.1.5). */
export interface MachineSnapshot {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineSnapshot';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly snapshot?: Ref<'MachineImage'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineSnapshot that requests may give; null erases. */
export interface MachineSnapshotInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly snapshot?: AnyRef | null;
}
/** Request that makes a MachineSnapshot. */
export type MachineSnapshotCreate = never;
/** Attributes of a MachineSnapshot that a filter may compare. */
export interface MachineSnapshotFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly snapshot: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineSnapshot with their parameters. */
export interface MachineSnapshotActions {}
/** Actions of a collection of MachineSnapshot. */
export interface MachineSnapshotCollectionActions {}
/** Parameters of our own that lists of MachineSnapshot take. */
export interface MachineSnapshotParameters {}

/** MachineTemplate (5.14.3). */
export interface MachineTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly initialState?: string;
  readonly machineConfig?: Ref<'MachineConfiguration'>;
  readonly machineImage?: Ref<'MachineImage'>;
  readonly credential?: Ref<'Credential'>;
  readonly volumes?: readonly (Ref<'Volume'> & { readonly initialLocation?: string })[];
  readonly volumeTemplates?: readonly (Ref<'VolumeTemplate'> & { readonly initialLocation?: string })[];
  readonly networkInterfaces?: readonly {
    readonly addresses?: readonly Ref<'Address'>[];
    readonly network?: Ref<'Network'>;
    readonly networkPort?: Ref<'NetworkPort'>;
    readonly state?: 'ACTIVE' | 'PASSIVE' | 'DISABLED' | (string & Record<never, never>);
    readonly mtu?: number;
  }[];
  readonly userData?: string;
  readonly meterTemplates?: readonly Ref<'MeterTemplate'>[];
  readonly eventLogTemplate?: Ref<'EventLogTemplate'>;
  readonly cloud?: string;
  readonly ovfId?: string;
  readonly ovfMacs?: readonly string[];
  readonly ovfProperties?: readonly string[];
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineTemplate that requests may give; null erases. */
export interface MachineTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly initialState?: string | null;
  readonly machineConfig?: ({ readonly href?: string } & MachineConfigurationInput) | null;
  readonly machineImage?: ({ readonly href?: string } & MachineImageInput) | null;
  readonly credential?: ({ readonly href?: string } & (CredentialTemplateInput | CredentialInput)) | null;
  readonly volumes?: readonly (AnyRef & { readonly initialLocation?: string | null })[] | null;
  readonly volumeTemplates?:
    readonly ({ readonly href?: string } & VolumeTemplateInput & { readonly initialLocation?: string | null })[] | null;
  readonly networkInterfaces?:
    | readonly {
        readonly addresses?: readonly ({ readonly href?: string } & AddressInput)[] | null;
        readonly network?: AnyRef | null;
        readonly networkPort?: AnyRef | null;
        readonly state?: 'ACTIVE' | 'PASSIVE' | 'DISABLED' | (string & Record<never, never>) | null;
        readonly mtu?: number | null;
      }[]
    | null;
  readonly userData?: string | null;
  readonly meterTemplates?: readonly ({ readonly href?: string } & MeterTemplateInput)[] | null;
  readonly eventLogTemplate?: ({ readonly href?: string } & EventLogTemplateInput) | null;
  readonly cloud?: string | null;
}
/** Request that makes a MachineTemplate. */
export type MachineTemplateCreate = MachineTemplateInput;
/** Attributes of a MachineTemplate that a filter may compare. */
export interface MachineTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly initialState: Equal<string>;
  readonly machineConfig: Equal<string | AnyRef>;
  readonly machineImage: Equal<string | AnyRef>;
  readonly credential: Equal<string | AnyRef>;
  readonly userData: Equal<string>;
  readonly eventLogTemplate: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly ovfId: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineTemplate with their parameters. */
export interface MachineTemplateActions {}
/** Actions of a collection of MachineTemplate. */
export interface MachineTemplateCollectionActions {}
/** Parameters of our own that lists of MachineTemplate take. */
export interface MachineTemplateParameters {}

/** MachineConfiguration (5.14.5). */
export interface MachineConfiguration {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineConfiguration';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly cpu?: number;
  /** Unit: kibibyte. */ readonly memory?: number;
  readonly disks?: readonly {
    /** Unit: kilobyte. */ readonly capacity?: number;
    readonly format?: string;
    readonly initialLocation?: string;
  }[];
  readonly cpuArch?:
    | '68000'
    | 'Alpha'
    | 'ARM'
    | 'Itanium'
    | 'MIPS'
    | 'PA_RISC'
    | 'POWER'
    | 'PowerPC'
    | 'x86'
    | 'x86_64'
    | 'z/Architecture'
    | 'SPARC'
    | (string & Record<never, never>);
  /** Unit: megahertz. */ readonly cpuSpeed?: number;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineConfiguration that requests may give; null erases. */
export interface MachineConfigurationInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cpu?: number | null;
  /** Unit: kibibyte. */ readonly memory?: number | null;
  readonly disks?:
    | readonly {
        /** Unit: kilobyte. */ readonly capacity?: number | null;
        readonly format?: string | null;
        readonly initialLocation?: string | null;
      }[]
    | null;
  readonly cpuArch?:
    | '68000'
    | 'Alpha'
    | 'ARM'
    | 'Itanium'
    | 'MIPS'
    | 'PA_RISC'
    | 'POWER'
    | 'PowerPC'
    | 'x86'
    | 'x86_64'
    | 'z/Architecture'
    | 'SPARC'
    | (string & Record<never, never>)
    | null;
  /** Unit: megahertz. */ readonly cpuSpeed?: number | null;
  readonly cloud?: string | null;
}
/** Request that makes a MachineConfiguration. */
export type MachineConfigurationCreate = MachineConfigurationInput & { readonly memory: number };
/** Attributes of a MachineConfiguration that a filter may compare. */
export interface MachineConfigurationFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly cpu: Ordered<number>;
  readonly memory: Ordered<number>;
  readonly cpuArch: Equal<
    | '68000'
    | 'Alpha'
    | 'ARM'
    | 'Itanium'
    | 'MIPS'
    | 'PA_RISC'
    | 'POWER'
    | 'PowerPC'
    | 'x86'
    | 'x86_64'
    | 'z/Architecture'
    | 'SPARC'
    | (string & Record<never, never>)
  >;
  readonly cpuSpeed: Ordered<number>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineConfiguration with their parameters. */
export interface MachineConfigurationActions {}
/** Actions of a collection of MachineConfiguration. */
export interface MachineConfigurationCollectionActions {}
/** Parameters of our own that lists of MachineConfiguration take. */
export interface MachineConfigurationParameters {}

/** MachineImage (5.14.7). */
export interface MachineImage {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineImage';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state: 'CREATING' | 'AVAILABLE' | 'DELETING' | 'ERROR';
  readonly type?: 'IMAGE' | 'SNAPSHOT' | 'PARTIAL_SNAPSHOT';
  readonly imageLocation?: string;
  readonly relatedImage?: Ref<'MachineImage'>;
  readonly cloud?: string;
  readonly contentSha256?: string;
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MachineImage that requests may give; null erases. */
export interface MachineImageInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly imageLocation?: string | null;
  readonly cloud?: string | null;
}
/** Request that makes a MachineImage. */
export type MachineImageCreate = MachineImageInput;
/** Attributes of a MachineImage that a filter may compare. */
export interface MachineImageFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<'CREATING' | 'AVAILABLE' | 'DELETING' | 'ERROR'>;
  readonly type: Equal<'IMAGE' | 'SNAPSHOT' | 'PARTIAL_SNAPSHOT'>;
  readonly imageLocation: Equal<string>;
  readonly relatedImage: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly contentSha256: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a MachineImage with their parameters. */
export interface MachineImageActions {}
/** Actions of a collection of MachineImage. */
export interface MachineImageCollectionActions {}
/** Parameters of our own that lists of MachineImage take. */
export interface MachineImageParameters {}

/** Credential (5.14.9). */
export interface Credential {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Credential';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly userName?: string;
  readonly key?: string;
  readonly publicKey?: string;
  readonly privateKey?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Credential that requests may give; null erases. */
export interface CredentialInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly userName?: string | null;
  readonly password?: string | null;
  readonly key?: string | null;
  readonly publicKey?: string | null;
}
/** Request that makes a Credential. */
export interface CredentialCreate {
  readonly resourceURI?: string;
  readonly credentialTemplate: { readonly href?: string } & CredentialTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Attributes of a Credential that a filter may compare. */
export interface CredentialFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly userName: Equal<string>;
  readonly key: Equal<string>;
  readonly publicKey: Equal<string>;
  readonly privateKey: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a Credential with their parameters. */
export interface CredentialActions {}
/** Actions of a collection of Credential. */
export interface CredentialCollectionActions {}
/** Parameters of our own that lists of Credential take. */
export interface CredentialParameters {}

/** CredentialTemplate (5.14.11). */
export interface CredentialTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/CredentialTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly userName?: string;
  readonly key?: string;
  readonly publicKey?: string;
  readonly keyType?: 'ed25519' | 'rsa';
  readonly operations?: readonly Operation[];
}
/** Attributes of a CredentialTemplate that requests may give; null erases. */
export interface CredentialTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly userName?: string | null;
  readonly password?: string | null;
  readonly key?: string | null;
  readonly publicKey?: string | null;
  readonly keyType?: 'ed25519' | 'rsa' | null;
}
/** Request that makes a CredentialTemplate. */
export type CredentialTemplateCreate = CredentialTemplateInput;
/** Attributes of a CredentialTemplate that a filter may compare. */
export interface CredentialTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly userName: Equal<string>;
  readonly key: Equal<string>;
  readonly publicKey: Equal<string>;
  readonly keyType: Equal<'ed25519' | 'rsa'>;
  property(key: string): Equal<string>;
}
/** Actions of a CredentialTemplate with their parameters. */
export interface CredentialTemplateActions {}
/** Actions of a collection of CredentialTemplate. */
export interface CredentialTemplateCollectionActions {}
/** Parameters of our own that lists of CredentialTemplate take. */
export interface CredentialTemplateParameters {}

/** Volume (5.15.1). */
export interface Volume {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Volume';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state: 'CREATING' | 'AVAILABLE' | 'CAPTURING' | 'DELETING' | 'ERROR';
  readonly type?: 'http://schemas.dmtf.org/cimi/1/mapped' | (string & Record<never, never>);
  /** Unit: kilobyte. */ readonly capacity?: number;
  readonly bootable?: boolean;
  readonly images?: CollectionRef<'VolumeVolumeImage', 'volumeVolumeImages'>;
  readonly meters?: CollectionRef<'Meter', 'meters'>;
  readonly eventLog?: Ref<'EventLog'>;
  readonly cloud?: string;
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Volume that requests may give; null erases. */
export interface VolumeInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  /** Unit: kilobyte. */ readonly capacity?: number | null;
  readonly bootable?: boolean | null;
  readonly cloud?: string | null;
}
/** Request that makes a Volume. */
export interface VolumeCreate {
  readonly resourceURI?: string;
  readonly volumeTemplate: { readonly href?: string } & VolumeTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a Volume that a filter may compare. */
export interface VolumeFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<'CREATING' | 'AVAILABLE' | 'CAPTURING' | 'DELETING' | 'ERROR'>;
  readonly type: Equal<'http://schemas.dmtf.org/cimi/1/mapped' | (string & Record<never, never>)>;
  readonly capacity: Ordered<number>;
  readonly bootable: Equal<boolean>;
  readonly images: Equal<string | AnyRef>;
  readonly meters: Equal<string | AnyRef>;
  readonly eventLog: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a Volume with their parameters. */
export interface VolumeActions {}
/** Actions of a collection of Volume. */
export interface VolumeCollectionActions {}
/** Parameters of our own that lists of Volume take. */
export interface VolumeParameters {}

/** VolumeVolumeImage (5.15.1.1.1). */
export interface VolumeVolumeImage {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/VolumeVolumeImage';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly volumeImage?: Ref<'VolumeImage'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a VolumeVolumeImage that requests may give; null erases. */
export interface VolumeVolumeImageInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly volumeImage?: AnyRef | null;
}
/** Request that makes a VolumeVolumeImage. */
export type VolumeVolumeImageCreate = never;
/** Attributes of a VolumeVolumeImage that a filter may compare. */
export interface VolumeVolumeImageFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly volumeImage: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a VolumeVolumeImage with their parameters. */
export interface VolumeVolumeImageActions {}
/** Actions of a collection of VolumeVolumeImage. */
export interface VolumeVolumeImageCollectionActions {}
/** Parameters of our own that lists of VolumeVolumeImage take. */
export interface VolumeVolumeImageParameters {}

/** VolumeTemplate (5.15.3). */
export interface VolumeTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/VolumeTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly volumeConfig?: Ref<'VolumeConfiguration'>;
  readonly volumeImage?: Ref<'VolumeImage'>;
  readonly meterTemplates?: readonly Ref<'MeterTemplate'>[];
  readonly eventLogTemplate?: Ref<'EventLogTemplate'>;
  readonly cloud?: string;
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a VolumeTemplate that requests may give; null erases. */
export interface VolumeTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly volumeConfig?: ({ readonly href?: string } & VolumeConfigurationInput) | null;
  readonly volumeImage?: ({ readonly href?: string } & VolumeImageInput) | null;
  readonly meterTemplates?: readonly ({ readonly href?: string } & MeterTemplateInput)[] | null;
  readonly eventLogTemplate?: ({ readonly href?: string } & EventLogTemplateInput) | null;
  readonly cloud?: string | null;
}
/** Request that makes a VolumeTemplate. */
export type VolumeTemplateCreate = VolumeTemplateInput & { readonly volumeConfig: { readonly href?: string } & VolumeConfigurationInput };
/** Attributes of a VolumeTemplate that a filter may compare. */
export interface VolumeTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly volumeConfig: Equal<string | AnyRef>;
  readonly volumeImage: Equal<string | AnyRef>;
  readonly eventLogTemplate: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a VolumeTemplate with their parameters. */
export interface VolumeTemplateActions {}
/** Actions of a collection of VolumeTemplate. */
export interface VolumeTemplateCollectionActions {}
/** Parameters of our own that lists of VolumeTemplate take. */
export interface VolumeTemplateParameters {}

/** VolumeConfiguration (5.15.5). */
export interface VolumeConfiguration {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/VolumeConfiguration';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly type?: 'http://schemas.dmtf.org/cimi/1/mapped' | (string & Record<never, never>);
  readonly format?: string;
  /** Unit: kilobyte. */ readonly capacity?: number;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a VolumeConfiguration that requests may give; null erases. */
export interface VolumeConfigurationInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly type?: 'http://schemas.dmtf.org/cimi/1/mapped' | (string & Record<never, never>) | null;
  readonly format?: string | null;
  /** Unit: kilobyte. */ readonly capacity?: number | null;
  readonly cloud?: string | null;
}
/** Request that makes a VolumeConfiguration. */
export type VolumeConfigurationCreate = VolumeConfigurationInput & {
  readonly type: 'http://schemas.dmtf.org/cimi/1/mapped' | (string & Record<never, never>);
  readonly capacity: number;
};
/** Attributes of a VolumeConfiguration that a filter may compare. */
export interface VolumeConfigurationFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly type: Equal<'http://schemas.dmtf.org/cimi/1/mapped' | (string & Record<never, never>)>;
  readonly format: Equal<string>;
  readonly capacity: Ordered<number>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a VolumeConfiguration with their parameters. */
export interface VolumeConfigurationActions {}
/** Actions of a collection of VolumeConfiguration. */
export interface VolumeConfigurationCollectionActions {}
/** Parameters of our own that lists of VolumeConfiguration take. */
export interface VolumeConfigurationParameters {}

/** VolumeImage (5.15.7). */
export interface VolumeImage {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/VolumeImage';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state: 'CREATING' | 'AVAILABLE' | 'DELETING' | 'ERROR';
  readonly imageLocation?: AnyRef;
  readonly bootable?: boolean;
  readonly cloud?: string;
  readonly contentSha256?: string;
  readonly movedFrom?: AnyRef;
  readonly operations?: readonly Operation[];
}
/** Attributes of a VolumeImage that requests may give; null erases. */
export interface VolumeImageInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly imageLocation?: AnyRef | null;
  readonly bootable?: boolean | null;
  readonly cloud?: string | null;
}
/** Request that makes a VolumeImage. */
export type VolumeImageCreate = VolumeImageInput & { readonly imageLocation: AnyRef };
/** Attributes of a VolumeImage that a filter may compare. */
export interface VolumeImageFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<'CREATING' | 'AVAILABLE' | 'DELETING' | 'ERROR'>;
  readonly imageLocation: Equal<string | AnyRef>;
  readonly bootable: Equal<boolean>;
  readonly cloud: Equal<string>;
  readonly contentSha256: Equal<string>;
  readonly movedFrom: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a VolumeImage with their parameters. */
export interface VolumeImageActions {}
/** Actions of a collection of VolumeImage. */
export interface VolumeImageCollectionActions {}
/** Parameters of our own that lists of VolumeImage take. */
export interface VolumeImageParameters {}

/** Network (5.16.1). */
export interface Network {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Network';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state: 'CREATING' | 'STARTING' | 'STARTED' | 'STOPPING' | 'STOPPED' | 'DELETING' | 'ERROR';
  readonly networkType?: 'PUBLIC' | 'PRIVATE' | (string & Record<never, never>);
  readonly mtu?: number;
  readonly classOfService?: string;
  readonly networkPorts?: CollectionRef<'NetworkNetworkPort', 'networkNetworkPorts'>;
  readonly forwardingGroup?: Ref<'ForwardingGroup'>;
  readonly meters?: CollectionRef<'Meter', 'meters'>;
  readonly eventLog?: Ref<'EventLog'>;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Network that requests may give; null erases. */
export interface NetworkInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly networkType?: 'PUBLIC' | 'PRIVATE' | (string & Record<never, never>) | null;
  readonly mtu?: number | null;
  readonly classOfService?: string | null;
  readonly cloud?: string | null;
}
/** Request that makes a Network. */
export interface NetworkCreate {
  readonly resourceURI?: string;
  readonly networkTemplate: { readonly href?: string } & NetworkTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a Network that a filter may compare. */
export interface NetworkFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<'CREATING' | 'STARTING' | 'STARTED' | 'STOPPING' | 'STOPPED' | 'DELETING' | 'ERROR'>;
  readonly networkType: Equal<'PUBLIC' | 'PRIVATE' | (string & Record<never, never>)>;
  readonly mtu: Ordered<number>;
  readonly classOfService: Equal<string>;
  readonly networkPorts: Equal<string | AnyRef>;
  readonly forwardingGroup: Equal<string | AnyRef>;
  readonly meters: Equal<string | AnyRef>;
  readonly eventLog: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a Network with their parameters. */
export interface NetworkActions {
  /** Starts the Network. */ readonly start: ActionInput & {};
  /** Stops the Network. */ readonly stop: ActionInput & {};
}
/** Actions of a collection of Network. */
export interface NetworkCollectionActions {}
/** Parameters of our own that lists of Network take. */
export interface NetworkParameters {}

/** NetworkNetworkPort (5.16.1.1.1). */
export interface NetworkNetworkPort {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/NetworkNetworkPort';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly networkPort?: Ref<'NetworkPort'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a NetworkNetworkPort that requests may give; null erases. */
export interface NetworkNetworkPortInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Request that makes a NetworkNetworkPort. */
export type NetworkNetworkPortCreate = never;
/** Attributes of a NetworkNetworkPort that a filter may compare. */
export interface NetworkNetworkPortFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly networkPort: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a NetworkNetworkPort with their parameters. */
export interface NetworkNetworkPortActions {}
/** Actions of a collection of NetworkNetworkPort. */
export interface NetworkNetworkPortCollectionActions {}
/** Parameters of our own that lists of NetworkNetworkPort take. */
export interface NetworkNetworkPortParameters {}

/** NetworkTemplate (5.16.3). */
export interface NetworkTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/NetworkTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly initialState?: 'STARTED' | 'STOPPED';
  readonly networkConfig?: Ref<'NetworkConfiguration'>;
  readonly forwardingGroup?: Ref<'ForwardingGroup'>;
  readonly meterTemplates?: readonly Ref<'MeterTemplate'>[];
  readonly eventLogTemplate?: Ref<'EventLogTemplate'>;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a NetworkTemplate that requests may give; null erases. */
export interface NetworkTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly initialState?: 'STARTED' | 'STOPPED' | null;
  readonly networkConfig?: ({ readonly href?: string } & NetworkConfigurationInput) | null;
  readonly forwardingGroup?: AnyRef | null;
  readonly meterTemplates?: readonly ({ readonly href?: string } & MeterTemplateInput)[] | null;
  readonly eventLogTemplate?: ({ readonly href?: string } & EventLogTemplateInput) | null;
  readonly cloud?: string | null;
}
/** Request that makes a NetworkTemplate. */
export type NetworkTemplateCreate = NetworkTemplateInput;
/** Attributes of a NetworkTemplate that a filter may compare. */
export interface NetworkTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly initialState: Equal<'STARTED' | 'STOPPED'>;
  readonly networkConfig: Equal<string | AnyRef>;
  readonly forwardingGroup: Equal<string | AnyRef>;
  readonly eventLogTemplate: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a NetworkTemplate with their parameters. */
export interface NetworkTemplateActions {}
/** Actions of a collection of NetworkTemplate. */
export interface NetworkTemplateCollectionActions {}
/** Parameters of our own that lists of NetworkTemplate take. */
export interface NetworkTemplateParameters {}

/** NetworkConfiguration (5.16.5). */
export interface NetworkConfiguration {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/NetworkConfiguration';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly networkType?: 'PUBLIC' | 'PRIVATE' | (string & Record<never, never>);
  readonly mtu?: number;
  readonly classOfService?: string;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a NetworkConfiguration that requests may give; null erases. */
export interface NetworkConfigurationInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly networkType?: 'PUBLIC' | 'PRIVATE' | (string & Record<never, never>) | null;
  readonly mtu?: number | null;
  readonly classOfService?: string | null;
  readonly cloud?: string | null;
}
/** Request that makes a NetworkConfiguration. */
export type NetworkConfigurationCreate = NetworkConfigurationInput;
/** Attributes of a NetworkConfiguration that a filter may compare. */
export interface NetworkConfigurationFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly networkType: Equal<'PUBLIC' | 'PRIVATE' | (string & Record<never, never>)>;
  readonly mtu: Ordered<number>;
  readonly classOfService: Equal<string>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a NetworkConfiguration with their parameters. */
export interface NetworkConfigurationActions {}
/** Actions of a collection of NetworkConfiguration. */
export interface NetworkConfigurationCollectionActions {}
/** Parameters of our own that lists of NetworkConfiguration take. */
export interface NetworkConfigurationParameters {}

/** NetworkPort (5.16.7). */
export interface NetworkPort {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/NetworkPort';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state: 'CREATING' | 'STARTED' | 'STOPPED' | 'DELETING' | 'ERROR';
  readonly network?: Ref<'Network'>;
  readonly portType?: 'ACCESS' | 'TRUNK' | (string & Record<never, never>);
  readonly classOfService?: string;
  readonly meters?: CollectionRef<'Meter', 'meters'>;
  readonly eventLog?: Ref<'EventLog'>;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a NetworkPort that requests may give; null erases. */
export interface NetworkPortInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly network?: AnyRef | null;
  readonly portType?: 'ACCESS' | 'TRUNK' | (string & Record<never, never>) | null;
  readonly classOfService?: string | null;
  readonly cloud?: string | null;
}
/** Request that makes a NetworkPort. */
export interface NetworkPortCreate {
  readonly resourceURI?: string;
  readonly networkPortTemplate: { readonly href?: string } & NetworkPortTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a NetworkPort that a filter may compare. */
export interface NetworkPortFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<'CREATING' | 'STARTED' | 'STOPPED' | 'DELETING' | 'ERROR'>;
  readonly network: Equal<string | AnyRef>;
  readonly portType: Equal<'ACCESS' | 'TRUNK' | (string & Record<never, never>)>;
  readonly classOfService: Equal<string>;
  readonly meters: Equal<string | AnyRef>;
  readonly eventLog: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a NetworkPort with their parameters. */
export interface NetworkPortActions {
  /** Starts the NetworkPort. */ readonly start: ActionInput & {};
  /** Stops the NetworkPort. */ readonly stop: ActionInput & {};
}
/** Actions of a collection of NetworkPort. */
export interface NetworkPortCollectionActions {}
/** Parameters of our own that lists of NetworkPort take. */
export interface NetworkPortParameters {}

/** NetworkPortTemplate (5.16.9). */
export interface NetworkPortTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/NetworkPortTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly initialState?: 'STARTED' | 'STOPPED';
  readonly network?: Ref<'Network'>;
  readonly networkPortConfig?: Ref<'NetworkPortConfiguration'>;
  readonly meterTemplates?: readonly Ref<'MeterTemplate'>[];
  readonly eventLogTemplate?: Ref<'EventLogTemplate'>;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a NetworkPortTemplate that requests may give; null erases. */
export interface NetworkPortTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly initialState?: 'STARTED' | 'STOPPED' | null;
  readonly network?: AnyRef | null;
  readonly networkPortConfig?: ({ readonly href?: string } & NetworkPortConfigurationInput) | null;
  readonly meterTemplates?: readonly ({ readonly href?: string } & MeterTemplateInput)[] | null;
  readonly eventLogTemplate?: ({ readonly href?: string } & EventLogTemplateInput) | null;
  readonly cloud?: string | null;
}
/** Request that makes a NetworkPortTemplate. */
export type NetworkPortTemplateCreate = NetworkPortTemplateInput & {
  readonly networkPortConfig: { readonly href?: string } & NetworkPortConfigurationInput;
};
/** Attributes of a NetworkPortTemplate that a filter may compare. */
export interface NetworkPortTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly initialState: Equal<'STARTED' | 'STOPPED'>;
  readonly network: Equal<string | AnyRef>;
  readonly networkPortConfig: Equal<string | AnyRef>;
  readonly eventLogTemplate: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a NetworkPortTemplate with their parameters. */
export interface NetworkPortTemplateActions {}
/** Actions of a collection of NetworkPortTemplate. */
export interface NetworkPortTemplateCollectionActions {}
/** Parameters of our own that lists of NetworkPortTemplate take. */
export interface NetworkPortTemplateParameters {}

/** NetworkPortConfiguration (5.16.11). */
export interface NetworkPortConfiguration {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/NetworkPortConfiguration';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly portType?: 'ACCESS' | 'TRUNK' | (string & Record<never, never>);
  readonly classOfService?: string;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a NetworkPortConfiguration that requests may give; null erases. */
export interface NetworkPortConfigurationInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly portType?: 'ACCESS' | 'TRUNK' | (string & Record<never, never>) | null;
  readonly classOfService?: string | null;
  readonly cloud?: string | null;
}
/** Request that makes a NetworkPortConfiguration. */
export type NetworkPortConfigurationCreate = NetworkPortConfigurationInput;
/** Attributes of a NetworkPortConfiguration that a filter may compare. */
export interface NetworkPortConfigurationFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly portType: Equal<'ACCESS' | 'TRUNK' | (string & Record<never, never>)>;
  readonly classOfService: Equal<string>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a NetworkPortConfiguration with their parameters. */
export interface NetworkPortConfigurationActions {}
/** Actions of a collection of NetworkPortConfiguration. */
export interface NetworkPortConfigurationCollectionActions {}
/** Parameters of our own that lists of NetworkPortConfiguration take. */
export interface NetworkPortConfigurationParameters {}

/** Address (5.16.13). */
export interface Address {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Address';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly ip?: string;
  readonly hostname?: string;
  readonly allocation?: 'dynamic' | 'static';
  readonly defaultGateway?: string;
  readonly dns?: readonly string[];
  readonly protocol?: 'IPv4' | 'IPv6' | (string & Record<never, never>);
  readonly mask?: string;
  readonly network?: Ref<'Network'>;
  readonly resource?: AnyRef;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Address that requests may give; null erases. */
export interface AddressInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly ip?: string | null;
  readonly hostname?: string | null;
  readonly allocation?: 'dynamic' | 'static' | null;
  readonly defaultGateway?: string | null;
  readonly dns?: readonly string[] | null;
  readonly protocol?: 'IPv4' | 'IPv6' | (string & Record<never, never>) | null;
  readonly mask?: string | null;
  readonly network?: AnyRef | null;
  readonly cloud?: string | null;
}
/** Request that makes a Address. */
export interface AddressCreate {
  readonly resourceURI?: string;
  readonly addressTemplate: { readonly href?: string } & AddressTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a Address that a filter may compare. */
export interface AddressFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly ip: Equal<string>;
  readonly hostname: Equal<string>;
  readonly allocation: Equal<'dynamic' | 'static'>;
  readonly defaultGateway: Equal<string>;
  readonly protocol: Equal<'IPv4' | 'IPv6' | (string & Record<never, never>)>;
  readonly mask: Equal<string>;
  readonly network: Equal<string | AnyRef>;
  readonly resource: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a Address with their parameters. */
export interface AddressActions {}
/** Actions of a collection of Address. */
export interface AddressCollectionActions {}
/** Parameters of our own that lists of Address take. */
export interface AddressParameters {}

/** AddressTemplate (5.16.15). */
export interface AddressTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/AddressTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly ip?: string;
  readonly hostname?: string;
  readonly allocation?: 'dynamic' | 'static';
  readonly defaultGateway?: string;
  readonly dns?: readonly string[];
  readonly protocol?: 'IPv4' | 'IPv6' | (string & Record<never, never>);
  readonly mask?: string;
  readonly network?: Ref<'Network'>;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a AddressTemplate that requests may give; null erases. */
export interface AddressTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly ip?: string | null;
  readonly hostname?: string | null;
  readonly allocation?: 'dynamic' | 'static' | null;
  readonly defaultGateway?: string | null;
  readonly dns?: readonly string[] | null;
  readonly protocol?: 'IPv4' | 'IPv6' | (string & Record<never, never>) | null;
  readonly mask?: string | null;
  readonly network?: AnyRef | null;
  readonly cloud?: string | null;
}
/** Request that makes a AddressTemplate. */
export type AddressTemplateCreate = AddressTemplateInput;
/** Attributes of a AddressTemplate that a filter may compare. */
export interface AddressTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly ip: Equal<string>;
  readonly hostname: Equal<string>;
  readonly allocation: Equal<'dynamic' | 'static'>;
  readonly defaultGateway: Equal<string>;
  readonly protocol: Equal<'IPv4' | 'IPv6' | (string & Record<never, never>)>;
  readonly mask: Equal<string>;
  readonly network: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a AddressTemplate with their parameters. */
export interface AddressTemplateActions {}
/** Actions of a collection of AddressTemplate. */
export interface AddressTemplateCollectionActions {}
/** Parameters of our own that lists of AddressTemplate take. */
export interface AddressTemplateParameters {}

/** ForwardingGroup (5.16.17). */
export interface ForwardingGroup {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/ForwardingGroup';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly networks?: CollectionRef<'ForwardingGroupNetwork', 'forwardingGroupNetworks'>;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a ForwardingGroup that requests may give; null erases. */
export interface ForwardingGroupInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Request that makes a ForwardingGroup. */
export interface ForwardingGroupCreate {
  readonly resourceURI?: string;
  readonly forwardingGroupTemplate: { readonly href?: string } & ForwardingGroupTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly cloud?: string | null;
}
/** Attributes of a ForwardingGroup that a filter may compare. */
export interface ForwardingGroupFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly networks: Equal<string | AnyRef>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a ForwardingGroup with their parameters. */
export interface ForwardingGroupActions {}
/** Actions of a collection of ForwardingGroup. */
export interface ForwardingGroupCollectionActions {}
/** Parameters of our own that lists of ForwardingGroup take. */
export interface ForwardingGroupParameters {}

/** ForwardingGroupNetwork (5.16.17.1.1). */
export interface ForwardingGroupNetwork {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/ForwardingGroupNetwork';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly network?: Ref<'Network'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a ForwardingGroupNetwork that requests may give; null erases. */
export interface ForwardingGroupNetworkInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly network?: AnyRef | null;
}
/** Request that makes a ForwardingGroupNetwork. */
export type ForwardingGroupNetworkCreate = ForwardingGroupNetworkInput & { readonly network: AnyRef };
/** Attributes of a ForwardingGroupNetwork that a filter may compare. */
export interface ForwardingGroupNetworkFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly network: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a ForwardingGroupNetwork with their parameters. */
export interface ForwardingGroupNetworkActions {}
/** Actions of a collection of ForwardingGroupNetwork. */
export interface ForwardingGroupNetworkCollectionActions {}
/** Parameters of our own that lists of ForwardingGroupNetwork take. */
export interface ForwardingGroupNetworkParameters {}

/** ForwardingGroupTemplate (5.16.19). */
export interface ForwardingGroupTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/ForwardingGroupTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly networks?: readonly Ref<'Network'>[];
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a ForwardingGroupTemplate that requests may give; null erases. */
export interface ForwardingGroupTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly networks?: readonly AnyRef[] | null;
  readonly cloud?: string | null;
}
/** Request that makes a ForwardingGroupTemplate. */
export type ForwardingGroupTemplateCreate = ForwardingGroupTemplateInput;
/** Attributes of a ForwardingGroupTemplate that a filter may compare. */
export interface ForwardingGroupTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a ForwardingGroupTemplate with their parameters. */
export interface ForwardingGroupTemplateActions {}
/** Actions of a collection of ForwardingGroupTemplate. */
export interface ForwardingGroupTemplateCollectionActions {}
/** Parameters of our own that lists of ForwardingGroupTemplate take. */
export interface ForwardingGroupTemplateParameters {}

/** Job (5.17.1). */
export interface Job {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Job';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly state: 'QUEUED' | 'RUNNING' | 'FAILED' | 'SUCCESS' | 'STOPPING' | 'STOPPED';
  readonly targetResource?: AnyRef;
  readonly affectedResources?: readonly AnyRef[];
  readonly action?: string;
  readonly returnCode?: number;
  readonly progress?: number;
  readonly statusMessage?: string;
  readonly timeOfStatusChange?: DateTime;
  readonly parentJob?: Ref<'Job'>;
  readonly nestedJobs?: readonly Ref<'Job'>[];
  readonly errorAt?: string;
  readonly plan?: readonly {
    readonly part?: string;
    readonly becomes?: string;
    /** Unit: byte. */ readonly bytes?: number;
    readonly detail?: string;
  }[];
  readonly operations?: readonly Operation[];
}
/** Attributes of a Job that requests may give; null erases. */
export interface JobInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Request that makes a Job. */
export type JobCreate = never;
/** Attributes of a Job that a filter may compare. */
export interface JobFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly state: Equal<'QUEUED' | 'RUNNING' | 'FAILED' | 'SUCCESS' | 'STOPPING' | 'STOPPED'>;
  readonly targetResource: Equal<string | AnyRef>;
  readonly action: Equal<string>;
  readonly returnCode: Ordered<number>;
  readonly progress: Ordered<number>;
  readonly statusMessage: Equal<string>;
  readonly timeOfStatusChange: Ordered<Date | DateTime>;
  readonly parentJob: Equal<string | AnyRef>;
  readonly errorAt: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a Job with their parameters. */
export interface JobActions {
  /** Stops the Job and undoes what it has done. */ readonly stop: ActionInput & {};
}
/** Actions of a collection of Job. */
export interface JobCollectionActions {}
/** Parameters of our own that lists of Job take. */
export interface JobParameters {}

/** Meter (5.17.3). */
export interface Meter {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Meter';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly targetResource?: AnyRef;
  readonly aspect?: string;
  readonly units?: string;
  /** Unit: second. */ readonly sampleInterval?: number;
  readonly timeScope?: 'Point' | 'Interval';
  readonly intervalDuration?: string;
  readonly isContinuous?: boolean;
  readonly samples?: CollectionRef<'Sample', 'samples'>;
  readonly minValue?: string;
  readonly maxValue?: string;
  readonly stopTime?: DateTime;
  readonly expiresTime?: DateTime;
  readonly above?: string;
  readonly below?: string;
  /** Unit: second. */ readonly forSeconds?: number;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Meter that requests may give; null erases. */
export interface MeterInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  /** Unit: second. */ readonly sampleInterval?: number | null;
  readonly stopTime?: DateTime | null;
  readonly expiresTime?: DateTime | null;
  readonly above?: string | null;
  readonly below?: string | null;
  /** Unit: second. */ readonly forSeconds?: number | null;
}
/** Request that makes a Meter. */
export interface MeterCreate {
  readonly resourceURI?: string;
  readonly meterTemplate: { readonly href?: string } & MeterTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly above?: string | null;
  readonly below?: string | null;
  /** Unit: second. */ readonly forSeconds?: number | null;
}
/** Attributes of a Meter that a filter may compare. */
export interface MeterFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly targetResource: Equal<string | AnyRef>;
  readonly aspect: Equal<string>;
  readonly units: Equal<string>;
  readonly sampleInterval: Ordered<number>;
  readonly timeScope: Equal<'Point' | 'Interval'>;
  readonly intervalDuration: Equal<string>;
  readonly isContinuous: Equal<boolean>;
  readonly samples: Equal<string | AnyRef>;
  readonly minValue: Equal<string>;
  readonly maxValue: Equal<string>;
  readonly stopTime: Ordered<Date | DateTime>;
  readonly expiresTime: Ordered<Date | DateTime>;
  readonly above: Equal<string>;
  readonly below: Equal<string>;
  readonly forSeconds: Ordered<number>;
  property(key: string): Equal<string>;
}
/** Actions of a Meter with their parameters. */
export interface MeterActions {
  /** Begins to record samples. */ readonly start: ActionInput & {};
  /** Ends the recording of samples. */ readonly stop: ActionInput & {};
}
/** Actions of a collection of Meter. */
export interface MeterCollectionActions {}
/** Parameters of our own that lists of Meter take. */
export interface MeterParameters {}

/** Sample (5.17.3.1.1). */
export interface Sample {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Sample';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly timestamp?: DateTime;
  readonly value?: string;
  readonly covered?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Sample that requests may give; null erases. */
export interface SampleInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Request that makes a Sample. */
export type SampleCreate = never;
/** Attributes of a Sample that a filter may compare. */
export interface SampleFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly timestamp: Ordered<Date | DateTime>;
  readonly value: Equal<string>;
  readonly covered: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a Sample with their parameters. */
export interface SampleActions {}
/** Actions of a collection of Sample. */
export interface SampleCollectionActions {}
/** Parameters of our own that lists of Sample take. */
export interface SampleParameters {
  /** In place of the samples their means over steps of so many seconds, each stamped with the end of its step. Unit: second. */ step?: number;
}

/** MeterTemplate (5.17.5). */
export interface MeterTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MeterTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly targetResource?: AnyRef;
  readonly meterConfig?: Ref<'MeterConfiguration'>;
  readonly above?: string;
  readonly below?: string;
  /** Unit: second. */ readonly forSeconds?: number;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MeterTemplate that requests may give; null erases. */
export interface MeterTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly targetResource?: AnyRef | null;
  readonly meterConfig?: ({ readonly href?: string } & MeterConfigurationInput) | null;
  readonly above?: string | null;
  readonly below?: string | null;
  /** Unit: second. */ readonly forSeconds?: number | null;
}
/** Request that makes a MeterTemplate. */
export type MeterTemplateCreate = MeterTemplateInput & { readonly meterConfig: { readonly href?: string } & MeterConfigurationInput };
/** Attributes of a MeterTemplate that a filter may compare. */
export interface MeterTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly targetResource: Equal<string | AnyRef>;
  readonly meterConfig: Equal<string | AnyRef>;
  readonly above: Equal<string>;
  readonly below: Equal<string>;
  readonly forSeconds: Ordered<number>;
  property(key: string): Equal<string>;
}
/** Actions of a MeterTemplate with their parameters. */
export interface MeterTemplateActions {}
/** Actions of a collection of MeterTemplate. */
export interface MeterTemplateCollectionActions {}
/** Parameters of our own that lists of MeterTemplate take. */
export interface MeterTemplateParameters {}

/** MeterConfiguration (5.17.7). */
export interface MeterConfiguration {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/MeterConfiguration';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly associatedTo?: readonly AnyRef[];
  readonly aspect?: string;
  readonly units?: string;
  /** Unit: second. */ readonly sampleInterval?: number;
  readonly timeScope?: 'Point' | 'Interval';
  readonly intervalDuration?: string;
  readonly isContinuous?: boolean;
  readonly cloud?: string;
  readonly operations?: readonly Operation[];
}
/** Attributes of a MeterConfiguration that requests may give; null erases. */
export interface MeterConfigurationInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly associatedTo?: readonly (string | AnyRef)[] | null;
  readonly aspect?: string | null;
  readonly units?: string | null;
  /** Unit: second. */ readonly sampleInterval?: number | null;
  readonly timeScope?: 'Point' | 'Interval' | null;
  readonly intervalDuration?: 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly' | (string & Record<never, never>) | null;
  readonly isContinuous?: boolean | null;
  readonly cloud?: string | null;
}
/** Request that makes a MeterConfiguration. */
export type MeterConfigurationCreate = MeterConfigurationInput & {
  readonly aspect: string;
  readonly sampleInterval: number;
  readonly isContinuous: boolean;
};
/** Attributes of a MeterConfiguration that a filter may compare. */
export interface MeterConfigurationFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly aspect: Equal<string>;
  readonly units: Equal<string>;
  readonly sampleInterval: Ordered<number>;
  readonly timeScope: Equal<'Point' | 'Interval'>;
  readonly intervalDuration: Equal<string>;
  readonly isContinuous: Equal<boolean>;
  readonly cloud: Equal<string>;
  property(key: string): Equal<string>;
}
/** Actions of a MeterConfiguration with their parameters. */
export interface MeterConfigurationActions {}
/** Actions of a collection of MeterConfiguration. */
export interface MeterConfigurationCollectionActions {}
/** Parameters of our own that lists of MeterConfiguration take. */
export interface MeterConfigurationParameters {}

/** EventLog (5.17.9). */
export interface EventLog {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/EventLog';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly targetResource?: AnyRef;
  readonly events?: CollectionRef<'Event', 'events'>;
  readonly persistence?: 'daily' | 'weekly' | 'monthly' | 'yearly';
  readonly summary?: { readonly low?: number; readonly medium?: number; readonly high?: number; readonly critical?: number };
  readonly operations?: readonly Operation[];
}
/** Attributes of a EventLog that requests may give; null erases. */
export interface EventLogInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly persistence?: 'daily' | 'weekly' | 'monthly' | 'yearly' | null;
}
/** Request that makes a EventLog. */
export interface EventLogCreate {
  readonly resourceURI?: string;
  readonly eventLogTemplate: { readonly href?: string } & EventLogTemplateInput;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Attributes of a EventLog that a filter may compare. */
export interface EventLogFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly targetResource: Equal<string | AnyRef>;
  readonly events: Equal<string | AnyRef>;
  readonly persistence: Equal<'daily' | 'weekly' | 'monthly' | 'yearly'>;
  property(key: string): Equal<string>;
}
/** Actions of a EventLog with their parameters. */
export interface EventLogActions {}
/** Actions of a collection of EventLog. */
export interface EventLogCollectionActions {}
/** Parameters of our own that lists of EventLog take. */
export interface EventLogParameters {}

/** EventLogTemplate (5.17.11). */
export interface EventLogTemplate {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/EventLogTemplate';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly targetResource?: AnyRef;
  readonly persistence?: 'daily' | 'weekly' | 'monthly' | 'yearly';
  readonly operations?: readonly Operation[];
}
/** Attributes of a EventLogTemplate that requests may give; null erases. */
export interface EventLogTemplateInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
  readonly targetResource?: AnyRef | null;
  readonly persistence?: 'daily' | 'weekly' | 'monthly' | 'yearly' | null;
}
/** Request that makes a EventLogTemplate. */
export type EventLogTemplateCreate = EventLogTemplateInput;
/** Attributes of a EventLogTemplate that a filter may compare. */
export interface EventLogTemplateFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly targetResource: Equal<string | AnyRef>;
  readonly persistence: Equal<'daily' | 'weekly' | 'monthly' | 'yearly'>;
  property(key: string): Equal<string>;
}
/** Actions of a EventLogTemplate with their parameters. */
export interface EventLogTemplateActions {}
/** Actions of a collection of EventLogTemplate. */
export interface EventLogTemplateCollectionActions {}
/** Parameters of our own that lists of EventLogTemplate take. */
export interface EventLogTemplateParameters {}

/** Event (5.17.13). */
export interface Event {
  readonly resourceURI: 'http://schemas.dmtf.org/cimi/1/Event';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly timestamp?: DateTime;
  readonly type?: string;
  readonly content?: unknown;
  readonly outcome?: 'Pending' | 'Unknown' | 'Status' | 'Success' | 'Warning' | 'Failure' | (string & Record<never, never>);
  readonly severity?: 'critical' | 'high' | 'medium' | 'low';
  readonly contact?: string;
  readonly about?: AnyRef;
  readonly job?: Ref<'Job'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Event that requests may give; null erases. */
export interface EventInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Request that makes a Event. */
export type EventCreate = EventInput;
/** Attributes of a Event that a filter may compare. */
export interface EventFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly timestamp: Ordered<Date | DateTime>;
  readonly type: Equal<string>;
  readonly content: Ordered<Date | number | string | boolean>;
  readonly outcome: Equal<'Pending' | 'Unknown' | 'Status' | 'Success' | 'Warning' | 'Failure' | (string & Record<never, never>)>;
  readonly severity: Equal<'critical' | 'high' | 'medium' | 'low'>;
  readonly contact: Equal<string>;
  readonly about: Equal<string | AnyRef>;
  readonly job: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a Event with their parameters. */
export interface EventActions {}
/** Actions of a collection of Event. */
export interface EventCollectionActions {}
/** Parameters of our own that lists of Event take. */
export interface EventParameters {}

/** Cloud (extension). */
export interface Cloud {
  readonly resourceURI: 'http://cimi-gateway.org/extension/1/Cloud';
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly created?: DateTime;
  readonly updated?: DateTime;
  readonly properties?: Properties;
  readonly key?: string;
  readonly driver?: string;
  readonly region?: string;
  readonly mode?: 'manage' | 'observe';
  readonly state?: 'UNKNOWN' | 'UP' | 'DEGRADED' | 'DOWN';
  readonly since?: DateTime;
  readonly reason?: string;
  readonly resourceTypes?: readonly string[];
  readonly quotas?: readonly {
    readonly of?: 'machines' | 'cpus' | 'memory' | 'volumes' | 'capacity';
    readonly limit?: number;
    readonly used?: number;
  }[];
  readonly cloudEntryPoint?: Ref<'CloudEntryPoint'>;
  readonly operations?: readonly Operation[];
}
/** Attributes of a Cloud that requests may give; null erases. */
export interface CloudInput {
  readonly resourceURI?: string;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly properties?: Readonly<Record<string, string | null>> | null;
}
/** Request that makes a Cloud. */
export type CloudCreate = never;
/** Attributes of a Cloud that a filter may compare. */
export interface CloudFilter {
  readonly id: Equal<string>;
  readonly name: Equal<string>;
  readonly description: Equal<string>;
  readonly created: Ordered<Date | DateTime>;
  readonly updated: Ordered<Date | DateTime>;
  readonly key: Equal<string>;
  readonly driver: Equal<string>;
  readonly region: Equal<string>;
  readonly mode: Equal<'manage' | 'observe'>;
  readonly state: Equal<'UNKNOWN' | 'UP' | 'DEGRADED' | 'DOWN'>;
  readonly since: Ordered<Date | DateTime>;
  readonly reason: Equal<string>;
  readonly cloudEntryPoint: Equal<string | AnyRef>;
  property(key: string): Equal<string>;
}
/** Actions of a Cloud with their parameters. */
export interface CloudActions {}
/** Actions of a collection of Cloud. */
export interface CloudCollectionActions {}
/** Parameters of our own that lists of Cloud take. */
export interface CloudParameters {}

/** Everything known of each resource type, by its name. */
export interface Types {
  ResourceMetadata: {
    data: ResourceMetadata;
    input: ResourceMetadataInput;
    create: ResourceMetadataCreate;
    filter: ResourceMetadataFilter;
    actions: ResourceMetadataActions;
    collectionActions: ResourceMetadataCollectionActions;
    parameters: ResourceMetadataParameters;
  };
  CloudEntryPoint: {
    data: CloudEntryPoint;
    input: CloudEntryPointInput;
    create: CloudEntryPointCreate;
    filter: CloudEntryPointFilter;
    actions: CloudEntryPointActions;
    collectionActions: CloudEntryPointCollectionActions;
    parameters: CloudEntryPointParameters;
  };
  System: {
    data: System;
    input: SystemInput;
    create: SystemCreate;
    filter: SystemFilter;
    actions: SystemActions;
    collectionActions: SystemCollectionActions;
    parameters: SystemParameters;
  };
  SystemSystem: {
    data: SystemSystem;
    input: SystemSystemInput;
    create: SystemSystemCreate;
    filter: SystemSystemFilter;
    actions: SystemSystemActions;
    collectionActions: SystemSystemCollectionActions;
    parameters: SystemSystemParameters;
  };
  SystemMachine: {
    data: SystemMachine;
    input: SystemMachineInput;
    create: SystemMachineCreate;
    filter: SystemMachineFilter;
    actions: SystemMachineActions;
    collectionActions: SystemMachineCollectionActions;
    parameters: SystemMachineParameters;
  };
  SystemCredential: {
    data: SystemCredential;
    input: SystemCredentialInput;
    create: SystemCredentialCreate;
    filter: SystemCredentialFilter;
    actions: SystemCredentialActions;
    collectionActions: SystemCredentialCollectionActions;
    parameters: SystemCredentialParameters;
  };
  SystemVolume: {
    data: SystemVolume;
    input: SystemVolumeInput;
    create: SystemVolumeCreate;
    filter: SystemVolumeFilter;
    actions: SystemVolumeActions;
    collectionActions: SystemVolumeCollectionActions;
    parameters: SystemVolumeParameters;
  };
  SystemNetwork: {
    data: SystemNetwork;
    input: SystemNetworkInput;
    create: SystemNetworkCreate;
    filter: SystemNetworkFilter;
    actions: SystemNetworkActions;
    collectionActions: SystemNetworkCollectionActions;
    parameters: SystemNetworkParameters;
  };
  SystemNetworkPort: {
    data: SystemNetworkPort;
    input: SystemNetworkPortInput;
    create: SystemNetworkPortCreate;
    filter: SystemNetworkPortFilter;
    actions: SystemNetworkPortActions;
    collectionActions: SystemNetworkPortCollectionActions;
    parameters: SystemNetworkPortParameters;
  };
  SystemAddress: {
    data: SystemAddress;
    input: SystemAddressInput;
    create: SystemAddressCreate;
    filter: SystemAddressFilter;
    actions: SystemAddressActions;
    collectionActions: SystemAddressCollectionActions;
    parameters: SystemAddressParameters;
  };
  SystemForwardingGroup: {
    data: SystemForwardingGroup;
    input: SystemForwardingGroupInput;
    create: SystemForwardingGroupCreate;
    filter: SystemForwardingGroupFilter;
    actions: SystemForwardingGroupActions;
    collectionActions: SystemForwardingGroupCollectionActions;
    parameters: SystemForwardingGroupParameters;
  };
  SystemTemplate: {
    data: SystemTemplate;
    input: SystemTemplateInput;
    create: SystemTemplateCreate;
    filter: SystemTemplateFilter;
    actions: SystemTemplateActions;
    collectionActions: SystemTemplateCollectionActions;
    parameters: SystemTemplateParameters;
  };
  Machine: {
    data: Machine;
    input: MachineInput;
    create: MachineCreate;
    filter: MachineFilter;
    actions: MachineActions;
    collectionActions: MachineCollectionActions;
    parameters: MachineParameters;
  };
  Disk: {
    data: Disk;
    input: DiskInput;
    create: DiskCreate;
    filter: DiskFilter;
    actions: DiskActions;
    collectionActions: DiskCollectionActions;
    parameters: DiskParameters;
  };
  MachineVolume: {
    data: MachineVolume;
    input: MachineVolumeInput;
    create: MachineVolumeCreate;
    filter: MachineVolumeFilter;
    actions: MachineVolumeActions;
    collectionActions: MachineVolumeCollectionActions;
    parameters: MachineVolumeParameters;
  };
  MachineNetworkInterface: {
    data: MachineNetworkInterface;
    input: MachineNetworkInterfaceInput;
    create: MachineNetworkInterfaceCreate;
    filter: MachineNetworkInterfaceFilter;
    actions: MachineNetworkInterfaceActions;
    collectionActions: MachineNetworkInterfaceCollectionActions;
    parameters: MachineNetworkInterfaceParameters;
  };
  MachineNetworkInterfaceAddress: {
    data: MachineNetworkInterfaceAddress;
    input: MachineNetworkInterfaceAddressInput;
    create: MachineNetworkInterfaceAddressCreate;
    filter: MachineNetworkInterfaceAddressFilter;
    actions: MachineNetworkInterfaceAddressActions;
    collectionActions: MachineNetworkInterfaceAddressCollectionActions;
    parameters: MachineNetworkInterfaceAddressParameters;
  };
  MachineSnapshot: {
    data: MachineSnapshot;
    input: MachineSnapshotInput;
    create: MachineSnapshotCreate;
    filter: MachineSnapshotFilter;
    actions: MachineSnapshotActions;
    collectionActions: MachineSnapshotCollectionActions;
    parameters: MachineSnapshotParameters;
  };
  MachineTemplate: {
    data: MachineTemplate;
    input: MachineTemplateInput;
    create: MachineTemplateCreate;
    filter: MachineTemplateFilter;
    actions: MachineTemplateActions;
    collectionActions: MachineTemplateCollectionActions;
    parameters: MachineTemplateParameters;
  };
  MachineConfiguration: {
    data: MachineConfiguration;
    input: MachineConfigurationInput;
    create: MachineConfigurationCreate;
    filter: MachineConfigurationFilter;
    actions: MachineConfigurationActions;
    collectionActions: MachineConfigurationCollectionActions;
    parameters: MachineConfigurationParameters;
  };
  MachineImage: {
    data: MachineImage;
    input: MachineImageInput;
    create: MachineImageCreate;
    filter: MachineImageFilter;
    actions: MachineImageActions;
    collectionActions: MachineImageCollectionActions;
    parameters: MachineImageParameters;
  };
  Credential: {
    data: Credential;
    input: CredentialInput;
    create: CredentialCreate;
    filter: CredentialFilter;
    actions: CredentialActions;
    collectionActions: CredentialCollectionActions;
    parameters: CredentialParameters;
  };
  CredentialTemplate: {
    data: CredentialTemplate;
    input: CredentialTemplateInput;
    create: CredentialTemplateCreate;
    filter: CredentialTemplateFilter;
    actions: CredentialTemplateActions;
    collectionActions: CredentialTemplateCollectionActions;
    parameters: CredentialTemplateParameters;
  };
  Volume: {
    data: Volume;
    input: VolumeInput;
    create: VolumeCreate;
    filter: VolumeFilter;
    actions: VolumeActions;
    collectionActions: VolumeCollectionActions;
    parameters: VolumeParameters;
  };
  VolumeVolumeImage: {
    data: VolumeVolumeImage;
    input: VolumeVolumeImageInput;
    create: VolumeVolumeImageCreate;
    filter: VolumeVolumeImageFilter;
    actions: VolumeVolumeImageActions;
    collectionActions: VolumeVolumeImageCollectionActions;
    parameters: VolumeVolumeImageParameters;
  };
  VolumeTemplate: {
    data: VolumeTemplate;
    input: VolumeTemplateInput;
    create: VolumeTemplateCreate;
    filter: VolumeTemplateFilter;
    actions: VolumeTemplateActions;
    collectionActions: VolumeTemplateCollectionActions;
    parameters: VolumeTemplateParameters;
  };
  VolumeConfiguration: {
    data: VolumeConfiguration;
    input: VolumeConfigurationInput;
    create: VolumeConfigurationCreate;
    filter: VolumeConfigurationFilter;
    actions: VolumeConfigurationActions;
    collectionActions: VolumeConfigurationCollectionActions;
    parameters: VolumeConfigurationParameters;
  };
  VolumeImage: {
    data: VolumeImage;
    input: VolumeImageInput;
    create: VolumeImageCreate;
    filter: VolumeImageFilter;
    actions: VolumeImageActions;
    collectionActions: VolumeImageCollectionActions;
    parameters: VolumeImageParameters;
  };
  Network: {
    data: Network;
    input: NetworkInput;
    create: NetworkCreate;
    filter: NetworkFilter;
    actions: NetworkActions;
    collectionActions: NetworkCollectionActions;
    parameters: NetworkParameters;
  };
  NetworkNetworkPort: {
    data: NetworkNetworkPort;
    input: NetworkNetworkPortInput;
    create: NetworkNetworkPortCreate;
    filter: NetworkNetworkPortFilter;
    actions: NetworkNetworkPortActions;
    collectionActions: NetworkNetworkPortCollectionActions;
    parameters: NetworkNetworkPortParameters;
  };
  NetworkTemplate: {
    data: NetworkTemplate;
    input: NetworkTemplateInput;
    create: NetworkTemplateCreate;
    filter: NetworkTemplateFilter;
    actions: NetworkTemplateActions;
    collectionActions: NetworkTemplateCollectionActions;
    parameters: NetworkTemplateParameters;
  };
  NetworkConfiguration: {
    data: NetworkConfiguration;
    input: NetworkConfigurationInput;
    create: NetworkConfigurationCreate;
    filter: NetworkConfigurationFilter;
    actions: NetworkConfigurationActions;
    collectionActions: NetworkConfigurationCollectionActions;
    parameters: NetworkConfigurationParameters;
  };
  NetworkPort: {
    data: NetworkPort;
    input: NetworkPortInput;
    create: NetworkPortCreate;
    filter: NetworkPortFilter;
    actions: NetworkPortActions;
    collectionActions: NetworkPortCollectionActions;
    parameters: NetworkPortParameters;
  };
  NetworkPortTemplate: {
    data: NetworkPortTemplate;
    input: NetworkPortTemplateInput;
    create: NetworkPortTemplateCreate;
    filter: NetworkPortTemplateFilter;
    actions: NetworkPortTemplateActions;
    collectionActions: NetworkPortTemplateCollectionActions;
    parameters: NetworkPortTemplateParameters;
  };
  NetworkPortConfiguration: {
    data: NetworkPortConfiguration;
    input: NetworkPortConfigurationInput;
    create: NetworkPortConfigurationCreate;
    filter: NetworkPortConfigurationFilter;
    actions: NetworkPortConfigurationActions;
    collectionActions: NetworkPortConfigurationCollectionActions;
    parameters: NetworkPortConfigurationParameters;
  };
  Address: {
    data: Address;
    input: AddressInput;
    create: AddressCreate;
    filter: AddressFilter;
    actions: AddressActions;
    collectionActions: AddressCollectionActions;
    parameters: AddressParameters;
  };
  AddressTemplate: {
    data: AddressTemplate;
    input: AddressTemplateInput;
    create: AddressTemplateCreate;
    filter: AddressTemplateFilter;
    actions: AddressTemplateActions;
    collectionActions: AddressTemplateCollectionActions;
    parameters: AddressTemplateParameters;
  };
  ForwardingGroup: {
    data: ForwardingGroup;
    input: ForwardingGroupInput;
    create: ForwardingGroupCreate;
    filter: ForwardingGroupFilter;
    actions: ForwardingGroupActions;
    collectionActions: ForwardingGroupCollectionActions;
    parameters: ForwardingGroupParameters;
  };
  ForwardingGroupNetwork: {
    data: ForwardingGroupNetwork;
    input: ForwardingGroupNetworkInput;
    create: ForwardingGroupNetworkCreate;
    filter: ForwardingGroupNetworkFilter;
    actions: ForwardingGroupNetworkActions;
    collectionActions: ForwardingGroupNetworkCollectionActions;
    parameters: ForwardingGroupNetworkParameters;
  };
  ForwardingGroupTemplate: {
    data: ForwardingGroupTemplate;
    input: ForwardingGroupTemplateInput;
    create: ForwardingGroupTemplateCreate;
    filter: ForwardingGroupTemplateFilter;
    actions: ForwardingGroupTemplateActions;
    collectionActions: ForwardingGroupTemplateCollectionActions;
    parameters: ForwardingGroupTemplateParameters;
  };
  Job: {
    data: Job;
    input: JobInput;
    create: JobCreate;
    filter: JobFilter;
    actions: JobActions;
    collectionActions: JobCollectionActions;
    parameters: JobParameters;
  };
  Meter: {
    data: Meter;
    input: MeterInput;
    create: MeterCreate;
    filter: MeterFilter;
    actions: MeterActions;
    collectionActions: MeterCollectionActions;
    parameters: MeterParameters;
  };
  Sample: {
    data: Sample;
    input: SampleInput;
    create: SampleCreate;
    filter: SampleFilter;
    actions: SampleActions;
    collectionActions: SampleCollectionActions;
    parameters: SampleParameters;
  };
  MeterTemplate: {
    data: MeterTemplate;
    input: MeterTemplateInput;
    create: MeterTemplateCreate;
    filter: MeterTemplateFilter;
    actions: MeterTemplateActions;
    collectionActions: MeterTemplateCollectionActions;
    parameters: MeterTemplateParameters;
  };
  MeterConfiguration: {
    data: MeterConfiguration;
    input: MeterConfigurationInput;
    create: MeterConfigurationCreate;
    filter: MeterConfigurationFilter;
    actions: MeterConfigurationActions;
    collectionActions: MeterConfigurationCollectionActions;
    parameters: MeterConfigurationParameters;
  };
  EventLog: {
    data: EventLog;
    input: EventLogInput;
    create: EventLogCreate;
    filter: EventLogFilter;
    actions: EventLogActions;
    collectionActions: EventLogCollectionActions;
    parameters: EventLogParameters;
  };
  EventLogTemplate: {
    data: EventLogTemplate;
    input: EventLogTemplateInput;
    create: EventLogTemplateCreate;
    filter: EventLogTemplateFilter;
    actions: EventLogTemplateActions;
    collectionActions: EventLogTemplateCollectionActions;
    parameters: EventLogTemplateParameters;
  };
  Event: {
    data: Event;
    input: EventInput;
    create: EventCreate;
    filter: EventFilter;
    actions: EventActions;
    collectionActions: EventCollectionActions;
    parameters: EventParameters;
  };
  Cloud: {
    data: Cloud;
    input: CloudInput;
    create: CloudCreate;
    filter: CloudFilter;
    actions: CloudActions;
    collectionActions: CloudCollectionActions;
    parameters: CloudParameters;
  };
}

/** Name of a resource type. */
export type TypeName = keyof Types;

/** Collections of the Cloud Entry Point, each with the type of its items. */
export interface EntryPoints {
  resourceMetadata: 'ResourceMetadata';
  systems: 'System';
  systemTemplates: 'SystemTemplate';
  machines: 'Machine';
  machineTemplates: 'MachineTemplate';
  machineConfigs: 'MachineConfiguration';
  machineImages: 'MachineImage';
  credentials: 'Credential';
  credentialTemplates: 'CredentialTemplate';
  volumes: 'Volume';
  volumeTemplates: 'VolumeTemplate';
  volumeConfigs: 'VolumeConfiguration';
  volumeImages: 'VolumeImage';
  networks: 'Network';
  networkTemplates: 'NetworkTemplate';
  networkConfigs: 'NetworkConfiguration';
  networkPorts: 'NetworkPort';
  networkPortTemplates: 'NetworkPortTemplate';
  networkPortConfigs: 'NetworkPortConfiguration';
  addresses: 'Address';
  addressTemplates: 'AddressTemplate';
  forwardingGroups: 'ForwardingGroup';
  forwardingGroupTemplates: 'ForwardingGroupTemplate';
  jobs: 'Job';
  meters: 'Meter';
  meterTemplates: 'MeterTemplate';
  meterConfigs: 'MeterConfiguration';
  eventLogs: 'EventLog';
  eventLogTemplates: 'EventLogTemplate';
  clouds: 'Cloud';
}
