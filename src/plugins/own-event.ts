import { z } from 'zod';
import type { Attribute, Attributes, ItemType } from '../model/define';
import { outcomes, severities } from '../model/event';
import { ownContent, type EventType } from '../model/event-types';
import { ownEvent, type EventSubject } from '../operations/events';
import type { EventOfType, ToldEvent, TypeModule } from './type-schema';

/** Translates the declaration of an event type of a module. */
export function ownEventType(namespace: string, name: string, declared: EventOfType): EventType {
  const { description, content = {}, severity, outcomes: more } = declared;
  return { name, uri: `${namespace}/event/${name}`, namespace, description, content: ownContent(content), severity, outcomes: more };
}

/** Makes the records of events that code of a module tells of a resource. @throws Error where they are not as it declares */
export type Teller = (told: readonly ToldEvent[] | undefined, subject: EventSubject) => ReturnType<typeof ownEvent>[];

/** Returns what makes records of the events that a module declares. */
export function tellerOf({ namespace, events }: Pick<TypeModule, 'namespace' | 'events'>): Teller {
  const known = new Map(
    Object.entries(events).map(([name, declared]) => [name, { ...ownEventType(namespace, name, declared), form: formOf(declared) }]),
  );
  return (told = [], subject) =>
    told.map((given) => {
      const type = known.get(given.type);
      if (!type) throw new Error(`an event of ${subject.type} is of the type '${given.type}', which its module does not declare`);
      const read = type.form.safeParse({ content: {}, outcome: 'Success', severity: type.severity, ...given });
      if (!read.success)
        throw new Error(`an event '${given.type}' of ${subject.type} is not as it is declared: ${z.prettifyError(read.error)}`);
      const { content, outcome, severity } = read.data;
      const inOrder = Object.keys(type.content).map((name) => [name, content[name] ?? undefined]);
      return ownEvent(type.uri, subject, Object.fromEntries(inOrder), { outcome, severity });
    });
}

function formOf({ content = {}, outcomes: more = [] }: EventOfType) {
  return z.strictObject({
    type: z.string(),
    content: objectOf(content),
    outcome: z.enum([...outcomes, ...more] as string[]),
    severity: z.enum(severities).optional(),
  });
}

function objectOf(fields: Attributes) {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(fields).map(([name, attribute]) => [
        name,
        attribute.provider.startsWith('mandatory') ? valueOf(attribute) : valueOf(attribute).nullish(),
      ]),
    ),
  );
}

/** The form of a value inside the gateway, by the declaration of its attribute. */
function valueOf(declared: Attribute | ItemType): z.ZodType {
  switch (declared.kind) {
    case 'integer': {
      const { minimum, maximum } = { minimum: undefined, maximum: undefined, ...declared };
      return z
        .int()
        .min(minimum ?? Number.MIN_SAFE_INTEGER)
        .max(maximum ?? Number.MAX_SAFE_INTEGER);
    }
    case 'boolean':
      return z.boolean();
    case 'dateTime':
      return z.iso.datetime({ offset: true });
    case 'any':
      return z.json();
    case 'ref':
      return z.object({ href: z.string() });
    case 'collection':
      return z.never();
    case 'array':
      return z.array(valueOf(declared.item));
    case 'struct':
      return objectOf(declared.fields);
    case 'map':
      return z.record(z.string(), z.string());
    default:
      return 'values' in declared && declared.values && declared.valuesOpen !== true ? z.enum(declared.values) : z.string();
  }
}
