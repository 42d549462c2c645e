import { standardCatalogue } from '../model/catalogue';
import type { BodyError, Format, Shape } from './codec';
import { createBodyReader } from './reader';

const catalogue = standardCatalogue();
const readers = { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') };
const base = 'http://cimi.example.com/cimi/';
const CIMI = 'http://schemas.dmtf.org/cimi/1';
const EXTENSION = 'http://cimi-gateway.org/extension/1';

const machineCreate: Shape = { kind: 'create', type: 'Machine' };
const machineUpdate: Shape = { kind: 'resource', type: 'Machine', purpose: 'update' };
const templateCreate: Shape = { kind: 'resource', type: 'MachineTemplate', purpose: 'create' };
const machineAction: Shape = { kind: 'action', type: 'Machine' };
const imageCreate: Shape = { kind: 'resource', type: 'MachineImage', purpose: 'create' };

function read(format: Format, body: unknown, ...shapes: Shape[]) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readers[format](new TextEncoder().encode(text), shapes, { base });
}
const json = (body: unknown, ...shapes: Shape[]) => read('json', body, ...shapes);
const xml = (body: string, ...shapes: Shape[]) => read('xml', body, ...shapes);

/** The refusal of a body: its words, place and status. */
function refusal(call: () => unknown): BodyError {
  try {
    call();
  } catch (error) {
    return error as BodyError;
  }
  throw new Error('was accepted');
}

describe('create (4.2.1.1)', () => {
  const expected = {
    name: 'm',
    machineTemplate: {
      href: 'machineTemplates/1',
      credential: null,
      volumes: [{ initialLocation: '/dev/sda', volume: { href: 'volumes/1' } }],
      networkInterfaces: [{ addresses: [{ href: 'addresses/1' }], network: { href: 'networks/1' }, state: 'ACTIVE', mtu: 1500 }],
    },
  };

  test('JSON: by reference with overrides and an erased attribute', () => {
    const machineTemplate = {
      href: `${base}machineTemplates/1`,
      credential: null,
      volumes: [{ initialLocation: '/dev/sda', href: 'volumes/1' }],
      networkInterfaces: [
        { addresses: [{ address: { href: 'addresses/1' } }], network: { href: 'networks/1' }, state: 'ACTIVE', mtu: 1500 },
      ],
    };
    expect(json({ resourceURI: `${CIMI}/MachineCreate`, name: 'm', machineTemplate }, machineCreate).values).toEqual(expected);
  });

  test('XML: the same', () => {
    const body = `<?xml version="1.0"?><MachineCreate xmlns="${CIMI}"><name>m</name><machineTemplate href="${base}machineTemplates/1">
      <credential/><volume initialLocation="/dev/sda" href="volumes/1"/>
      <networkInterface><address href="addresses/1"/><network href="networks/1"/><state> ACTIVE </state><mtu> 1500 </mtu></networkInterface>
      </machineTemplate></MachineCreate>`;
    expect(xml(body, machineCreate).values).toEqual(expected);
  });

  test('nested volumes as the tables have them (D005)', () => {
    const machineTemplate = { volumes: [{ volume: { href: 'volumes/1' } }] };
    expect(json({ machineTemplate }, machineCreate).values).toEqual({ machineTemplate });
    const body = '<MachineCreate><machineTemplate><volume><volume href="volumes/1"/></volume></machineTemplate></MachineCreate>';
    expect(xml(body, machineCreate).values).toEqual({ machineTemplate });
  });

  test('a credential by value may be of either type (D020), and its secret is read', () => {
    const machineTemplate = { credential: { userName: 'u', password: 'p' }, machineImage: { type: 'IMAGE', state: 'ERROR' } };
    const read = json({ machineTemplate }, machineCreate).values;
    expect(read).toEqual({ machineTemplate: { credential: { userName: 'u', password: 'p' }, machineImage: {} } });
  });

  test('component references only inside component descriptors (5.13.3)', () => {
    const systemCreate: Shape = { kind: 'resource', type: 'SystemTemplate', purpose: 'create' };
    const componentDescriptors = [{ type: `${CIMI}/Machine`, machineTemplate: { credential: { href: '#mine' } } }];
    expect(json({ componentDescriptors }, systemCreate).values).toEqual({ componentDescriptors });
    expect(refusal(() => json({ machineTemplate: { credential: { href: '#mine' } } }, machineCreate)).at).toBe(
      'machineTemplate.credential.href',
    );
  });
});

