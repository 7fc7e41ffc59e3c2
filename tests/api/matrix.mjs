// The table operation x documented answer, with a test that was shown it. An empty cell fails, unless
// it stands in `elsewhere` with the reason why no request can provoke it.
//
//   tests/node tests/api/matrix.mjs [--quiet]
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { coverageFile } from './check.mjs';
import { operations } from './spec.mjs';

const readsAll = ['partner', 'associate', 'applicant', 'founder', 'left', 'auditor'];
const elsewhere = {
  internal: [() => true, 'a fault of ours; that it tells nothing is held by tests/store/common_http, a_fault_of_ours_shows_no_detail'],
  'outcome-unknown': [() => true, 'a COMMIT whose answer is lost: tests/store/common_db and tests/faults'],
  'role-missing': [(op) => op.roles.includes('anyone') || readsAll.every((role) => op.roles.includes(role)),
    'everybody who may know of the alliance may do this'],
};

const shown = new Map(); // "operation answer" -> tests
const lines = existsSync(coverageFile) ? readFileSync(coverageFile, 'utf8').split('\n').filter(Boolean) : [];
for (const [id, answer, test] of lines.map((line) => JSON.parse(line))) {
  const cell = `${id} ${answer}`;
  if (!shown.has(cell)) shown.set(cell, new Set());
  shown.get(cell).add(test);
}

const rows = [];
const empty = [];
for (const op of operations) {
  for (const answer of [...op.successes, ...new Set(op.problems)]) {
    const tests = shown.get(`${op.id} ${answer}`);
    const reason = elsewhere[answer]?.[0](op) ? elsewhere[answer][1] : undefined;
    if (!tests && !reason) empty.push(`${op.id} ${answer}`);
    const first = tests ? [...tests].find((name) => name !== 'setting the stage') ?? [...tests][0] : undefined;
    rows.push([op.service, op.id, answer, first ?? (reason ? `(${reason})` : 'NO TEST')]);
  }
}

const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i].length)));
const table = rows.map((row) => `${row.slice(0, 3).map((text, i) => text.padEnd(widths[i])).join('  ')}  ${row[3]}`).join('\n');
const file = coverageFile.replace(/\.jsonl$/, '-matrix.txt');
writeFileSync(file, `${table}\n`);
if (!process.argv.includes('--quiet')) console.log(table);
console.log(`${rows.length} cells of ${operations.length} operations, ${empty.length} empty (${file})`);
for (const cell of empty.slice(0, 400)) console.log(`  no test was shown: ${cell}`);
console.log(`${rows.length - empty.length} passed, ${empty.length} failed`);
process.exitCode = empty.length ? 1 : 0;
