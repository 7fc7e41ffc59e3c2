// Whether two answers are the same, but for what they were asked about.
import { pathOf } from '../api/harness.mjs';

// Of another moment, or of who asks: never of what is asked about.
const moving = ['date', 'x-request-id', 'ratelimit', 'ratelimit-policy', 'connection', 'keep-alive'];

// An answer as a stranger could compare it: status, every header, the text. The path that was asked for, and
// its parameters, stand there by their names.
export function shown(answer, op, values) {
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !moving.includes(name)).sort());
  let text = answer.text.replaceAll(answer.headers['x-request-id'], '<request>').replaceAll(pathOf(op, values), '<path>');
  for (const [, name] of op.path.matchAll(/\{(\w+)\}/g)) {
    const value = String(values[name]);
    if (value.length > 2) text = text.replaceAll(value, `<${name}>`);
  }
  return { status: answer.status, headers, text };
}

// What differs between two, in words; undefined when nothing does. (Lengths are compared with the headers.)
export function difference(one, other) {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  return a === b ? undefined : `\n    ${a.slice(0, 1200)}\n    ${b.slice(0, 1200)}`;
}