describe('which shape a body has', () => {
  const both = [machineCreate, templateCreate, machineAction];
  test.each([
    [{ resourceURI: `${CIMI}/MachineCreate` }, machineCreate],
    [{ resourceURI: ` ${CIMI}/MachineTemplateCreate` }, templateCreate],
    [{ machineTemplate: {} }, machineCreate],
    [{ action: `${CIMI}/action/start` }, machineAction],
    [{ name: 'x' }, templateCreate],
  ])('JSON %j', (body, shape) => {
    expect(json(body, ...both).shape).toBe(shape);
  });

  test.each([
    ['<MachineCreate/>', machineCreate],
    ['<machineTemplateCreate><name>x</name></machineTemplateCreate>', templateCreate],
    [`<c:MachineTemplate xmlns:c="${CIMI}" resourceURI="x"/>`, templateCreate],
    ['<Action><action>x:start</action></Action>', machineAction],
  ])('XML %s', (body, shape) => {
    expect(xml(body, ...both).shape).toBe(shape);
  });

  test('another is refused naming what is expected', () => {
    expect(refusal(() => json({ resourceURI: `${CIMI}/Volume` }, ...both)).message).toContain(
      `${CIMI}/MachineCreate or ${CIMI}/MachineTemplate`,
    );
    expect(refusal(() => xml('<Volume/>', ...both)).message).toContain('MachineCreate or MachineTemplate or Action');
    expect(refusal(() => xml('<MachineCreate xmlns="urn:other"/>', ...both)).message).toContain('urn:other');
  });
});

describe('what can be no body at all', () => {
  test.each(['5', '"a"', 'null', 'true', '[]'])('JSON %s', (body) => {
    expect(refusal(() => json(body, machineUpdate))).toMatchObject({ at: '', status: 400, message: 'the body must be a JSON object' });
  });

  test('a resourceURI that is no text, or another’s', () => {
    expect(refusal(() => json({ resourceURI: 5 }, machineUpdate))).toMatchObject({
      at: 'resourceURI',
      message: 'resourceURI: must be a string',
    });
    expect(refusal(() => json({ resourceURI: `${CIMI}/Volume` }, machineUpdate)).at).toBe('resourceURI');
    expect(refusal(() => json({ resourceURI: `${CIMI}/MachineCreate` }, machineUpdate)).at).toBe('resourceURI');
    expect(json({ resourceURI: null, name: 'a' }, machineUpdate).values).toEqual({ name: 'a' });
  });

  test('a root that is not expected, with the nearest that is', () => {
    expect(refusal(() => xml('<MachinCreate/>', machineCreate))).toMatchObject({
      at: '',
      message: 'the root element <MachinCreate> is not what is expected here: MachineCreate; did you mean <MachineCreate>?',
    });
    expect(refusal(() => xml('<zzzzzz/>', machineCreate)).message).toBe(
      'the root element <zzzzzz> is not what is expected here: MachineCreate',
    );
    expect(refusal(() => xml('<Machine xmlns="urn:x"/>', machineUpdate))).toMatchObject({
      at: '',
      message: `the root element <Machine> is in the namespace urn:x; ${CIMI} is expected`,
    });
    expect(refusal(() => xml('<Machine>text</Machine>', machineUpdate)).at).toBe('');
  });

  test('anything where nothing is expected', () => {
    expect(refusal(() => json({})).message).toBe('no body is expected here');
    expect(refusal(() => json({ resourceURI: 'x' })).message).toContain('expected here: nothing');
    expect(refusal(() => xml('<Machine/>')).message).toContain('nothing is expected');
  });

  test('more levels or values than the caller allows', () => {
    const options = { base, limits: { depth: 1 } };
    const deep = new TextEncoder().encode('{"properties":{"a":"b"}}');
    expect(refusal(() => readers.json(deep, [machineUpdate], options)).status).toBe(413);
    expect(readers.json(deep, [machineUpdate], { base, limits: { items: 10 } }).values).toEqual({ properties: { a: 'b' } });
    expect(refusal(() => readers.xml(new TextEncoder().encode('<Machine><name/></Machine>'), [machineUpdate], options)).status).toBe(413);
  });

  test('a shape of a type that there is not is a mistake of the caller', () => {
    expect(() => json({}, { kind: 'resource', type: 'Nothing', purpose: 'update' })).toThrow(
      'no reader for Nothing: the catalogue does not declare it',
    );
    expect(() => json({}, { kind: 'create', type: 'MachineImage' })).toThrow('MachineImage is created by its own representation');
    expect(json({ action: 'urn:x' }, { kind: 'action', type: 'Nothing' }).values).toEqual({ action: 'urn:x' });
  });
});

