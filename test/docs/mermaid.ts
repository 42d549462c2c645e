/** An arrow of a picture, with its kind and its words. */
export interface Arrow {
  from: string;
  kind: string;
  to: string;
  words: string;
}

/** Mermaid pictures of a page, by their first word (`flowchart`, `sequenceDiagram`), in the page's order. */
export function picturesOf(page: string, kind: string): string[] {
  return [...page.matchAll(/^```mermaid\n(.*?)^```/gms)].map(([, picture = '']) => picture).filter((picture) => picture.startsWith(kind));
}

/** Arrows of a flowchart. */
export function flowArrows(picture: string): Arrow[] {
  return [...picture.matchAll(/^ *(\w+) (-->|-\.->) (\w+)$/gm)].map(([, from = '', kind = '', to = '']) => ({ from, kind, to, words: '' }));
}

/** Messages of a sequence diagram. */
export function messages(picture: string): Arrow[] {
  return [...picture.matchAll(/^ *(\w+)(-->>|->>|-\))(\w+): (.+)$/gm)].map(([, from = '', kind = '', to = '', words = '']) => ({
    from,
    kind,
    to,
    words,
  }));
}

/** Participants of a sequence diagram: the words by name. */
export function participants(picture: string): Map<string, string> {
  return new Map([...picture.matchAll(/^ *participant (\w+) as (.+)$/gm)].map(([, name = '', words = '']) => [name, words]));
}
