/** Reader of just enough of EC2's XML for the fault proxy: answers are changed as text, element by element. */

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** An EC2 error body. */
export function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${code}</Code><Message>${escape(message)}</Message></Error></Errors><RequestID>proxy-${code}</RequestID></Response>`;
}

/** A good answer of an action, around its content. */
export function answerXml(action: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>proxy</requestId>${content}</${action}Response>`;
}

/** Ids of the instances in an answer, in order. */
export function instanceIds(xml: string): string[] {
  const ids: string[] = [];
  mapInstances(xml, (id, item) => {
    ids.push(id);
    return item;
  });
  return ids;
}

/** Replaces each instance's `<item>` by what `change` makes of it; an empty text takes it away. */
export function mapInstances(xml: string, change: (id: string, item: string) => string): string {
  return mapItems(xml, 'instancesSet', (items) =>
    items.map((item) => change(/<instanceId>([^<]*)<\/instanceId>/.exec(item)?.[1] ?? '', item)),
  );
}

/** State of an instance's `<item>`. */
export function stateOf(item: string): string {
  return /<instanceState>[\s\S]*?<name>([^<]*)<\/name>/.exec(item)?.[1] ?? '';
}

/** Gives an instance's `<item>` another state. */
export function instanceState(item: string, code: number, name: string): string {
  return item.replace(
    /<instanceState>[\s\S]*?<\/instanceState>/,
    `<instanceState><code>${code}</code><name>${name}</name></instanceState>`,
  );
}

/** Cuts a whole answer into the page that begins at `token`; `set` is the element that holds the items. */
export function pageOf(xml: string, set: string, size: number, token: string | null): string {
  const start = Number(token?.replace('page-', '') ?? 0);
  let more = false;
  const page = mapItems(xml, set, (items) => {
    more = items.length > start + size;
    return items.slice(start, start + size);
  });
  return more ? page.replace(`</${set}>`, `</${set}><nextToken>page-${start + size}</nextToken>`) : page;
}

/** Replaces the `<item>`s of the first level in each element of this name. */
export function mapItems(xml: string, set: string, change: (items: string[]) => string[]): string {
  return xml.replace(
    new RegExp(`(<${set}>)([\\s\\S]*?)(</${set}>)`, 'g'),
    (_all, open: string, items: string, close: string) => open + change(topItems(items)).join('') + close,
  );
}

/** `<item>` elements of the first level; items nest in items. */
function topItems(xml: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (const tag of xml.matchAll(/<(\/?)item>/g)) {
    if (tag[1] === '' && depth++ === 0) start = tag.index;
    if (tag[1] === '/' && --depth === 0) items.push(xml.slice(start, tag.index + tag[0].length));
  }
  return items;
}
