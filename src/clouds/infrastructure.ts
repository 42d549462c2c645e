import type { CallContext, Created, Extended, MakerGroup, Marks, Naming, NamingGroup, Outcome, Updating } from './contract';
import type { DownloadedImage, ReadableImage } from './download';
import type { UploadImage } from './upload';

/**
 * The groups of the Driver contract beside machines and images: storage and networks. Capacities in kB of 1000 bytes.
 * Keys in requests are provider keys. `create` is done once (guard and core see to that), all else may be repeated;
 * deleting or releasing what is gone is success.
 */

export interface CreateDisk extends Marks {
  machine: string;
  capacity: number;
  initialLocation?: string | undefined;
}

/** Disks that live and die with their machine; `Item.owner` is the machine's key. */
export interface Disks extends MakerGroup, Updating {
  create?(request: CreateDisk, context: CallContext): Promise<Outcome<Created>>;
  /** Grows the disk; shrinking is refused by the core. */
  update?(key: string, to: { capacity: number }, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface AttachVolume extends Marks {
  machine: string;
  volume: string;
  /** Place where the machine is to find it (device name, mount point): a hint. */
  initialLocation?: string | undefined;
}

/** Volumes attached to machines (MachineVolume); `Item.owner` is the machine's key, `values.volume` an ItemRef. */
export interface Attachments extends MakerGroup {
  create?(request: AttachVolume, context: CallContext): Promise<Outcome<Created>>;
  /** Detaches; the volume stays. */
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateInterface extends Marks {
  machine: string;
  network: string;
  networkPort?: string | undefined;
  state?: string | undefined;
  macAddress?: string | undefined;
  mtu?: number | undefined;
}

/** `networkPort` is one of the network that the interface is in afterwards; null: none. */
export interface InterfaceChange {
  network?: string;
  networkPort?: string | null;
  state?: string;
  macAddress?: string | null;
  mtu?: number | null;
}

/** Network interfaces of machines; `Item.owner` is the machine's key, `values.network` and `networkPort` ItemRefs. */
export interface Interfaces extends MakerGroup, Updating {
  create?(request: CreateInterface, context: CallContext): Promise<Outcome<Created>>;
  update?(key: string, to: InterfaceChange, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateVolume extends Marks, Naming, Extended {
  capacity: number;
  /** Type URI of the configuration. */
  type?: string | undefined;
  format?: string | undefined;
  bootable?: boolean | undefined;
  /** Provider key of the volume image it begins as. */
  image?: string | undefined;
  /** Provider key of the machine it is made for: a cloud that places volumes makes it where that machine is. */
  machine?: string | undefined;
}

export interface Volumes extends MakerGroup, NamingGroup, Updating {
  create?(request: CreateVolume, context: CallContext): Promise<Outcome<Created>>;
  /** Grows it, or marks it bootable or not; absent members stay. */
  update?(key: string, to: { capacity?: number; bootable?: boolean }, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateVolumeImage extends Marks, Naming, Extended {
  /** Provider key of the volume captured. */
  volume: string;
  bootable?: boolean | undefined;
  /** True where it is made to be read, as CaptureMachine.contents says. */
  contents?: boolean | undefined;
}

export interface VolumeImages extends MakerGroup, NamingGroup {
  create?(request: CreateVolumeImage, context: CallContext): Promise<Outcome<Created>>;
  /** Makes an image of bytes, as MachineImages.upload does (once). */
  upload?(request: UploadImage, context: CallContext): Promise<Outcome<Created>>;
  /** Opens an image's contents for reading, as MachineImages.download does. */
  download?(key: string, context: CallContext): Promise<DownloadedImage>;
  /** Makes a copy that can be read, as MachineImages.readable does (once). */
  readable?(request: ReadableImage, context: CallContext): Promise<Outcome<Created>>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateNetwork extends Marks, Naming, Extended {
  networkType: 'PUBLIC' | 'PRIVATE';
  mtu?: number | undefined;
  classOfService?: string | undefined;
  forwardingGroup?: string | undefined;
}

export interface NetworkChange {
  networkType?: string;
  mtu?: number | null;
  classOfService?: string | null;
}

export interface Networks extends MakerGroup, NamingGroup, Updating {
  create?(request: CreateNetwork, context: CallContext): Promise<Outcome<Created>>;
  start?(key: string, context: CallContext): Promise<Outcome>;
  stop?(key: string, context: CallContext): Promise<Outcome>;
  update?(key: string, to: NetworkChange, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateNetworkPort extends Marks, Naming, Extended {
  network: string;
  portType: 'ACCESS' | 'TRUNK';
  classOfService?: string | undefined;
}

export interface NetworkPortChange {
  portType?: string;
  classOfService?: string | null;
}

export interface NetworkPorts extends MakerGroup, NamingGroup, Updating {
  create?(request: CreateNetworkPort, context: CallContext): Promise<Outcome<Created>>;
  start?(key: string, context: CallContext): Promise<Outcome>;
  stop?(key: string, context: CallContext): Promise<Outcome>;
  update?(key: string, to: NetworkPortChange, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateAddress extends Marks, Naming, Extended {
  /** IP address; absent: the provider chooses one. */
  ip?: string | undefined;
  hostname?: string | undefined;
  allocation: 'dynamic' | 'static';
  protocol: 'IPv4' | 'IPv6';
  defaultGateway?: string | undefined;
  dns?: readonly string[] | undefined;
  mask?: string | undefined;
  network?: string | undefined;
}

export interface AddressChange {
  hostname?: string | null;
  dns?: readonly string[] | null;
  allocation?: 'static';
}

export interface Addresses extends MakerGroup, NamingGroup, Updating {
  create?(request: CreateAddress, context: CallContext): Promise<Outcome<Created>>;
  update?(key: string, to: AddressChange, context: CallContext): Promise<Outcome>;
  /** Gives the address to an interface. */
  bind?(key: string, to: { interface: string }, context: CallContext): Promise<Outcome>;
  /** Takes it from whatever has it. */
  release?(key: string, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}

export interface CreateForwardingGroup extends Marks, Naming, Extended {
  networks: readonly string[];
}

export interface ForwardingGroups extends MakerGroup, NamingGroup {
  create?(request: CreateForwardingGroup, context: CallContext): Promise<Outcome<Created>>;
  /** Adds a network; one that is in it already is success. */
  bind?(key: string, to: { network: string }, context: CallContext): Promise<Outcome>;
  /** Takes a network out. */
  release?(key: string, from: { network: string }, context: CallContext): Promise<Outcome>;
  delete?(key: string, context: CallContext): Promise<Outcome>;
}
