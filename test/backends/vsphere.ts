import { startSoapProxy, type SoapProxy } from './vsphere-proxy';
import { startVcsim, type Vcsim, type VcsimSize } from './vcsim';
import { portgroupsOf, walk } from './vsphere-networks';

/** A vCenter for tests: the simulator, the proxy in front of it, and a view past both driver and proxy. */
export interface VsphereAccount {
  /** URL for the driver: that of the proxy. */
  url: string;
  sim: Vcsim;
  proxy: SoapProxy;
  /** Options of a driver that goes through the proxy. */
  options: Readonly<Record<string, unknown>>;
  /** Machines and templates now there: key, inventory name, whether it is a template. */
  machines(): Promise<{ key: string; name: string; template: boolean }[]>;
  /** Every machine with these properties, each as the text of vCenter's answer. */
  read(paths: readonly string[]): Promise<string[]>;
  /** Calls a method without driver and proxy: takes the body of the request, returns the text of the answer. */
  call(body: string): Promise<string>;
  /** Names of all snapshots now there. */
  snapshots(): Promise<string[]>;
  /** First-class disks now there, by the catalogue of vCenter. */
  fcds(): Promise<{ id: string; name: string; capacity: number; metadata: Record<string, string> }[]>;
  /**
   * Acts at vCenter as somebody else: takes the body of a call (`/vslm`: of that service), returns the text of its answer. A task
   * is waited for.
   */
  console(body: string, service?: '/vslm'): Promise<string>;
  /** Words for each thing that the model did not begin with. */
  leftovers(): Promise<string[]>;
  /** Ends every session but the one that does it. */
  endSessions(): Promise<void>;
  stop(): Promise<void>;
}

export async function startVsphere(size: VcsimSize = {}): Promise<VsphereAccount> {
  const sim = await startVcsim(size);
  const proxy = await startSoapProxy(sim.url);
  const direct = new Direct(sim);
  const machines = () => direct.machines();
  const begun = new Set((await machines()).map(({ key }) => key));
  const disks = () => direct.disks();
  const plugged = new Set(await disks());
  const snapshots = () => direct.snapshots();
  const call = (body: string) => direct.loggedIn(body);
  const networks = new Set((await portgroupsOf(call)).map(({ key }) => key));
  const fcds = () => direct.fcds();
  return {
    url: proxy.url,
    sim,
    proxy,
    options: { url: proxy.url, username: sim.username, password: sim.password, insecure: true, settleMs: 100, pageSize: 5 },
    machines,
    read: (paths) => direct.read(paths),
    call,
    snapshots,
    fcds,
    console: (body, service) => direct.act(body, service),
    leftovers: async () => [
      ...(await machines()).filter(({ key }) => !begun.has(key)).map(({ key, name }) => `machine ${key} ${name}`),
      ...(await snapshots()).map((name) => `snapshot ${name}`),
      ...(await portgroupsOf(call)).filter(({ key }) => !networks.has(key)).map(({ key, name }) => `network ${key} ${name}`),
      ...(await disks()).filter((disk) => !plugged.has(disk)).map((disk) => `disk ${disk}`),
      ...(await fcds()).map(({ id, name }) => `first-class disk ${id} ${name}`),
      ...((await sim.order({ leases: true })).keys ?? []).map((key) => `lease of ${key}`),
    ],
    endSessions: () => direct.endSessions(),
    stop: async () => {
      await proxy.stop();
      await sim.stop();
    },
  };
}

/** Ways to machines. */
const EDGES = [
  ['Folder', 'childEntity'],
  ['Datacenter', 'vmFolder'],
  ['VirtualApp', 'vm'],
] as const;

/** The few calls that tests make themselves, written and read as text: nothing of the driver's is in them. */
class Direct {
  private cookie: string | undefined;

  constructor(private readonly sim: Vcsim) {}

