/** Descriptors of VMware's set that are right by its names and refused here, with the reason. */
export const REFUSED_POSITIVES: Readonly<Record<string, string>> = {
  // A path of Windows: no file of a package lies there.
  'Envelope/Pos/other_schema.ovf':
    "the name '\\\\pa-scratch\\scratch\\vkolapan\\ubuntu.vmdk' leads into another folder; a package's files lie beside its descriptor",
  'Envelope_1_0/Pos/other_schema.ovf':
    "the name '\\\\pa-scratch\\scratch\\vkolapan\\ubuntu.vmdk' leads into another folder; a package's files lie beside its descriptor",
  // An element with a prefix that nothing declares is none that could be told apart from OVF's own (Namespaces in XML 1.0, 5).
  'VirtualHardware_1_0/Pos/item_msgid.ovf': "nothing declares the prefix 'ovfstr'",
  'VirtualHardware_1_0/Pos/item_msgid_elename.ovf': "nothing declares the prefix 'ovfstr'",
};

const both = (section: string, ...names: string[]): string[] =>
  [section, `${section}_1_0`].flatMap((folder) => names.map((name) => `${folder}/Neg/${name}.ovf`));

/** Descriptors that are wrong by its names and accepted here, by reason. */
export const ACCEPTED_NEGATIVES: Readonly<Record<string, readonly string[]>> = {
  'the descriptor is right; the certificate beside it is what the case is about': ['DigitalCertificates/Neg/valid_certificate.ovf'],
  'the descriptor is right; what is wrong is in the disk, or the disk is not there': [
    ...both('DiskSection', 'invalid_createType_disk', 'invalid_delta_reference_disk'),
    ...['Envelope/Neg/gzip_compression.ovf', 'Envelope/Neg/identity_compression.ovf'],
    ...both('Envelope', 'invalid_vmdk', 'invalid_ref_size_neg', 'invalid_ref_size_null'),
    ...['HttpLocators/Neg/valid_no_disk.ovf', ...both('HttpLocators', 'valid_no_disk_in_server')],
  ],
  'the same bytes stand among those that are right: Info is for who does not know a section': [
    ...both('Envelope', 'bare_minimal'),
    ...both('HttpLocators', 'bare_minimal_http'),
  ],
  'Info is missing, as in those': both('Envelope', 'content_withnoinfo', 'section_withnoinfo', 'invalid_zero_capacity', 'no_version_num'),
  'the same bytes stand among those that are right': ['Options/Neg/nvm001.ovf'],
  'the same but for its prefix stands among those that are right': ['VirtualHardware/Neg/empty_system.ovf'],
  'the namespace tells the version': both('Envelope', 'invalid_no_version'),
  'products leave the format out, and the contents tell it': both('DiskSection', 'no_format'),
  'the order of disks means nothing where each names its file': both('DiskSection', 'not_in_order_disks'),
  'the populated size is an estimate': both('DiskSection', 'popsize_gt_capacity'),
  'an item without a bound is the normal value (DSP0243 8.4), and maxonly_bound.ovf among those that are right has the same': both(
    'VirtualHardware',
    'maxwith_nonormal',
  ),
  'a start order that names what is not there is told in a warning': ['VirtualAppliances/Neg/nvapp001.ovf'],
};
