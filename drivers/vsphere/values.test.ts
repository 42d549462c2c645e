import { isA } from './types';
import { readAs, readResult, writeCall } from './values';
import { parse } from './xml';

const NS = 'xmlns="urn:vim25" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
const VM = { type: 'VirtualMachine', value: 'vm-7' };

describe('writeCall', () => {
  test('members come in the API’s order, whatever the order they are given in; what is absent is left out', () => {
    const spec = { extraConfig: [{ value: 'v <', key: 'k' }], memoryMB: 4, annotation: '', name: 'a & b' };
    expect(writeCall('ReconfigVM_Task', VM, { spec })).toBe(
      '<ReconfigVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-7</_this><spec><name>a &amp; b</name>' +
        '<annotation></annotation><memoryMB>4</memoryMB>' +
        '<extraConfig><key>k</key><value xsi:type="xsd:string">v &lt;</value></extraConfig></spec></ReconfigVM_Task>',
    );
  });

  test('a subtype is told by xsi:type, its members included', () => {
    const backing = { $type: 'VirtualDiskFlatVer2BackingInfo', diskMode: 'persistent', fileName: '' };
    const device = { $type: 'VirtualDisk', capacityInKB: 1024, key: -1, backing };
    const deviceChange = [{ operation: 'add', device }];
    expect(writeCall('ReconfigVM_Task', VM, { spec: { deviceChange } })).toContain(
      '<device xsi:type="VirtualDisk"><key>-1</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName>' +
        '<diskMode>persistent</diskMode></backing><capacityInKB>1024</capacityInKB></device>',
    );
  });

  test('a method of another service is of its namespace', () => {
    const self = { type: 'VslmVStorageObjectManager', value: 'VStorageObjectManager' };
    expect(writeCall('VslmRetrieveVStorageObjects', self, { ids: [{ id: 'a' }, { id: 'b' }] })).toBe(
      '<VslmRetrieveVStorageObjects xmlns="urn:vslm"><_this type="VslmVStorageObjectManager">VStorageObjectManager</_this>' +
        '<ids><id>a</id></ids><ids><id>b</id></ids></VslmRetrieveVStorageObjects>',
    );
  });

  test('a type that is not declared is no accident to be sent', () => {
    const device = { $type: 'VirtualToaster' };
    expect(() => writeCall('ReconfigVM_Task', VM, { spec: { deviceChange: [{ operation: 'add', device }] } })).toThrow(/VirtualToaster/);
  });
});

describe('reading', () => {
  const any = (xml: string) => readAs('any', parse(xml));

  test.each([
    [`<val ${NS} xsi:type="xsd:string">a</val>`, 'a'],
    [`<val ${NS} xsi:type="xsd:int">7</val>`, 7],
    [`<val ${NS} xsi:type="xsd:long">9007199254740991</val>`, 9007199254740991],
    [`<val ${NS} xsi:type="xsd:boolean">true</val>`, true],
    [`<val ${NS} xsi:type="VirtualMachinePowerState">poweredOn</val>`, 'poweredOn'],
    [`<val ${NS} type="Folder" xsi:type="ManagedObjectReference">group-v3</val>`, { type: 'Folder', value: 'group-v3' }],
    [`<val ${NS} xsi:type="ArrayOfString"><string>a</string><string>b</string></val>`, ['a', 'b']],
    [
      `<val ${NS} xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="Network">n-1</ManagedObjectReference></val>`,
      [{ type: 'Network', value: 'n-1' }],
    ],
  ])('a value by its own type: %s', (xml, value) => {
    expect(any(xml)).toEqual(value);
  });

  test('devices keep their own types; of one that is not declared what every device has is read', () => {
    const devices = any(
      `<val ${NS} xsi:type="ArrayOfVirtualDevice"><VirtualDevice xsi:type="VirtualDisk"><key>2000</key><capacityInKB>64</capacityInKB>` +
        '<unheard>1</unheard></VirtualDevice><VirtualDevice xsi:type="VirtualCdrom"><key>3000</key></VirtualDevice></val>',
    ) as unknown[];
    expect(devices).toEqual([
      { $type: 'VirtualDisk', key: 2000, capacityInKB: 64 },
      { $type: 'VirtualCdrom', key: 3000 },
    ]);
    expect(isA(devices[0], 'VirtualDisk')).toBe(true);
    expect(isA(devices[1], 'VirtualDisk')).toBe(false);
  });

  test('a snapshot tree is read to its leaves', () => {
    const tree = any(
      `<val ${NS} xsi:type="VirtualMachineSnapshotInfo"><rootSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-1</snapshot>` +
        '<name>a</name><childSnapshotList><snapshot type="VirtualMachineSnapshot">snapshot-2</snapshot><name>b</name></childSnapshotList>' +
        '</rootSnapshotList></val>',
    );
    expect(tree).toMatchObject({
      rootSnapshotList: [{ name: 'a', childSnapshotList: [{ name: 'b', snapshot: { value: 'snapshot-2' } }] }],
    });
  });

  test('what a method returns: one, many, nothing', () => {
    const answer = (name: string, inner: string) => parse(`<${name}Response ${NS}>${inner}</${name}Response>`);
    expect(readResult('PowerOnVM_Task', answer('PowerOnVM_Task', '<returnval type="Task">task-1</returnval>'))).toEqual({
      type: 'Task',
      value: 'task-1',
    });
    expect(readResult('FindAllByUuid', answer('FindAllByUuid', ''))).toEqual([]);
    expect(readResult('ShutdownGuest', answer('ShutdownGuest', ''))).toBeUndefined();
    expect(readResult('RetrievePropertiesEx', answer('RetrievePropertiesEx', ''))).toBeUndefined();
  });
});
