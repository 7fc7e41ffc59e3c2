// Indicators: specifications before data, revisions with reasons, imports whole or not at all.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { test, ask, expect, journalPages, Person } from './harness.mjs';
import { Stage } from './stage.mjs';

let stage, quality, provider;
const header = 'period,org_code,type,attendances,breaches,admissions';
const nhsNumber = '943 476 5919';
let counter = 0;

before(async () => {
  stage = await Stage.set({ only: 'founded' });
  await stage.appointPeople();
  quality = stage.leads.quality;
  provider = stage.reps.ZZ1;
  await stage.see(quality, 'listIndicators', () => true);
  await stage.see(provider, 'listIndicators', () => true);
});

async function indicator(unit = 'percentage') {
  const code = `indicator-${++counter}`;
  await stage.do(201, quality, 'createIndicator', { body: { code, name: `Indicator ${counter}`, theme: 'quality' } });
  const { numerator, denominator, ...rest } = stage.specificationBody({ unit });
  const body = unit === 'percentage' ? { numerator, denominator, ...rest } : rest;
  await stage.do(201, quality, 'draftSpecification', { values: { indicatorCode: code }, body });
  return code;
}

async function agreed(unit) {
  const code = await indicator(unit);
  await stage.decide(`kpi/indicators/${code}/specifications/1`, 'agree', quality);
  await stage.see(quality, 'getIndicator', (body) => body.agreedSpecification === 1, { values: { indicatorCode: code } });
  return code;
}

const observation = (code, changes = {}) =>
  ({ indicator: code, organisation: 'ZZ1', month: '2026-27-M01', numerator: 17278, denominator: 22999, ...changes });
const file = (...rows) => [header, ...rows, ''].join('\n');
const importing = (wanted, who, code, text, query = {}) =>
  stage.do(wanted, who, 'importObservations', { query: { indicator: code, format: 'ae-long', ...query }, type: 'text/csv', body: text });

test('a value without an agreed specification is refused', async () => {
  const code = await indicator();
  await stage.do('rule-broken', quality, 'recordObservation', { body: observation(code) });
  await importing('rule-broken', quality, code, file('2026-04-01,ZZ1,1,4,1,0'));
});

test('a file for an indicator that does not exist is refused', async () => {
  await importing('unknown-reference', quality, 'no-such-indicator', file('2026-04-01,ZZ1,1,4,1,0'));
});

test('a specification is agreed by decision, and a newer one supersedes it', async () => {
  const code = await agreed();
  const first = await stage.do(200, quality, 'getSpecification', { values: { indicatorCode: code, specificationNumber: 1 } });
  assert.equal(first.state, 'agreed');
  assert.ok(first.decisionId);
  await stage.do(201, quality, 'draftSpecification', { values: { indicatorCode: code }, body: stage.specificationBody({ definition: 'As before, without streaming.' }) });
  await stage.decide(`kpi/indicators/${code}/specifications/2`, 'agree', quality);
  const list = await stage.see(quality, 'listSpecifications', (body) => body.items[1].state === 'agreed', { values: { indicatorCode: code } });
  assert.equal(list.items[0].state, 'superseded');
});

test('what a specification must say is all named at once', async () => {
  const code = await indicator();
  const { numerator, denominator, ...body } = stage.specificationBody();
  const answer = await stage.do('rule-broken', quality, 'draftSpecification', { values: { indicatorCode: code }, body });
  assert.deepEqual(answer.errors.map((e) => e.pointer).sort(), ['/denominator', '/numerator']);
});

test('a specification of a stranger is refused', async () => {
  const code = await indicator();
  await stage.do('unknown-reference', quality, 'draftSpecification', { values: { indicatorCode: code }, body: stage.specificationBody({ owner: 'ZZ99' }) });
});

test('NHS numbers are refused in every free text', async () => {
  await stage.do('personal-data', quality, 'createIndicator', { body: { code: 'personal', name: `Of ${nhsNumber}`, theme: 'quality' } });
  const code = await agreed();
  await stage.do('personal-data', quality, 'draftSpecification', { values: { indicatorCode: code }, body: stage.specificationBody({ definition: nhsNumber }) });
  const made = await stage.do(201, quality, 'recordObservation', { body: observation(code) });
  await stage.do('personal-data', quality, 'reviseObservation', { values: { observationId: made.id }, match: '"1"', body: { numerator: 1, reason: nhsNumber } });
  await importing('personal-data', quality, code, file('2026-05-01,ZZ1,1,4,1,0'), { reason: nhsNumber });
});