  async call(body: string, service = ''): Promise<string> {
    const session = this.cookie?.replace(/^[^=]*=/, '') ?? '';
    const header = service === '' ? '' : `<soapenv:Header><vcSessionCookie>${session}</vcSessionCookie></soapenv:Header>`;
    const envelope = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${header}<soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
    const answer = await fetch(`${this.sim.url}${service}/sdk`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml', ...(this.cookie === undefined ? {} : { cookie: this.cookie }) },
      body: envelope,
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    this.cookie ??= /vmware_soap_session=[^;]+/.exec(answer.headers.get('set-cookie') ?? '')?.[0];
    return text;
  }

  private async login(): Promise<void> {
    if (this.cookie !== undefined) return;
    const password = this.sim.password.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
    await this.call(
      `<Login xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><userName>${this.sim.username}</userName><password>${password}</password></Login>`,
    );
  }

  async loggedIn(body: string): Promise<string> {
    await this.login();
    return this.call(body);
  }

  /** Every machine with these properties, as the text of each object's answer. */
  async read(paths: readonly string[]): Promise<string[]> {
    await this.login();
    const text = await this.call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>` +
        `<propSet><type>VirtualMachine</type>${paths.map((path) => `<pathSet>${path}</pathSet>`).join('')}</propSet>` +
        `${walk(EDGES)}</specSet><options/></RetrievePropertiesEx>`,
    );
    return text.match(/<objects>.*?<\/objects>/gs) ?? [];
  }

  async machines(): Promise<{ key: string; name: string; template: boolean }[]> {
    return (await this.read(['name', 'config.template'])).map((object) => ({
      key: /<obj type="VirtualMachine">([^<]*)</.exec(object)?.[1] ?? '',
      name: /<name>name<\/name><val[^>]*>([^<]*)</.exec(object)?.[1] ?? '',
      template: /<val[^>]*>true<\/val>/.test(object),
    }));
  }

  async snapshots(): Promise<string[]> {
    const trees = (await this.read(['snapshot'])).join('');
    return [...trees.matchAll(/<\/vm><name>([^<]*)</g)].map(([, name]) => name ?? '');
  }

  /** Machine and device of every virtual disk, the first-class ones too. */
  async disks(): Promise<string[]> {
    return (await this.read(['config.hardware.device'])).flatMap((object) => {
      const machine = /<obj type="VirtualMachine">([^<]*)</.exec(object)?.[1] ?? '';
      return [...object.matchAll(/xsi:type="VirtualDisk"[^>]*><key>(\d+)</g)].map(([, key]) => `${machine}:${key}`);
    });
  }

  async fcds(): Promise<{ id: string; name: string; capacity: number; metadata: Record<string, string> }[]> {
    await this.login();
    const text = await this.call(
      '<VslmListVStorageObjectForSpec xmlns="urn:vslm"><_this type="VslmVStorageObjectManager">VStorageObjectManager</_this>' +
        '<maxResult>10000</maxResult></VslmListVStorageObjectForSpec>',
      '/vslm',
    );
    return (text.match(/<queryResults>.*?<\/queryResults>/gs) ?? []).map((result) => ({
      id: /<id><id>([^<]*)</.exec(result)?.[1] ?? '',
      name: /<name>([^<]*)</.exec(result)?.[1] ?? '',
      capacity: Number(/<capacityInMB>([^<]*)</.exec(result)?.[1]),
      metadata: Object.fromEntries(
        [...result.matchAll(/<key>([^<]*)<\/key><value>([^<]*)</g)].map(([, key, value]) => [key ?? '', value ?? '']),
      ),
    }));
  }

  /** Makes one call, and waits for its task where it begins one. */
  async act(body: string, service = ''): Promise<string> {
    await this.login();
    const text = await this.call(body, service);
    const task = /<returnval type="Task">([^<]*)</.exec(text)?.[1];
    for (let state = 'running'; task !== undefined && (state === 'running' || state === 'queued');) {
      const info = await this.call(
        '<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>' +
          '<propSet><type>Task</type><pathSet>info.state</pathSet><pathSet>info.error</pathSet></propSet>' +
          `<objectSet><obj type="Task">${task}</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
      );
      state = /<name>info.state<\/name><val[^>]*>(\w+)</.exec(info)?.[1] ?? 'unknown';
      if (state === 'error' || state === 'unknown') throw new Error(info);
    }
    return text;
  }

  async endSessions(): Promise<void> {
    this.cookie = undefined;
    await this.login();
    const text = await this.call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>` +
        `<propSet><type>SessionManager</type><pathSet>sessionList</pathSet><pathSet>currentSession</pathSet></propSet>` +
        `<objectSet><obj type="SessionManager">SessionManager</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
    );
    const own = /<name>currentSession<\/name><val[^>]*><key>([^<]*)</.exec(text)?.[1];
    const keys = [...text.matchAll(/<UserSession[^>]*><key>([^<]*)</g)].map(([, key]) => key).filter((key) => key !== own);
    for (const key of keys) {
      await this.call(
        `<TerminateSession xmlns="urn:vim25"><_this type="SessionManager">SessionManager</_this><sessionId>${key}</sessionId></TerminateSession>`,
      );
    }
  }
}
