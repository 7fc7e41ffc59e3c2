// Published files as NHS England publishes them. ACCORD_PUBLISHED_DATA names the folder of real ones
// (../shared/data by default); where there is none, an invented file of the same shape is taken.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { before } from 'node:test';
import { test } from './harness.mjs';
import { Stage } from './stage.mjs';
import { agreed } from './measures.mjs';

let stage, quality;
const root = fileURLToPath(new URL('../..', import.meta.url));
const real = join(process.env.ACCORD_PUBLISHED_DATA ?? join(root, '../shared/data'), 'rtt-2024-11-RBD.csv');

before(async () => {
  stage = await Stage.set({ only: 'founded' });
  await stage.appointPeople();
  quality = stage.leads.quality;
  await stage.see(quality, 'listIndicators', () => true);
});

const importing = (wanted, code, format, text, query = {}) =>
  stage.do(wanted, quality, 'importObservations', { query: { indicator: code, format, ...query }, type: 'text/csv', body: text });

// One line for each [commissioner, part, function, people in each of the first 20 weeks].
function invented(...lines) {
  const weeks = Array.from({ length: 104 }, (_, i) => `Gt ${String(i).padStart(2, '0')} To ${String(i + 1).padStart(2, '0')} Weeks SUM 1`);
  const header = ['Period', 'Provider Parent Org Code', 'Provider Parent Name', 'Provider Org Code', 'Provider Org Name', 'Commissioner Parent Org Code',
    'Commissioner Parent Name', 'Commissioner Org Code', 'Commissioner Org Name', 'RTT Part Type', 'RTT Part Description', 'Treatment Function Code',
    'Treatment Function Name', ...weeks, 'Gt 104 Weeks SUM 1', 'Total', 'Patients with unknown clock start date', 'Total All'];
  const rows = lines.map(([commissioner, part, treatment, each]) => ['RTT-November-2024', 'QVV', '"SOMEWHERE, AN ICB"', 'ZZ1', 'NORTHFIELD', '', '', commissioner,
    'COMMISSIONER', part, 'Words', treatment, 'Total', ...weeks.map((_, i) => (i < 20 ? each : '')), '', '', '', 20 * each]);
  return [header, ...rows].map((row) => row.join(',')).concat('').join('\n');
}

test('the RTT full extract becomes one figure of a trust and month', async (t) => {
  const isReal = existsSync(real);
  t.diagnostic(isReal ? `read ${real}` : `no ${real}: an invented file of the same shape`);
  const text = isReal ? readFileSync(real, 'utf8').replaceAll(',RBD,', ',ZZ1,')
    : invented(['13Q', 'Part_2', 'C_999', 5], ['11J', 'Part_2', 'C_999', 1], ['11J', 'Part_2', 'C_100', 1], ['11J', 'Part_2A', 'C_999', 1]);
  const [rows, numerator, denominator, percentage] = isReal ? [41, 12539, 21702, '57.778'] : [2, 108, 120, '90.000'];
  const code = await agreed(stage);
  const dry = await importing(200, code, 'rtt-full-extract', text, { dryRun: 'true' });
  assert.deepEqual([dry.rows, dry.created, dry.faultsTotal], [rows, 1, 0]);
  const made = await importing(201, code, 'rtt-full-extract', text);
  assert.deepEqual([made.rows, made.created, made.format], [rows, 1, 'rtt-full-extract']);
  const { items } = await stage.do(200, quality, 'listObservations', { query: { indicator: code } });
  assert.deepEqual(items.map((one) => [one.organisation, one.month, one.numerator, one.denominator, one.percentage]),
    [['ZZ1', '2024-25-M08', numerator, denominator, percentage]]);
  const again = await importing(200, code, 'rtt-full-extract', text);
  assert.deepEqual([again.created, again.revised, again.unchanged], [0, 0, 1]);
});

test('a cell that is told is cut to fit, be that within a character', async () => {
  const code = await agreed(stage);
  const text = `organisation,month,numerator,denominator\n${'a'.repeat(39)}é,2026-27-M03,1,2\n`;
  const report = await importing(200, code, 'plain', text, { dryRun: 'true' });
  assert.deepEqual(report.faults.map((fault) => [fault.line, fault.code, fault.detail]),
    [[2, 'not-an-organisation', `'${'a'.repeat(39)}?' is not an organisation code`]]);
});

test('an extract with one bad line is refused whole, and every bad line is named', async () => {
  const code = await agreed(stage);
  const good = invented(['13Q', 'Part_2', 'C_999', 5], ['11J', 'Part_2', 'C_999', 1], ['11J', 'Part_9', 'C_100', 1]);
  const bad = good.replace(/,100\n/, ',99\n').replace(',Words,C_100,', ',943 476 5919,C_100,');
  const refused = await importing('invalid-import', code, 'rtt-full-extract', bad);
  assert.deepEqual(refused.errors.map((fault) => [fault.pointer, fault.code]),
    [['/line/2/Total All', 'total'], ['/line/4/RTT Part Type', 'unknown-part'], ['/line/4/RTT Part Description', 'nhs-number']]);
  assert.ok(!JSON.stringify(refused).includes('943'));
  const report = await importing(200, code, 'rtt-full-extract', bad, { dryRun: 'true' });
  assert.equal(report.faultsTotal, 3);
  assert.equal((await stage.do(200, quality, 'listObservations', { query: { indicator: code } })).items.length, 0);
  await importing('invalid-import', code, 'ae-monthly', good);
});

test('the monthly A&E file counts booked attendances, and leaves England\'s line out', async () => {
  const types = ['Type 1', 'Type 2'];
  const header = ['Period', 'Org Code', 'Parent Org', 'Org name', ...types.map((type) => `A&E attendances ${type}`), 'A&E attendances Other A&E Department',
    ...[...types, 'Other Department'].map((type) => `A&E attendances Booked Appointments ${type}`),
    ...[...types, 'Other Department'].map((type) => `Attendances over 4hrs ${type}`),
    ...[...types, 'Other Department'].map((type) => `Attendances over 4hrs Booked Appointments ${type}`),
    'Patients who have waited 4-12 hs from DTA to admission', 'Patients who have waited 12+ hrs from DTA to admission',
    'Emergency admissions via A&E - Type 1', 'Emergency admissions via A&E - Type 2', 'Emergency admissions via A&E - Other A&E department',
    'Other emergency admissions'].join(',');
  const line = (...start) => [...start, 1000, 200, 300, 40, 5, 6, 400, 50, 60, 7, 8, 9, 1, 2, 3, 4, 5, 6].join(',');
  const code = await agreed(stage);
  const made = await importing(201, code, 'ae-monthly', [header, line('MSitAE-NOVEMBER-2024', 'ZZ1', 'LONDON', 'NORTHFIELD'),
    line('MSitAE-NOVEMBER-2024', 'ZZ3', 'LONDON', 'WESTBROOK'), line('TOTAL', 'TOTAL', '', ''), ''].join('\n'));
  assert.deepEqual([made.rows, made.created], [2, 2]);
  const { items } = await stage.do(200, quality, 'listObservations', { query: { indicator: code, organisation: 'ZZ3' } });
  assert.deepEqual([items[0].month, items[0].numerator, items[0].denominator], ['2024-25-M08', 1551 - 534, 1551]);
});
