// jest's globalSetup: workers know the process that is there for the whole run (see openstack.ts).
module.exports = () => {
  process.env.CIMI_TEST_RUN = String(process.pid);
};
