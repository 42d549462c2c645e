import { type Doc, flag, text, time, told } from './documents';

/** An image as Glance tells it; its properties stand among its attributes. */
export interface Image {
  id: string;
  name?: string;
  status: string;
  visibility?: string;
  owner?: string;
  protected?: boolean;
  created_at?: string;
  /** GiB. */
  min_disk?: unknown;
  size?: unknown;
  virtual_size?: unknown;
  [property: string]: unknown;
}

export function imageFrom(given: Doc): Image | undefined {
  const id = text(given.id);
  if (id === undefined) return undefined;
  const { name, status, visibility, owner, protected: kept, created_at: created, ...properties } = given;
  return {
    ...properties,
    ...told<Image>({
      id,
      name: text(name),
      status: text(status) ?? 'UNKNOWN',
      visibility: text(visibility),
      owner: text(owner),
      protected: flag(kept),
      created_at: time(created),
    }),
  };
}
