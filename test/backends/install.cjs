// Installs counterparts that come from a registry, before the tests begin (their own time limits are for running).
require('./register-typescript.js');
const { generatorsAvailable, installGenerators } = require('./api-generators.ts');
const { ansibleAvailable, installAnsible, installLibcloud, libcloudAvailable } = require('./bridges.ts');
const { cotAvailable, installCot } = require('./cot.ts');
const { govmomiAvailable, installGovmomi } = require('./govmomi.ts');
const { chartsAvailable, installCharts } = require('./kubernetes.ts');
const { installNodes, nodesAvailable } = require('./node-versions.ts');
const { installMoto, motoAvailable } = require('./moto.ts');
const { installOpenstacksdk, openstacksdkAvailable } = require('./openstacksdk.ts');
const { installOtlp, otlpAvailable } = require('./otlp.ts');
const { installPromtool, promtoolAvailable } = require('./promtool.ts');
const { installPycadf, pycadfAvailable } = require('./pycadf.ts');
const { installVcsim, vcsimAvailable } = require('./vcsim.ts');

/** One after the other: building the simulator takes both cores. */
async function installAll() {
  for (const [name, available, install] of [
    ['generators of API clients', generatorsAvailable, installGenerators],
    ['Ansible', ansibleAvailable, installAnsible],
    ['Apache Libcloud', libcloudAvailable, installLibcloud],
    ['COT', cotAvailable, installCot],
    ['moto', motoAvailable, installMoto],
    ['later versions of Node', nodesAvailable, installNodes],
    ['openstacksdk', openstacksdkAvailable, installOpenstacksdk],
    ["OpenTelemetry's protocol", otlpAvailable, installOtlp],
    ['promtool', promtoolAvailable, installPromtool],
    ['pycadf', pycadfAvailable, installPycadf],
    ['the vCenter simulator', vcsimAvailable, installVcsim],
    ["govmomi's parser of descriptors", govmomiAvailable, installGovmomi],
    ['Helm and kubeconform', chartsAvailable, installCharts],
  ]) {
    const there = available();
    try {
      if (there === true) await install();
      else console.error(`${name}: ${there.missing} is missing`);
    } catch (error) {
      console.error(`${name}: ${String(error)}`);
      process.exitCode = 1;
    }
  }
}

void installAll();
