// Values that match a schema of the specification (the subset that the specifications use), for
// fast-check. `hints` maps a member's name to values that mean something in the alliance at hand.
import fc from 'fast-check';
import { faults, resolve } from './spec.mjs';

const day = (date) => date.toISOString().slice(0, 10);
const between = (from, to) => fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true });
const formats = {
  uuid: () => fc.uuid(),
  date: () => between('2024-04-01', '2030-03-31').map(day),
  'date-time': () => between('2026-01-01', '2030-12-31').map((d) => d.toISOString()),
  uri: () => fc.constantFrom('https://example.org/a', 'https://example.org/b?c=1'),
  'uri-reference': () => fc.constantFrom('/a', 'b/c'),
};

function text(schema) {
  if (formats[schema.format]) return formats[schema.format]();
  const min = schema.minLength ?? 0;
  const max = Math.min(schema.maxLength ?? 40, Math.max(min, 60));
  const fits = (s) => [...s].length >= min && [...s].length <= max;
  if (!schema.pattern) return fc.string({ unit: 'grapheme', minLength: min, maxLength: max }).filter(fits);
  const pattern = new RegExp(schema.pattern, 'u');
  const any = fc.stringMatching(pattern, { size: '-1' }).filter(fits);
  // Plain words, where the pattern takes them: most requests should mean something.
  const words = ['Two theatres close in May', 'Elective recovery', 'ready', 'A1', 'ZZ1'].filter((s) => fits(s) && pattern.test(s));
  return words.length ? fc.oneof(any, fc.constantFrom(...words)) : any;
}

function integer(schema) {
  const min = schema.minimum ?? (schema.exclusiveMinimum ?? -1001) + 1;
  const max = schema.maximum ?? (schema.exclusiveMaximum ?? 1001) - 1;
  const near = fc.integer({ min: Math.max(min, Math.min(0, max)), max: Math.min(max, Math.max(min, 0) + 1000) });
  return fc.oneof({ arbitrary: near, weight: 4 },
    { arbitrary: fc.constantFrom(min, max), weight: 1 });
}

function object(schema, hints) {
  const members = Object.fromEntries(Object.entries(schema.properties ?? {})
    .filter(([, member]) => !resolve(member).readOnly)
    .map(([name, member]) => [name, hinted(name, member, hints)]));
  const own = fc.record(members, { requiredKeys: (schema.required ?? []).filter((name) => name in members) });
  if (typeof schema.additionalProperties !== 'object') return own;
  const names = schema.propertyNames ? arbitrary(schema.propertyNames, hints) : fc.string({ minLength: 1, maxLength: 8 });
  return fc.dictionary(names, arbitrary(schema.additionalProperties, hints),
    { minKeys: schema.minProperties ?? 0, maxKeys: Math.min(schema.maxProperties ?? 3, 3) });
}

function hinted(name, schema, hints) {
  const any = arbitrary(schema, hints, name);
  const known = hints[name] ?? [];
  return known.length ? fc.oneof({ arbitrary: fc.constantFrom(...known), weight: 3 }, { arbitrary: any, weight: 1 }) : any;
}

function array(schema, hints, name) {
  const items = name && hints[`${name}[]`]
    ? fc.oneof(fc.constantFrom(...hints[`${name}[]`]), arbitrary(schema.items, hints)) : arbitrary(schema.items, hints);
  const sizes = { minLength: schema.minItems ?? 0, maxLength: Math.min(schema.maxItems ?? 3, Math.max(schema.minItems ?? 0, 3)) };
  return schema.uniqueItems ? fc.uniqueArray(items, { ...sizes, selector: JSON.stringify }) : fc.array(items, sizes);
}

const merged = (parts) => parts.reduce((all, part) => ({
  ...all, ...part,
  properties: { ...all.properties, ...part.properties },
  required: [...(all.required ?? []), ...(part.required ?? [])],
}), {});

export function arbitrary(node, hints = {}, name) {
  const schema = resolve(node);
  if ('const' in schema) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.allOf) return arbitrary(merged([{ ...schema, allOf: undefined }, ...schema.allOf.map(resolve)]), hints, name);
  const choice = schema.oneOf ?? schema.anyOf;
  if (choice && !schema.properties) return fc.oneof(...choice.map((part) => arbitrary(part, hints, name)));
  if (choice) return fc.oneof(...choice.map((part) => arbitrary(merged([{ ...schema, oneOf: undefined, anyOf: undefined }, resolve(part)]), hints)));
  const types = [schema.type].flat();
  if (types.length > 1) return fc.oneof(...types.map((type) => arbitrary({ ...schema, type }, hints, name)));
  switch (types[0]) {
    case 'string': return text(schema);
    case 'integer': return integer(schema);
    case 'boolean': return fc.boolean();
    case 'null': return fc.constant(null);
    case 'array': return array(schema, hints, name);
    case 'object': return object(schema, hints);
    default: return fc.constantFrom('x', 1, true);
  }
}

// Bodies that the operation's own schema takes.
export function bodyOf(op, hints, type = op.bodyTypes.find((t) => t.endsWith('json'))) {
  const place = op.bodyPlace(type);
  return arbitrary(op.body.content[type].schema, hints).filter((value) => faults(place, value).length === 0);
}
