// jest's sequencer, where it knows no durations yet: a long file that begins last keeps one worker busy while the others have nothing.
const TestSequencer = require(require.resolve('@jest/test-sequencer', { paths: [require.resolve('jest/package.json')] })).default;

/** Files of more than half a minute, longest first. */
const LONG = [
  /\/drivers\/openstack(-infrastructure)?\.test/,
  /\/crash\/(create|workers|remove|random|sampling|sampling-two)\.test/,
  /\/running\/cli\.test/,
  /\/main-job\/(vsphere-slow|ec2-slow|ec2-trouble|openstack|openstack-networks)\.test/,
  /\/drivers\/(strangers-ec2|ec2-slow|vsphere-slow)\.test/,
  /\/drivers\/ec2\.test/,
  /\/conformance\/(mutants\/mutants|ec2-families|vsphere|vsphere-families|ec2|simulator|simulator-families)\.test/,
  /\/protocol\/(operations-walk|policy)\.test/,
  /\/updates\/erasing\.test/,
  /\/openapi\/generated\.test/,
  /\/sizes\/ec2\.test/,
  /\/main-job\//,
  /\/systems\/crash\.test/,
  /\/running\//,
  /\/drivers\/(simulator|vsphere-extras)\.test/,
];

const rank = ({ path }) => {
  const at = LONG.findIndex((one) => one.test(path));
  return at < 0 ? LONG.length : at;
};

module.exports = class LongestFirst extends TestSequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    return sorted.every(({ duration }) => duration !== undefined) ? sorted : sorted.sort((one, other) => rank(one) - rank(other));
  }
};
