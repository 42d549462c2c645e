import { waitUntil } from '../harness/wait';
/** Calls of vCenter by which tests change networks without the driver, written and read as text. */

type Call = (body: string) => Promise<string>;

export interface Portgroup {
  key: string;
  name: string;
  description: string;
}

/** Builds the beginning of a read of properties: the root folder, and the ways down from it, each repeatedly. */
export function walk(edges: readonly (readonly [type: string, path: string])[]): string {
  const names = edges.map((_, index) => `<selectSet><name>e${index}</name></selectSet>`).join('');
  const ways = edges.map(
    ([type, path], index) =>
      `<selectSet xsi:type="TraversalSpec"><name>e${index}</name><type>${type}</type><path>${path}</path><skip>false</skip>${names}</selectSet>`,
  );
  return `<objectSet><obj type="Folder">group-d1</obj><skip>false</skip>${ways.join('')}</objectSet>`;
}

/** Distributed and standard networks now there, uplink port groups too. */
export async function portgroupsOf(call: Call): Promise<Portgroup[]> {
  const text = await call(
    `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>` +
      `<propSet><type>DistributedVirtualPortgroup</type><pathSet>name</pathSet><pathSet>config.description</pathSet></propSet>` +
      `<propSet><type>Network</type><pathSet>name</pathSet></propSet>` +
      `${walk([
        ['Folder', 'childEntity'],
        ['Datacenter', 'networkFolder'],
      ])}</specSet><options/></RetrievePropertiesEx>`,
  );
  const objects = text.match(/<objects>.*?<\/objects>/gs) ?? [];
  const value = (object: string, name: string) => new RegExp(`<name>${name}</name><val[^>]*>([^<]*)<`).exec(object)?.[1] ?? '';
  return objects.map((object) => ({
    key: /<obj type="\w+">([^<]*)</.exec(object)?.[1] ?? '',
    name: value(object, 'name'),
    description: value(object, 'config.description'),
  }));
}

/** Makes port groups on the only switch, as somebody at vCenter would; answers their keys, in the order of the names. */
export async function addPortgroups(call: Call, names: readonly string[], more = ''): Promise<string[]> {
  const [on] = await switchesOf(call);
  if (on === undefined) throw new Error('there is no distributed switch');
  const specs = names.map((name) => `<spec><name>${name}</name><numPorts>8</numPorts>${more}<type>earlyBinding</type></spec>`).join('');
  await ended(
    call,
    `<AddDVPortgroup_Task xmlns="urn:vim25"><_this type="DistributedVirtualSwitch">${on}</_this>${specs}</AddDVPortgroup_Task>`,
  );
  const all = await portgroupsOf(call);
  return names.map((name) => all.find((each) => each.name === name)?.key ?? '');
}

/** Keys of the distributed switches. */
export async function switchesOf(call: Call): Promise<string[]> {
  const text = await call(
    `<CreateContainerView xmlns="urn:vim25"><_this type="ViewManager">ViewManager</_this><container type="Folder">group-d1</container>` +
      `<type>DistributedVirtualSwitch</type><recursive>true</recursive></CreateContainerView>`,
  );
  const view = /<returnval type="ContainerView">([^<]*)</.exec(text)?.[1] ?? '';
  const seen = await call(
    `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>` +
      `<propSet><type>ContainerView</type><pathSet>view</pathSet></propSet>` +
      `<objectSet><obj type="ContainerView">${view}</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
  );
  return [...seen.matchAll(/type="DistributedVirtualSwitch"[^>]*>([^<]*)</g)].map(([, key]) => key ?? '');
}

/** Makes a distributed switch without hosts in a network folder; answers its key. */
export async function addSwitch(call: Call, folder: string, name: string): Promise<string> {
  const before = await switchesOf(call);
  await ended(
    call,
    `<CreateDVS_Task xmlns="urn:vim25"><_this type="Folder">${folder}</_this><spec>` +
      `<configSpec xsi:type="VMwareDVSConfigSpec"><name>${name}</name></configSpec></spec></CreateDVS_Task>`,
  );
  return (await switchesOf(call)).find((key) => !before.includes(key)) ?? '';
}

/** Destroys an object, or what the method does; fails with the words of the task. */
export async function destroy(call: Call, type: string, key: string): Promise<void> {
  await ended(call, `<Destroy_Task xmlns="urn:vim25"><_this type="${type}">${key}</_this></Destroy_Task>`);
}

/** Calls a method with a task and waits for its end. */
export async function ended(call: Call, body: string): Promise<void> {
  const task = /<returnval type="Task">([^<]*)</.exec(await call(body))?.[1] ?? '';
  await waitUntil(async () => {
    const text = await call(
      `<RetrievePropertiesEx xmlns="urn:vim25"><_this type="PropertyCollector">propertyCollector</_this><specSet>` +
        `<propSet><type>Task</type><pathSet>info</pathSet></propSet><objectSet><obj type="Task">${task}</obj></objectSet></specSet><options/></RetrievePropertiesEx>`,
    );
    if (text.includes('<state>error</state>')) throw new Error(text);
    return text.includes('<state>success</state>');
  });
}
