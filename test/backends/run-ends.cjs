// jest's globalTeardown: stops the counterparts that test files shared.
require('./register-typescript.js');
const { leaveOpenstack } = require('./openstack.ts');

module.exports = () => leaveOpenstack();