test('an indicator exists once', async () => {
  const code = await indicator();
  await stage.do('already-exists', quality, 'createIndicator', { body: { code, name: 'Again', theme: 'quality' } });
});

test('an observation shows its percentage, and every revision of it is kept with its reason', async () => {
  const code = await agreed();
  const made = await stage.do(201, quality, 'recordObservation', { body: observation(code) });
  assert.equal(made.percentage, '75.125');
  assert.equal(made.status, 'provisional');
  await stage.do('already-exists', quality, 'recordObservation', { body: observation(code) });
  const at = { values: { observationId: made.id }, match: '"1"' };
  await stage.do('rule-broken', quality, 'reviseObservation', { ...at, body: { numerator: 17280 } });
  await stage.do('unknown-reference', stage.reps.ZZ2, 'reviseObservation', { ...at, body: { numerator: 17280, reason: 'Of another partner.' } });
  await stage.do('rule-broken', quality, 'reviseObservation', { ...at, body: { numerator: 23000, reason: 'More than there are.' } });
  const revised = await stage.do(200, quality, 'reviseObservation', { ...at, body: { numerator: 17280, reason: 'Two late returns.' } });
  assert.equal(revised.version, 2);
  await stage.do('stale-version', quality, 'reviseObservation', { ...at, body: { status: 'submitted' } });
  await stage.do(200, quality, 'reviseObservation', { values: { observationId: made.id }, match: '"2"', body: { status: 'submitted' } });
  const { items } = await stage.do(200, quality, 'listObservationRevisions', { values: { observationId: made.id } });
  assert.deepEqual(items.map((r) => [r.revision, r.numerator, r.status]), [[1, 17278, 'provisional'], [2, 17280, 'provisional'], [3, 17280, 'submitted']]);
});

test('a partner reports for itself only', async () => {
  const code = await agreed();
  await stage.do(201, provider, 'recordObservation', { body: observation(code) });
  await stage.do('unknown-reference', provider, 'recordObservation', { body: observation(code, { organisation: 'ZZ3' }) });
  await stage.do('unknown-reference', quality, 'recordObservation', { body: observation(code, { organisation: 'ZZ99' }) });
  await stage.do('unknown-reference', quality, 'recordObservation', { body: observation('no-such-indicator') });
  const refused = await importing('invalid-import', provider, code, file('2026-05-01,ZZ3,1,4,1,0'));
  assert.equal(refused.errors[0].pointer, '/line/2/organisation');
});

test('an import sums department types, and the same file again changes nothing', async () => {
  const code = await agreed();
  const text = file('2026-04-01,ZZ1,1,21059,5675,5316', '2026-04-01,ZZ1,2,1940,46,16', '2026-05-01,ZZ3,other,10,0,0');
  const made = await importing(201, quality, code, text);
  assert.deepEqual([made.rows, made.created, made.revised, made.unchanged], [3, 2, 0, 0]);
  const { items } = await stage.do(200, quality, 'listObservations', { query: { indicator: code, organisation: 'ZZ1' } });
  assert.deepEqual([items[0].denominator, items[0].denominator - items[0].numerator, items[0].importId], [22999, 5721, made.id]);
  const again = await importing(200, quality, code, text);
  assert.deepEqual([again.created, again.revised, again.unchanged], [0, 0, 2]);
  assert.equal((await stage.do(200, quality, 'listImports', { query: { indicator: code } })).items.length, 1);
});

test('an import that changes figures says why, and makes revisions', async () => {
  const code = await agreed();
  await importing(201, quality, code, file('2026-04-01,ZZ1,1,100,20,0', '2026-04-01,ZZ3,1,100,20,0'));
  const changed = file('2026-04-01,ZZ1,1,100,21,0', '2026-04-01,ZZ3,1,100,20,0');
  const refused = await importing('rule-broken', quality, code, changed);
  assert.equal(refused.errors[0].pointer, '?reason');
  const made = await importing(201, quality, code, changed, { reason: 'The trust resubmitted.' });
  assert.deepEqual([made.created, made.revised, made.unchanged], [0, 1, 1]);
});

