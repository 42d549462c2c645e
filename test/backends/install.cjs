// Installs counterparts that come from a registry, before the tests begin (their own time limits are for running).
require('./register-typescript.js');
const { installMoto, motoAvailable } = require('./moto.ts');
const { installOpenstacksdk, openstacksdkAvailable } = require('./openstacksdk.ts');
const { installVcsim, vcsimAvailable } = require('./vcsim.ts');

/** One after the other: building the simulator takes both cores. */
async function installAll() {
  for (const [name, available, install] of [
    ['moto', motoAvailable, installMoto],
    ['openstacksdk', openstacksdkAvailable, installOpenstacksdk],
    ['the vCenter simulator', vcsimAvailable, installVcsim],
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
