import type { FileLocation } from './file-names';

/** Contents of a descriptor (DSP0243), plain, with one deployment option chosen and defaults in place. Sizes in bytes. */
export interface Package {
  /** Version of OVF that the descriptor is written in. */
  readonly version: '0.9' | '1' | '2';
  readonly files: readonly PackageFile[];
  readonly disks: readonly DiskDescription[];
  readonly networks: readonly NetworkDescription[];
  /** Deployment options that one may ask for; empty where there are none. */
  readonly configurations: readonly Configuration[];
  /** Id of the one that is read here. */
  readonly configuration?: string | undefined;
  readonly content: Content;
  /** Words for what was left out. */
  readonly warnings: readonly string[];
}

/** File of a package, other than its descriptor. */
export interface PackageFile {
  readonly id: string;
  readonly location: FileLocation;
  /** Bytes of the file as it lies in the package, all its chunks together. */
  readonly size?: number | undefined;
  readonly gzip: boolean;
  /** Bytes of each chunk but the last: the file then lies in parts named `NAME.000000000` and so on. */
  readonly chunkSize?: number | undefined;
}

export interface DiskDescription {
  readonly id: string;
  /** Virtual size. */
  readonly capacity: number;
  /** Id of the file with its contents; a disk without one is blank. */
  readonly file?: string | undefined;
  /** URI of the contents' format. */
  readonly format?: string | undefined;
  /** Bytes that are in use; an estimate. */
  readonly populatedSize?: number | undefined;
}

export interface NetworkDescription {
  readonly name: string;
  readonly description?: string | undefined;
  /** Block of IPv4 addresses that it had, in CIDR notation; an element of ours. */
  readonly cidr?: string | undefined;
}

export interface Configuration {
  readonly id: string;
  readonly label?: string | undefined;
  readonly description?: string | undefined;
}

export type Content = VirtualSystem | VirtualSystemCollection;

interface ContentCommon {
  /** Unique among the package's contents. */
  readonly id: string;
  readonly name?: string | undefined;
  /** Text of its annotation. */
  readonly description?: string | undefined;
  readonly products: readonly Product[];
  /** Texts of licences that have to be accepted. */
  readonly licenses: readonly string[];
}

/** Machine. */
export interface VirtualSystem extends ContentCommon {
  readonly kind: 'system';
  readonly operatingSystem?: OperatingSystem | undefined;
  readonly hardware: Hardware;
}

/** Machines and collections that belong together. */
export interface VirtualSystemCollection extends ContentCommon {
  readonly kind: 'collection';
  readonly members: readonly Content[];
  /** Order in which members start; ascending, members of one number together. Stopping goes the other way. */
  readonly startup: readonly StartupItem[];
}

export interface StartupItem {
  /** Id of a member. */
  readonly member: string;
  readonly order: number;
  /** Seconds to wait before the next number. */
  readonly startDelay: number;
  readonly stopDelay: number;
  readonly waitingForGuest: boolean;
  readonly startAction: string;
  readonly stopAction: string;
}

export interface OperatingSystem {
  /** Value of CIM_OperatingSystem.OsType: 0 is unknown, 36 Linux, 79 a RedHat of 64 bits. */
  readonly id: number;
  readonly version?: string | undefined;
  /** Guest id of vSphere. */
  readonly guestId?: string | undefined;
  readonly description?: string | undefined;
}