test('one bad row refuses the whole file, and every bad row is named', async () => {
  const code = await agreed();
  const bad = file('2026-04-01,ZZ1,1,100,20,0', '2026-04-02,ZZ1,1,100,20,0', '2026-05-01,ZZ1,9,1,2,x', '2026-04-01,ZZ1,1,100,20,0');
  const refused = await importing('invalid-import', quality, code, bad);
  assert.deepEqual(refused.errors.map((e) => e.pointer).sort(),
    ['/line/3/period', '/line/4/admissions', '/line/4/breaches', '/line/4/type', '/line/5']);
  const report = await importing(200, quality, code, bad, { dryRun: 'true' });
  assert.equal(report.faultsTotal, 5);
  assert.equal((await stage.do(200, quality, 'listObservations', { query: { indicator: code } })).items.length, 0);
});

test('a dry run of a good file says what it would do and does nothing', async () => {
  const code = await agreed();
  const report = await importing(200, quality, code, file('2026-04-01,ZZ1,1,100,20,0'), { dryRun: 'true' });
  assert.deepEqual([report.created, report.faultsTotal], [1, 0]);
  assert.equal((await stage.do(200, quality, 'listObservations', { query: { indicator: code } })).items.length, 0);
});

test('counts are imported from plain columns and as JSON', async () => {
  const code = await agreed('count');
  const made = await importing(201, quality, code, 'organisation,month,value\nZZ1,2026-27-M01,7\n', { format: 'plain' });
  assert.equal(made.created, 1);
  await stage.do(201, quality, 'importObservations', { query: { indicator: code }, type: 'application/json',
    body: { rows: [{ organisation: 'ZZ1', month: '2026-27-M02', value: 8 }] } });
  await stage.do('rule-broken', quality, 'recordObservation', { body: observation(code, { month: '2026-27-M03' }) });
  await importing('invalid-import', quality, code, 'organisation,month,value\nZZ1,2026-27-M03,-7\n', { format: 'plain' });
});

test('an import over more observations than one event holds stands whole', async () => {
  const code = await agreed();
  const rows = [];
  for (const organisation of ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4'])
    for (let year = 2017; year < 2026; year++)
      for (let month = 1; month <= 12; month++)
        rows.push(`${year}-${String(month).padStart(2, '0')}-01,${organisation},1,${1000 + rows.length},${rows.length % 300},0`);
  const made = await importing(201, quality, code, file(...rows));
  assert.equal(made.created, 432);
  const { items } = await stage.do(200, quality, 'listObservations', { query: { indicator: code, limit: 1000 } });
  assert.equal(items.length, 432);
});

test('who reads the journal page by page can tell when an import is whole', async () => {
  const code = await agreed();
  const { head } = await stage.do(200, quality, 'listKpiJournal', { query: { limit: '1' }, accept: 'application/json' });
  const rows = Array.from({ length: 250 }, (_, i) =>
    `${2000 + Math.floor(i / 12)}-${String(i % 12 + 1).padStart(2, '0')}-01,ZZ1,1,${1000 + i},20,0`);
  const made = await importing(201, quality, code, file(...rows));
  let wanted;
  const missing = []; // after each page
  for await (const events of journalPages(stage, quality, 'listKpiJournal', head, 2)) {
    for (const { subject, data } of events) {
      assert.equal(subject, `kpi/imports/${made.id}`);
      if (data.import) wanted = data.import.createdCount + data.import.revisedCount;
      else wanted -= data.observation.length;
    }
    missing.push(wanted);
  }
  assert.deepEqual(missing, [150, 0]);
});

test('before the alliance is active nothing is measured', async () => {
  const founder = stage.reps.ZZ1;
  const made = await expect(201, founder, 'foundAlliance', { body: stage.foundingBody('Not yet') });
  const director = new Person('dana.director', 'ZZ1');
  const options = { values: { allianceId: made.body.id, indicatorCode: 'x' }, after: made.headers['accord-sequence'] };
  await expect('alliance-not-active', director, 'createIndicator', { ...options, body: { code: 'x', name: 'X', theme: 'quality' } });
  await expect('alliance-not-active', director, 'draftSpecification', { ...options, body: stage.specificationBody() });
});
