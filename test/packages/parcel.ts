import type { Disk } from '../../src/disks/disk';
import { rawBytes } from '../../src/disks/raw-stream';
import { vmdkBytes } from '../../src/disks/vmdk-writer';
import { bytes, startOrigin, type Answer, type Origin } from '../fetch/origin';

/** Contents of the packages' disks: little among zeros. */
export function diskOf(size: number, word: string): Disk {
  const data = Buffer.alloc(65_536, word);
  return {
    size,
    rereadable: true,
    async *extents() {
      yield await Promise.resolve({ offset: 65_536, data });
    },
  };
}

async function collected(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

export const vmdkOf = (disk: Disk): Promise<Buffer> => collected(vmdkBytes(disk));
export const rawOf = (disk: Disk): Promise<Buffer> => collected(rawBytes(disk));

const VMDK = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';

/** A machine of a package. @param disks ids of its disks, the first starts it */
export interface Member {
  id: string;
  cpus: number;
  mebibytes: number;
  disks: readonly string[];
  networks: readonly string[];
  /** Text of a licence. */
  licence?: string;
  /** Address of its first interface. */
  mac?: string;
  /** Product sections. */
  products?: string;
}

const item = (id: number, type: number, more: string): string =>
  `<Item><rasd:ElementName>${id}</rasd:ElementName><rasd:InstanceID>${id}</rasd:InstanceID>${more}<rasd:ResourceType>${type}</rasd:ResourceType></Item>`;

export function systemOf({ id, cpus, mebibytes, disks, networks, licence, mac, products = '' }: Member): string {
  const items = [
    item(1, 3, `<rasd:VirtualQuantity>${cpus}</rasd:VirtualQuantity>`),
    item(2, 4, `<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:VirtualQuantity>${mebibytes}</rasd:VirtualQuantity>`),
    item(3, 6, '<rasd:Address>0</rasd:Address>'),
    ...disks.map((disk, at) =>
      item(
        10 + at,
        17,
        `<rasd:AddressOnParent>${at}</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/${disk}</rasd:HostResource><rasd:Parent>3</rasd:Parent>`,
      ),
    ),
    ...networks.map((network, at) =>
      item(
        30 + at,
        10,
        `${mac !== undefined && at === 0 ? `<rasd:Address>${mac}</rasd:Address>` : ''}<rasd:Connection>${network}</rasd:Connection>`,
      ),
    ),
  ];
  const eula = licence === undefined ? '' : `<EulaSection><Info/><License>${licence}</License></EulaSection>`;
  return `<VirtualSystem ovf:id="${id}"><Info/><Name>${id}</Name>${eula}${products}<VirtualHardwareSection><Info/>${items.join('')}</VirtualHardwareSection></VirtualSystem>`;
}

/** Disk of a package; its file is a VMDK if not said otherwise. */
export interface PackedFile {
  file?: string;
  size: number;
  format?: string;
  gzip?: boolean;
  /** Bytes of the file, where the descriptor tells them. */
  bytes?: number;
  chunkSize?: number;
}

/** A descriptor. @param disks file and virtual size of each disk, by id; without a file it is blank */
export function envelope(content: string, disks: Readonly<Record<string, PackedFile>>, networks: readonly string[]): string {
  const told = (name: string, value: unknown): string => (value === undefined ? '' : ` ovf:${name}="${String(value)}"`);
  const files = Object.entries(disks).flatMap(([id, { file, gzip, bytes: size, chunkSize }]) =>
    file === undefined
      ? []
      : [
          `<File ovf:id="f-${id}" ovf:href="${file}"${told('compression', gzip === true ? 'gzip' : undefined)}${told('size', size)}${told('chunkSize', chunkSize)}/>`,
        ],
  );
  const section = Object.entries(disks).map(
    ([id, { file, size, format = VMDK }]) =>
      `<Disk ovf:diskId="${id}" ovf:capacity="${size}" ${file === undefined ? '' : `ovf:fileRef="f-${id}"`} ovf:format="${format}"/>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">
<References>${files.join('')}</References>
<DiskSection><Info/>${section.join('')}</DiskSection>
<NetworkSection><Info/>${networks.map((name) => `<Network ovf:name="${name}"><Description>of the package</Description></Network>`).join('')}</NetworkSection>
${content}
</Envelope>`;
}

export const collection = (id: string, members: readonly string[]): string =>
  `<VirtualSystemCollection ovf:id="${id}"><Info/><Name>${id}</Name>${members.join('')}</VirtualSystemCollection>`;

/** Serves files of packages by path. */
export function serving(files: Readonly<Record<string, string | Buffer>>, more: Readonly<Record<string, Answer>> = {}): Promise<Origin> {
  return startOrigin({
    ...Object.fromEntries(Object.entries(files).map(([path, content]) => [path, bytes(Buffer.from(content))])),
    ...more,
  });
}

/** Property of a product, as `property` is told in XML. */
export const property = (key: string, value: string, more = ''): string =>
  `<Property ovf:key="${key}" ovf:type="string" ovf:userConfigurable="true" ovf:value="${value}" ${more}/>`;

export const product = (kind: string, ...properties: readonly string[]): string =>
  `<ProductSection ovf:class="${kind}"><Info/>${properties.join('')}</ProductSection>`;
