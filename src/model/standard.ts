import { addressCollections, addressResources } from './address';
import { cloud, cloudCollection } from './cloud';
import { credentialCollections, credentialResources } from './credential';
import type { Collection, Resource } from './define';
import { entryPointCollections, entryPointResources } from './entry-point';
import { eventCollections, eventResources } from './event';
import { forwardingGroupCollections, forwardingGroupResources } from './forwarding-group';
import { machineCollections, machineResources } from './machine';
import { machineTemplateCollections, machineTemplateResources } from './machine-template';
import { metadataCollections, metadataResources } from './metadata';
import { monitoringCollections, monitoringResources } from './monitoring';
import { networkCollections, networkResources } from './network';
import { networkPortCollections, networkPortResources } from './network-port';
import { systemCollections, systemResources } from './system';
import { systemTemplateCollections, systemTemplateResources } from './system-template';
import { volumeCollections, volumeResources } from './volume';

/** The 48 resource types of DSP0263 1.1, in the order of its clauses. */
export const standardResources: readonly Resource[] = [
  ...metadataResources,
  ...entryPointResources,
  ...systemResources,
  ...systemTemplateResources,
  ...machineResources,
  ...machineTemplateResources,
  ...credentialResources,
  ...volumeResources,
  ...networkResources,
  ...networkPortResources,
  ...addressResources,
  ...forwardingGroupResources,
  ...monitoringResources,
  ...eventResources,
];

/** Types of the gateway's own, in its namespace. */
export const ownResources: readonly Resource[] = [cloud];
export const ownCollections: readonly Collection[] = [cloudCollection];

/** Collection types of the standard, 52 of them. */
export const standardCollections: readonly Collection[] = [
  ...metadataCollections,
  ...entryPointCollections,
  ...systemCollections,
  ...systemTemplateCollections,
  ...machineCollections,
  ...machineTemplateCollections,
  ...credentialCollections,
  ...volumeCollections,
  ...networkCollections,
  ...networkPortCollections,
  ...addressCollections,
  ...forwardingGroupCollections,
  ...monitoringCollections,
  ...eventCollections,
];
