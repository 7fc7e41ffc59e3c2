// The table of expected.txt: what each kind of person gets from each operation.
import { readFileSync } from 'node:fs';

const lines = readFileSync(new URL('expected.txt', import.meta.url), 'utf8').split('\n')
  .map((line) => line.trim().split(/\s+/)).filter(([first]) => first && !first.startsWith('#'));
const [[head, ...columns], ...rest] = lines;
if (head !== 'rights') throw new Error(`expected.txt: begins with ${head}`);
const isCell = (text) => /^(may|[2-4]\d\d)$/.test(text);

const rights = new Map(); // name -> kind -> cell
const table = new Map(); // operationId -> kind -> cell
for (const [name, ...words] of rest) {
  if (words.every(isCell)) {
    if (words.length !== columns.length) throw new Error(`expected.txt: ${name} has ${words.length} cells of ${columns.length}`);
    rights.set(name, Object.fromEntries(columns.map((kind, i) => [kind, words[i]])));
    continue;
  }
  if (!rights.has(name)) throw new Error(`expected.txt: there are no rights ${name}`);
  for (const id of words) {
    if (table.has(id)) throw new Error(`expected.txt: ${id} stands there twice`);
    table.set(id, rights.get(name));
  }
}

export const kinds = columns;
export const named = [...table.keys()];
export const expected = (operationId, kind) => table.get(operationId)?.[kind];
