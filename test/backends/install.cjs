// Installs counterparts that come from a registry, before the tests begin (their own time limits are for running).
require('./register-typescript.js');
const { installMoto, motoAvailable } = require('./moto.ts');

const available = motoAvailable();
if (available === true) {
  installMoto().catch((error) => {
    console.error(String(error));
    process.exitCode = 1;
  });
} else {
  console.error(`moto: ${available.missing} is missing`);
}