export interface Hardware {
  /** Families that the machine was made for, such as `vmx-13`; any of them. */
  readonly families: readonly string[];
  /** Ways by which the guest gets its properties: `iso`, `com.vmware.guestInfo`. */
  readonly transports: readonly string[];
  /** `bios` or `efi`, where the package tells (VMware's setting `firmware`). */
  readonly firmware?: string | undefined;
  /** True where it starts nothing that is not signed (VMware's setting `bootOptions.efiSecureBootEnabled`). */
  readonly secureBoot?: boolean | undefined;
  /** Architecture of its processors, in CIMI's words; an element of ours. */
  readonly cpuArch?: string | undefined;
  /** Number of virtual CPUs; absent where the package leaves it open. */
  readonly cpus?: number | undefined;
  readonly coresPerSocket?: number | undefined;
  readonly memory?: number | undefined;
  readonly controllers: readonly Controller[];
  /** Disks in the order of starting: what a boot order names, then by controller (in the order of their items) and address. */
  readonly disks: readonly DiskDrive[];
  /** Interfaces in the order of their items. */
  readonly interfaces: readonly NetworkInterface[];
  /** Drives for CDs and floppies. */
  readonly drives: readonly RemovableDrive[];
  readonly others: readonly Device[];
}

/** Device of a machine. */
export interface Device {
  /** Unique within the machine. */
  readonly id: string;
  readonly name?: string | undefined;
  /** Value of CIM_ResourceAllocationSettingData.ResourceType. */
  readonly resourceType: number;
  /** Models, any of them: `lsilogic`, `VmxNet3`, `E1000`. */
  readonly models: readonly string[];
  /** False where the machine does without it. */
  readonly required: boolean;
}

/** Controller of disks: IDE (5), SCSI (6) or another storage controller (20: SATA, NVMe). */
export interface Controller extends Device {
  /** Number of its bus. */
  readonly address?: string | undefined;
}

interface OnController extends Device {
  /** Id of its controller. */
  readonly controller?: string | undefined;
  readonly address?: number | undefined;
}

export interface DiskDrive extends OnController {
  /** Id of the disk's description. */
  readonly disk: string;
}

export interface RemovableDrive extends OnController {
  /** Id of the file that lies in it. */
  readonly file?: string | undefined;
}

export interface NetworkInterface extends Device {
  /** Name of its network. */
  readonly network?: string | undefined;
  /** MAC address that the package asks for. */
  readonly mac?: string | undefined;
  /** Private addresses that it had, IPv4 and IPv6; elements of ours. */
  readonly addresses?: readonly string[] | undefined;
  /** False where it begins unplugged. */
  readonly connected: boolean;
}

/** Product that a content holds, with the properties by which it is set up. */
export interface Product {
  readonly class: string;
  readonly instance: string;
  readonly product?: string | undefined;
  readonly vendor?: string | undefined;
  readonly version?: string | undefined;
  readonly fullVersion?: string | undefined;
  readonly productUrl?: string | undefined;
  readonly vendorUrl?: string | undefined;
  readonly appUrl?: string | undefined;
  readonly properties: readonly Property[];
  /** Things that belong to it and are not in the package; written for people and never read. */
  readonly notExported?: readonly LeftOut[] | undefined;
}

/** Resource that a package does not carry. */
export interface LeftOut {
  /** Type of the resource, by its short name. */
  readonly type: string;
  /** Name, or where it has none its path. */
  readonly name: string;
  readonly reason: string;
}

export interface Property {
  /** Name by which a consumer gives a value and the guest gets it: class, key and instance with dots between. */
  readonly key: string;
  /** Key within the product. */
  readonly name: string;
  /** Type as written, in lower case: `string`, `boolean`, `uint8`. */
  readonly type: string;
  /** Value that was given, else the default of the deployment option, else the default; may be empty. */
  readonly value: string;
  readonly userConfigurable: boolean;
  readonly password: boolean;
  readonly qualifiers?: string | undefined;
  readonly category?: string | undefined;
  readonly label?: string | undefined;
  readonly description?: string | undefined;
}

/** Options of reading a descriptor. */
export interface ReadOptions {
  /** Largest capacity of a disk, bytes. */
  readonly maxDiskBytes: number;
  /** Id of a deployment option; the default one if absent. */
  readonly deploymentOption?: string | undefined;
  /** Values of properties, by their whole keys. */
  readonly properties?: ReadonlyMap<string, string> | undefined;
}
