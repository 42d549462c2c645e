import type { MeterOffer } from '../../src/clouds/driver';

/** Figure in Gnocchi that stands for an aspect of a type. */
export interface Aspect {
  /** Gnocchi's resource type, and the metric as Ceilometer names it. */
  resource: string;
  metric: string;
  /** True: a number that only grows, told as a rate. */
  counter: boolean;
  /** Factor from Gnocchi's unit to ours. */
  factor: number;
}

const PORT = 'instance_network_interface';
const DISK = 'instance_disk';
/** Ceilometer's MB are MiB: libvirt's KiB ÷ 1024. */
const MIB = 1_048_576;

/** Aspects by type and name, as Ceilometer's gnocchi_resources.yaml names their metrics. */
export const ASPECTS: Readonly<Record<string, Readonly<Record<string, Aspect>>>> = {
  Machine: {
    // ns of one vCPU; 1 s of it in 1 s are 100 percent.
    cpu: { resource: 'instance', metric: 'cpu', counter: true, factor: 100 / 1e9 },
    memory: { resource: 'instance', metric: 'memory.usage', counter: false, factor: MIB },
    inputBandwidth: { resource: PORT, metric: 'network.incoming.bytes', counter: true, factor: 1 },
    outputBandwidth: { resource: PORT, metric: 'network.outgoing.bytes', counter: true, factor: 1 },
  },
  Volume: {
    inputBandwidth: { resource: DISK, metric: 'disk.device.write.bytes', counter: true, factor: 1 },
    outputBandwidth: { resource: DISK, metric: 'disk.device.read.bytes', counter: true, factor: 1 },
  },
  NetworkPort: {
    inputBandwidth: { resource: PORT, metric: 'network.incoming.bytes', counter: true, factor: 1 },
    outputBandwidth: { resource: PORT, metric: 'network.outgoing.bytes', counter: true, factor: 1 },
  },
};

/** Time for which Ceilometer's policies keep points, in s. */
const KEPT_S = 30 * 86_400;

/** Offers by Gnocchi: a point is there when its time is over and what was measured last in it has been taken in. */
export const gnocchiOffers = (seconds: number): MeterOffer[] =>
  Object.entries(ASPECTS).flatMap(([type, aspects]) =>
    Object.keys(aspects).map((aspect) => ({ type, aspect, resolution: seconds, delay: 2 * seconds, kept: KEPT_S })),
  );

/** Offers by Nova's diagnostics, which tell what is now: the interval that ended last, and nothing of before. */
export const diagnosticsOffers = (seconds: number): MeterOffer[] =>
  Object.keys(ASPECTS.Machine ?? {}).map((aspect) => ({ type: 'Machine', aspect, resolution: seconds, delay: 0, kept: 2 * seconds }));
