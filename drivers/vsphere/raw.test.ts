import { writeRaw } from './raw';
import { readAs, readResult, writeCall } from './values';
import { parse } from './xml';

const NS = 'xmlns="urn:vim25" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:s="http://www.w3.org/2001/XMLSchema"';
const VM = { type: 'VirtualMachine', value: 'vm-1' };

describe('an element that is written back as it was read', () => {
  const spec =
    '<identity i:type="CustomizationLinuxPrep"><hostName i:type="CustomizationFixedName"><name>a &lt;b&gt; &amp; "c"</name></hostName>' +
    '<domain> x\ty </domain><hwClockUTC>true</hwClockUTC></identity><any i:type="s:int">7</any><ref type="Folder">group-1</ref><empty/>';
  const written = spec
    .replace(/ i:type="s:/g, ' xsi:type="xsd:')
    .replace(/ i:type/g, ' xsi:type')
    .replace('"c"', '&quot;c&quot;')
    .replace('<empty/>', '<empty></empty>');

  test('all of it comes back, whatever its prefixes were, and stands where the API wants it', () => {
    const answer = parse(
      `<GetCustomizationSpecResponse ${NS}><returnval><info><name>n</name></info><spec>${spec}</spec></returnval></GetCustomizationSpecResponse>`,
    );
    const item = readResult('GetCustomizationSpec', answer);
    const call = writeCall('CloneVM_Task', VM, { spec: { powerOn: true, customization: item?.spec, template: false } });
    expect(call).toContain(`<spec><template>false</template><customization>${written}</customization><powerOn>true</powerOn></spec>`);
    const again = parse(
      `<a ${NS} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">${written}</a>`,
    );
    expect(again.children).toEqual(item?.spec?.children);
  });

  test('a text that looks like XML stays text', () => {
    const node = readAs('xml', parse(`<spec ${NS}><name>&lt;/name&gt;&lt;powerOn&gt;false&lt;/powerOn&gt;&lt;name&gt;</name></spec>`));
    const text = writeRaw('customization', node);
    expect(text).toBe('<customization><name>&lt;/name&gt;&lt;powerOn&gt;false&lt;/powerOn&gt;&lt;name&gt;</name></customization>');
    expect(parse(text).children).toHaveLength(1);
  });

  test.each([
    ['an attribute of another kind', `<spec ${NS}><a b="c"/></spec>`, /attributes/],
    ['an element of another namespace', `<spec ${NS}><a xmlns="urn:other"/></spec>`, /attributes/],
    ['a type of another namespace', `<spec ${NS} xmlns:o="urn:other"><a i:type="o:T"/></spec>`, /unknown type T/],
    ['elements without end', `<spec ${NS}>${'<a/>'.repeat(5_001)}</spec>`, /5000 elements/],
    ['texts without end', `<spec ${NS}><a>${'x'.repeat(1_100_000)}</a></spec>`, /characters/],
  ])('%s is refused rather than lost', (_what, xml, words) => {
    const node = readAs('xml', parse(xml));
    expect(() => writeRaw('customization', node)).toThrow(expect.objectContaining({ kind: 'unsupported', maybeDone: false }) as Error);
    expect(() => writeRaw('customization', node)).toThrow(words);
  });
});
