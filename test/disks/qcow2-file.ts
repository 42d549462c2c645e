import { deflateRawSync } from 'node:zlib';

/** A cluster of the disk, as the file has it. */
export type Cluster = { kind: 'absent' | 'zeros'; data?: undefined } | { kind: 'plain' | 'compressed'; data: Buffer };

export interface Layout {
  bits: number;
  clusters: readonly Cluster[];
  /** Bytes that the last cluster has too many. */
  short?: number;
  version?: 2 | 3;
}

const COPIED = 2n ** 63n;

/** A file as QEMU's docs/interop/qcow2.txt describes it: header, first table, second tables, clusters. */
export function qcow2({ bits, clusters, short = 0, version = 3 }: Layout): Buffer {
  const cluster = 2 ** bits;
  const perTable = cluster / 8;
  const tables = Math.ceil(clusters.length / perTable);
  const firstClusters = Math.ceil((tables * 8) / cluster);
  const head = Buffer.alloc((1 + firstClusters + tables) * cluster);
  head.write('QFI\xfb', 0, 'latin1');
  head.writeUInt32BE(version, 4);
  head.writeUInt32BE(bits, 20);
  head.writeBigUInt64BE(BigInt(clusters.length * cluster - short), 24);
  head.writeUInt32BE(tables, 36);
  head.writeBigUInt64BE(BigInt(cluster), 40);
  head.writeUInt32BE(4, 96);
  head.writeUInt32BE(version === 3 ? 104 : 0, 100);
  const parts: Buffer[] = [head];
  let end = head.length;
  for (const [index, each] of clusters.entries()) {
    const table = (1 + firstClusters + Math.floor(index / perTable)) * cluster;
    if (each.kind === 'absent') continue;
    head.writeBigUInt64BE(COPIED | BigInt(table), cluster + Math.floor(index / perTable) * 8);
    const entry = table + (index % perTable) * 8;
    if (!each.data) head.writeBigUInt64BE(1n, entry);
    else if (each.kind === 'plain') {
      const gap = (cluster - (end % cluster)) % cluster;
      parts.push(Buffer.alloc(gap), each.data);
      head.writeBigUInt64BE(COPIED | BigInt(end + gap), entry);
      end += gap + each.data.length;
    } else {
      const packed = deflateRawSync(each.data, { windowBits: 12 });
      const more = Math.floor((end + packed.length - 1) / 512) - Math.floor(end / 512);
      head.writeBigUInt64BE((1n << 62n) | (BigInt(more) << BigInt(70 - bits)) | BigInt(end), entry);
      parts.push(packed);
      end += packed.length;
    }
  }
  return Buffer.concat(parts);
}
