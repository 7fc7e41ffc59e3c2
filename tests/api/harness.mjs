// What a test file imports: tests that know their name, people, requests, the specification.
import nodeTest from 'node:test';
import { testName } from './check.mjs';

export { ask, expect, send, pathOf, until } from './client.mjs';
export { Person, mint, allScopes, issuer, audience } from './people.mjs';
export { document, operations, operation, services, exampleBody, resolve } from './spec.mjs';

// node:test's test(), so that coverage knows which test an answer was shown to.
export function test(name, options, run = options) {
  return nodeTest(name, run === options ? {} : options, (t) => testName.run(name, () => run(t)));
}

// A service's journal after `after`, as a partner reads it: page by page, told after each one.
export async function* journalPages(stage, who, operationId, after, limit) {
  for (let at = after; ;) {
    const { items, head } = await stage.do(200, who, operationId, { query: { after: at, limit }, accept: 'application/json' });
    yield items;
    at = items.at(-1)?.sequence ?? head;
    if (at >= head) return;
  }
}

// Runs `work` for each item, some at a time; fails with all faults at once.
export async function each(items, work, atOnce = 8) {
  const rest = [...items];
  const failures = [];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      try { await work(item); } catch (error) { failures.push(error.message); }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length) throw new Error(`${failures.length} of ${items.length} failed:\n${failures.slice(0, 20).join('\n')}`);
}