describe('update (4.2.1.3)', () => {
  test('read-only attributes are left out unchecked, write-only ones kept', () => {
    const echo = {
      resourceURI: `${CIMI}/Machine`,
      id: 'x',
      state: 7,
      created: 'never',
      disks: { href: 4 },
      operations: [{}],
      cpu: 2,
      name: 'n',
    };
    expect(json(echo, machineUpdate).values).toEqual({ cpu: 2, name: 'n' });
    expect(json({ password: 'p' }, { kind: 'resource', type: 'Credential', purpose: 'update' }).values).toEqual({ password: 'p' });
  });

  test('empty values erase (5.5.14)', () => {
    expect(json({ name: null, description: '', properties: {} }, machineUpdate).values).toEqual({
      name: null,
      description: null,
      properties: null,
    });
    expect(xml('<Machine><name/><description> </description><property/></Machine>', machineUpdate).values).toEqual({
      name: null,
      description: null,
      properties: null,
    });
  });

  test('a map has no prototype and takes any key', () => {
    const { properties } = json('{"properties":{"__proto__":"a","constructor":"b"}}', machineUpdate).values;
    expect(Object.getPrototypeOf(properties)).toBeNull();
    expect(Object.entries(properties ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('white space is kept where XML says so', () => {
    expect(xml('<Machine><name xml:space="preserve"> a\n b </name></Machine>', machineUpdate).values).toEqual({ name: ' a\n b ' });
  });
});

describe('actions', () => {
  const restore = `${CIMI}/action/restore`;
  test('declared parameters, and an image as text or as a reference (D083)', () => {
    const values = { action: restore, image: { href: 'machineImages/1' } };
    expect(json({ action: restore, image: `${base}machineImages/1` }, machineAction).values).toEqual(values);
    expect(json(values, machineAction).values).toEqual(values);
    expect(xml(`<Action><action> ${restore} </action><image href="machineImages/1"/></Action>`, machineAction).values).toEqual(values);
  });
  test('the action may stand anywhere, and parameters that are empty say nothing', () => {
    const body = `<Action><image href="machineImages/1"/><action>${restore}</action></Action>`;
    expect(xml(body, machineAction).values).toEqual({ action: restore, image: { href: 'machineImages/1' } });
    expect(json({ action: restore, image: null, properties: {} }, machineAction).values).toEqual({ action: restore });
  });
  test('import belongs to the collection', () => {
    const values = { action: `${CIMI}/action/import`, source: 'http://elsewhere.example.org/a.ovf' };
    expect(json(values, { kind: 'action', type: 'SystemCollection' }).values).toEqual(values);
  });
  test('unknown parameters and nameless actions are refused', () => {
    expect(refusal(() => json({ action: `${CIMI}/action/start`, force: true }, machineAction)).message).toContain("'force'");
    expect(refusal(() => json({ force: true }, machineAction)).message).toContain("'force'");
    expect(refusal(() => json({}, machineAction))).toMatchObject({ at: 'action', message: 'action: the action is missing' });
  });
});

describe('generous forms', () => {
  test('durations as words (D059), URIs as href objects (D055), image locations either way (D124)', () => {
    const meter: Shape = { kind: 'resource', type: 'MeterConfiguration', purpose: 'create' };
    const values = { intervalDuration: 'PT1H', associatedTo: ['http://x.example/a', 'machines/1'] };
    expect(json({ intervalDuration: 'hourly', associatedTo: [{ href: 'http://x.example/a' }, `${base}machines/1`] }, meter).values).toEqual(
      values,
    );
    const body = `<MeterConfiguration><associatedTo href="http://x.example/a"/><associatedTo>${base}machines/1</associatedTo><intervalDuration>hourly</intervalDuration></MeterConfiguration>`;
    expect(xml(body, meter).values).toEqual(values);
    expect(json({ imageLocation: { href: `${base}machines/1` } }, imageCreate).values).toEqual({ imageLocation: 'machines/1' });
    const volumeImage: Shape = { kind: 'resource', type: 'VolumeImage', purpose: 'create' };
    expect(xml('<VolumeImage><imageLocation>http://far.example/a.img</imageLocation></VolumeImage>', volumeImage).values).toEqual({
      imageLocation: { href: 'http://far.example/a.img' },
    });
  });
  test('padded text, and a byte order mark', () => {
    const body = '\uFEFF<machineImageCreate><imageLocation> http://example.org/ </imageLocation></machineImageCreate>';
    expect(xml(body, imageCreate).values).toEqual({ imageLocation: 'http://example.org/' });
    expect(json('\uFEFF{"imageLocation":"http://example.org/"}', imageCreate).values).toEqual({ imageLocation: 'http://example.org/' });
  });
  test('5.5.5: blanks of a free text are its own, in both formats; line breaks around it are the layout of XML', () => {
    const body = '<Machine><name> a b </name><description>\n  text\t\n</description><property key="k"> v </property></Machine>';
    expect(xml(body, machineUpdate).values).toEqual({ name: ' a b ', description: 'text', properties: { k: ' v ' } });
    expect(json({ name: ' a b ' }, machineUpdate).values).toEqual({ name: ' a b ' });
    expect(xml('<Machine><memory> 5 </memory></Machine>', machineUpdate).values).toEqual({ memory: 5 });
  });
  test.each([
    'machineImages/a',
    './machineImages/a',
    'x/../machineImages/a',
    'machine%49mages/%61',
    `${base}machineImages/a`,
    'HTTP://CIMI.example.COM/cimi/machineImages/a',
    'http://cimi.example.com:80/cimi/./machineImages/a',
  ])('RFC 3986: the reference %s is one and the same', (href) => {
    expect(json({ machineTemplate: { machineImage: { href } } }, machineCreate).values).toEqual({
      machineTemplate: { machineImage: { href: 'machineImages/a' } },
    });
    expect(json({ imageLocation: href }, imageCreate).values).toEqual({ imageLocation: 'machineImages/a' });
    const body = `<MachineCreate><machineTemplate><machineImage href="${href}"/></machineTemplate></MachineCreate>`;
    expect(xml(body, machineCreate).values).toEqual({ machineTemplate: { machineImage: { href: 'machineImages/a' } } });
  });
  test('our extension in its namespace', () => {
    const body = '<MachineCreate><cloud xmlns="http://cimi-gateway.org/extension/1">a</cloud></MachineCreate>';
    expect(xml(body, machineCreate).values).toEqual({ cloud: 'a' });
  });
});

describe('refused, naming the place', () => {
  test.each<[unknown, string, string]>([
    [{ machineTemplate: { machineImge: {} } }, 'machineTemplate.machineImge', "did you mean 'machineImage'"],
    ['{"__proto__":{}}', '__proto__', 'is no attribute'],
    [{ constructor: 1 }, 'constructor', 'is no attribute'],
    [{ prototype: 1 }, 'prototype', 'is no attribute'],
    ['{"name":"a","n\\u0061me":"b"}', '', 'given twice'],
    [{ name: 1 }, 'name', 'must be a string'],
    [{ name: 'a\u0000' }, 'name', 'U+0000'],
    [{ properties: { 'a\uD800': 'x' } }, 'properties["a\\ud800"]', 'U+D800'],
    [{ properties: { a: 1 } }, 'properties.a', 'must be a string'],
    [{ machineTemplate: { machineConfig: { cpu: 1.5 } } }, 'machineTemplate.machineConfig.cpu', 'must be an integer'],
    [{ machineTemplate: { machineConfig: { cpu: '1' } } }, 'machineTemplate.machineConfig.cpu', 'must be an integer'],
    [{ machineTemplate: { machineConfig: { memory: 2 ** 53 } } }, 'machineTemplate.machineConfig.memory', 'must be an integer'],
    [
      { machineTemplate: { machineImage: { href: 'http://other.example/machineImages/1' } } },
      'machineTemplate.machineImage.href',
      'another host',
    ],
    [{ machineTemplate: { href: `${base}../b` } }, 'machineTemplate.href', 'not below the base'],
    [{ machineTemplate: { href: '../b' } }, 'machineTemplate.href', 'not below the base'],
    [{ machineTemplate: { href: 'a//b' } }, 'machineTemplate.href', 'empty path segment'],
    [{ machineTemplate: { href: `http://who@${base.slice(7)}a` } }, 'machineTemplate.href', 'another host'],
    [{ machineTemplate: { href: '/a' } }, 'machineTemplate.href', 'leading slash'],
    [{ machineTemplate: { href: 'a?b' } }, 'machineTemplate.href', 'query'],
    [{ machineTemplate: { href: 'a#b' } }, 'machineTemplate.href', 'fragment'],
    [{ machineTemplate: { href: '' } }, 'machineTemplate.href', 'empty'],
    [{ machineTemplate: { href: 'http://cimi.example.com/elsewhere' } }, 'machineTemplate.href', 'not below the base'],
    [{ machineTemplate: { volumes: [{ href: 'volumes/1' }, { href: 3 }] } }, 'machineTemplate.volumes[1].href', 'must be a string'],
    [{ machineTemplate: { volumes: [{ initialLocation: '/x' }] } }, 'machineTemplate.volumes[0].href', 'mandatory'],
    [{ machineTemplate: { networkInterfaces: [{ state: 'ACTIVE' }] } }, 'machineTemplate.networkInterfaces[0].network', 'mandatory'],
    [{ machineTemplate: { machineConfig: { memory: 1, disks: [{}] } } }, 'machineTemplate.machineConfig.disks[0].capacity', 'mandatory'],
    [{ machineTemplate: { networkInterfaces: {} } }, 'machineTemplate.networkInterfaces', 'must be an array'],
    [[], '', 'must be a JSON object'],
    ['{', '', 'not JSON'],
  ])('JSON %j', (body, at, words) => {
    const { message, at: place, status } = refusal(() => json(body, machineCreate));
    expect({ place, status }).toEqual({ place: at, status: 400 });
    expect(message).toContain(words);
  });

  test.each([
    ['<MachineCreate><nmae>a</nmae></MachineCreate>', "did you mean 'name'"],
    ['<MachineCreate>text</MachineCreate>', 'text where elements are expected'],
    ['<MachineCreate><name>a</name><name>b</name></MachineCreate>', 'given twice'],
    ['<MachineCreate><x xmlns="urn:x"/></MachineCreate>', 'urn:x'],
    [`<MachineCreate xmlns="${CIMI}"><cloud>a</cloud></MachineCreate>`, `is in the namespace ${EXTENSION}, not in ${CIMI}`],
    [`<MachineCreate><name xmlns="${EXTENSION}">a</name></MachineCreate>`, `is in the namespace ${CIMI}, not in ${EXTENSION}`],
    ['<MachineCreate><property key="a">1</property><property key="a">2</property></MachineCreate>', 'given twice'],
    ['<MachineCreate><name>&#0;</name></MachineCreate>', 'not well-formed'],
    ['<MachineCreate><name>&e;</name></MachineCreate>', 'not well-formed'],
    ['<!DOCTYPE a [<!ENTITY e "x">]><MachineCreate><name>&e;</name></MachineCreate>', 'document type'],
    ['<?xml version="1.0" encoding="ISO-8859-1"?><MachineCreate/>', 'ISO-8859-1'],
    ['<MachineCreate><name><b/></name></MachineCreate>', 'takes text'],
    ['', 'not well-formed'],
  ])('XML %s', (body, words) => {
    expect(refusal(() => xml(body, machineCreate)).message).toContain(words);
  });

  test('dates, durations and hexadecimal text', () => {
    const meter: Shape = { kind: 'resource', type: 'Meter', purpose: 'update' };
    expect(json({ stopTime: '2024-02-29T24:00:00Z' }, meter).values).toEqual({ stopTime: '2024-02-29T24:00:00Z' });
    expect(refusal(() => json({ stopTime: '2023-02-29T00:00:00Z' }, meter)).at).toBe('stopTime');
    const credential: Shape = { kind: 'resource', type: 'Credential', purpose: 'update' };
    expect(refusal(() => json({ key: 'abc' }, credential)).message).toContain('hexadecimal');
  });

  test('what is not UTF-8', () => {
    expect(refusal(() => readers.json(new Uint8Array([0x7b, 0xff, 0x7d]), [machineCreate], { base })).message).toContain('UTF-8');
  });
});
