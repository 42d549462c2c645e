import type { Cloud } from './cloud';
import type { Finding, Item } from './driver';
import { ProviderError } from './errors';
import { choiceWords, figuresOfSize, newest, suits, type ImageChoice, type SizeChoice } from './portable';

/** Parts of a cloud that names are looked for in. */
type Searched = Pick<Cloud, 'names' | 'get' | 'list' | 'imagesOf'>;

/** Looks for what each portable name of a cloud stands for, as the provider's account sees it. */
export async function checkNames(cloud: Searched): Promise<Finding[]> {
  const { images = {}, sizes = {} } = cloud.names ?? {};
  return Promise.all([
    ...Object.entries(images).map(([name, choice]) => finding(`the image ${name}`, choice, () => imageOf(cloud, choice))),
    ...Object.entries(sizes)
      .filter(([, choice]) => figuresOfSize(choice) === undefined)
      .map(([name, choice]) => finding(`the size ${name}`, choice, () => sizeOf(cloud, choice))),
  ]);
}

async function finding(what: string, choice: ImageChoice | SizeChoice, look: () => Promise<Item | undefined>): Promise<Finding> {
  try {
    const item = await look();
    if (item) return { ok: true, what, message: `${String(item.values.name ?? item.key)}, ${item.key}` };
    return { ok: false, what, message: `there is none with ${choiceWords(choice)}` };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { ok: false, what, message: error.message };
  }
}

async function imageOf(cloud: Searched, choice: ImageChoice): Promise<Item | undefined> {
  const { id, owner } = choice;
  if (id !== undefined) {
    const { value } = await cloud.get('machineImages', id);
    return value?.gone ? undefined : value;
  }
  const items = owner === undefined ? (await cloud.list('machineImages')).value : await cloud.imagesOf({ ...choice, owner });
  return newest(items.filter((item) => suits(item, choice)).map((item) => ({ item })))?.item;
}

async function sizeOf(cloud: Searched, choice: SizeChoice): Promise<Item | undefined> {
  if (!('size' in choice)) return undefined;
  const { value } = await cloud.list('machineConfigs');
  return value.find(({ key }) => key === choice.size) ?? value.find(({ values }) => values.name === choice.size);
}
