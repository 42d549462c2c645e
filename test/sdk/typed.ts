import { connect, type Cimi } from '../../sdk/index';

/**
 * Uses of the client library, right ones and wrong ones: the type checker (npm run check:types) holds that a wrong one does not compile,
 * for an @ts-expect-error over what compiles is an error itself.
 */
export async function uses(cimi: Cimi): Promise<void> {
  for await (const machine of cimi.machines.list({ filter: (f) => f.state.eq('STARTED').and(f.cpu.gt(2)), select: ['name', 'cpu'] })) {
    const cpu: number | undefined = machine.cpu;
    const id: string = machine.id;
    void [cpu, id, machine.can('stop')];
    // @ts-expect-error memory was not asked for
    void machine.memory;
  }
  // @ts-expect-error no such state
  cimi.machines.list({ filter: (f) => f.state.eq('RUNNING') });
  // @ts-expect-error no such attribute
  cimi.machines.list({ filter: (f) => f.colour.eq('red') });
  // @ts-expect-error no such attribute to select
  cimi.machines.list({ select: ['colour'] });
  // @ts-expect-error no such attribute to put in order
  cimi.machines.list({ orderBy: ['colour:desc'] });
  // @ts-expect-error text is put in no order
  cimi.machines.list({ filter: (f) => f.name.lt('x') });
  // @ts-expect-error a number is compared with a number
  cimi.machines.list({ filter: (f) => f.cpu.eq('4') });
  // @ts-expect-error what is written only is compared with nothing
  cimi.credentials.list({ filter: (f) => f.password.eq('x') });
  // @ts-expect-error no such collection
  void cimi.servers;

  const { resource, job } = await cimi.machines.create({
    name: 'web',
    machineTemplate: { machineConfig: { cpu: 2, memory: 4_194_304 }, machineImage: { href: 'machineImages/x' } },
  });
  // @ts-expect-error a Machine is made with a template
  void cimi.machines.create({ name: 'web' });
  // @ts-expect-error memory is a number
  void cimi.machines.create({ machineTemplate: { machineConfig: { memory: '4 GiB' } } });
  const done = await cimi.wait(job, { onProgress: ({ progress }) => void progress });
  void done?.statusMessage;

  void resource.act('stop', { force: true });
  void resource.act('start');
  // @ts-expect-error no such action
  void resource.act('explode');
  // @ts-expect-error an import has a source
  void cimi.systems.act('import', { properties: { cloud: 'x' } });
  void resource.update({ description: null });
  // @ts-expect-error the state is not written
  void resource.update({ state: 'STOPPED' });

  if (resource.disks) {
    const { capacity } = (await cimi.collection(resource.disks).all())[0] ?? {};
    const exact: number | undefined = capacity;
    void exact;
  }
  if (resource.latestSnapshot) {
    const image = await cimi.get(resource.latestSnapshot);
    const state: 'CREATING' | 'AVAILABLE' | 'DELETING' | 'ERROR' = image.state;
    void state;
  }
  // The gateway's own types are there as those of the standard are.
  for await (const { key, state, since } of cimi.clouds.list({ filter: (f) => f.state.ne('UP'), expand: ['cloudEntryPoint'] })) {
    const words: readonly (string | undefined)[] = [key, state, since];
    void words;
  }
  // @ts-expect-error no such state of a cloud
  cimi.clouds.list({ filter: (f) => f.state.eq('STARTED') });
  cimi.machines.list({ expand: ['networkInterfaces/addresses/address'] });
  // @ts-expect-error a path begins with an attribute
  cimi.machines.list({ expand: ['interfaces/addresses'] });
  const meter = await cimi.get<'Meter'>('meters/x');
  if (meter.samples) void cimi.collection(meter.samples).all({ step: 3600, orderBy: ['timestamp:desc'] });
  // @ts-expect-error machines have no step
  void cimi.machines.all({ step: 3600 });
  // @ts-expect-error a login has a user by name
  await connect('http://127.0.0.1:8080', { username: 'x' });
}
