// The risk register from outside: scores, bands, criteria, closing, and the register as it stood.
import { before } from 'node:test';
import assert from 'node:assert/strict';
import { test, ask, expect, until, Person } from './harness.mjs';
import { Stage, today } from './stage.mjs';

const NHS_NUMBER = '943 476 5919'; // invented, with a valid check digit

let stage, quality;
before(async () => {
  stage = await Stage.set();
  quality = stage.leads.quality;
});

const log = (changes) => stage.do(201, quality, 'logRisk', { body: stage.riskBody(changes) });
const risk = (riskId) => stage.do(200, quality, 'getRisk', { values: { riskId } });
const refusedWith = async (wanted, who, operationId, options) => (await expect(wanted, who, operationId, stage.at(options))).problem;
const pointers = (problem) => problem.errors.map((fault) => fault.pointer).sort();
const ids = (page) => page.items.map((item) => item.id);

test('a risk is logged and scored in one request: 4 x 4 = 16, extreme', async () => {
  const answer = await expect(201, quality, 'logRisk', stage.at({ body: stage.riskBody({ target: { likelihood: 2, consequence: 3 } }) }));
  const logged = answer.body;
  assert.deepEqual([logged.likelihood, logged.consequence, logged.score, logged.band, logged.criteriaVersion], [4, 4, 16, 'extreme', 1]);
  assert.deepEqual([logged.initial.score, logged.target.score, logged.target.band], [16, 6, 'moderate']);
  assert.deepEqual([logged.owner.organisation, logged.changedOrganisation, logged.state, logged.version], ['ZZ3', 'ZZ3', 'open', 1]);
  assert.ok(answer.headers.location.endsWith(`/risk/risks/${logged.id}`));
  assert.deepEqual(await risk(logged.id), logged);
});

test('every band begins and ends where D2 says', async () => {
  const expected = { 1: 'low', 3: 'low', 4: 'moderate', 6: 'moderate', 8: 'high', 12: 'high', 15: 'extreme', 25: 'extreme' };
  for (const [likelihood, consequence] of [[1, 1], [1, 3], [2, 2], [2, 3], [2, 4], [3, 4], [3, 5], [5, 5]]) {
    const { score, band } = await log({ likelihood, consequence });
    assert.equal(score, likelihood * consequence);
    assert.equal(band, expected[score]);
  }
});

test('a new score says who, when, from, to and why; the history keeps all of it', async () => {
  const { id: riskId } = await log();
  const values = { riskId };
  const answer = await expect(201, quality, 'scoreRisk', stage.at({ values, body: { likelihood: 3, consequence: 4, reason: 'Two start in May.' } }));
  const score = answer.body;
  assert.deepEqual([score.number, score.kind, score.from.score, score.to.score, score.to.band], [2, 'current', 16, 12, 'high']);
  assert.deepEqual([score.reason, score.organisation], ['Two start in May.', 'ZZ3']);
  assert.ok(answer.headers.location.endsWith(`/risk/risks/${riskId}/scores/2`));
  assert.deepEqual(await stage.do(200, quality, 'getScore', { values: { riskId, number: 2 } }), score);
  await stage.do(201, quality, 'scoreRisk', { values, body: { kind: 'target', likelihood: 1, consequence: 4, reason: 'Where we want to be.' } });
  const now = await risk(riskId);
  assert.deepEqual([now.score, now.initial.score, now.target.score, now.change, now.scoreNumber, now.version], [12, 16, 4, 'scored', 3, 3]);
  const scores = await stage.do(200, quality, 'listScores', { values });
  assert.deepEqual(scores.items.map((one) => [one.number, one.kind, one.to.score]), [[1, 'initial', 16], [2, 'current', 12], [3, 'target', 4]]);
  const history = await stage.do(200, quality, 'listRiskHistory', { values });
  assert.deepEqual(history.items.map((one) => [one.version, one.score, one.change]), [[1, 16, 'logged'], [2, 12, 'scored'], [3, 12, 'scored']]);
  const trace = await stage.do(200, quality, 'traceRisk', { values });
  assert.ok(trace.events.some((event) => event.type === 'risk.risk.scored.v1'));
});

test('the register stands as it did at the end of a day', async () => {
  const { id } = await log({ title: 'Only from today' });
  const on = async (day, query) => ids(await stage.do(200, quality, 'listRegister', { query: { on: day, limit: 1000, ...query } }));
  assert.ok((await on(today(1))).includes(id));
  assert.ok((await on(today(1), { band: 'extreme', category: 'workforce', owner: 'ZZ3', state: 'open' })).includes(id));
  assert.ok(!(await on(today(1), { band: 'low' })).includes(id));
  assert.deepEqual(await on(today(-2)), []);
});

test('a revision needs the version it was read at, and a reason', async () => {
  const { id: riskId } = await log();
  const values = { riskId };
  const revised = await stage.do(200, quality, 'reviseRisk', { values, match: '"1"',
    body: { owner: { organisation: 'ZZ4' }, supportingOrganisations: ['ZZ1', 'ZZ2'], links: ['kpi/indicators/ae-4-hours'], reason: 'The contract moved.' } });
  assert.deepEqual([revised.owner.organisation, revised.supportingOrganisations, revised.reason, revised.version],
    ['ZZ4', ['ZZ1', 'ZZ2'], 'The contract moved.', 2]);
  assert.equal(revised.cause, stage.riskBody().cause);
  await refusedWith('stale-version', quality, 'reviseRisk', { values, match: '"1"', body: { title: 'Another', reason: 'Why not.' } });
  await refusedWith('invalid-body', quality, 'reviseRisk', { values, match: '"2"', body: { title: 'Another' } });
});

test('owners and helpers are active partners, and the person is one of the owner', async () => {
  const body = stage.riskBody({ owner: { organisation: 'ZZ1', appointmentId: stage.values.caseId }, supportingOrganisations: ['ZZ2', 'ZZ9'] });
  assert.deepEqual(pointers(await refusedWith('unknown-reference', quality, 'logRisk', { body })), ['/owner/appointmentId', '/supportingOrganisations/1']);
  const { id: riskId } = await log({ owner: { organisation: 'ZZ1', appointmentId: stage.values.appointmentId } });
  const problem = await refusedWith('unknown-reference', quality, 'reviseRisk', { values: { riskId }, match: '"1"', body: { owner: { organisation: 'ZZ9' }, reason: 'Moved.' } });
  assert.deepEqual(pointers(problem), ['/owner/organisation']);
});

test('an NHS number is refused wherever it stands in free text', async () => {
  const body = stage.riskBody({ title: `For ${NHS_NUMBER}`, cause: NHS_NUMBER, event: '9434765919', effect: '(943-476-5919)' });
  assert.deepEqual(pointers(await refusedWith('personal-data', quality, 'logRisk', { body })), ['/cause', '/effect', '/event', '/title']);
  const { id: riskId } = await log({ cause: 'Room 9434765918 is closed.' }); // a wrong check digit
  const values = { riskId };
  const reason = `Ask ${NHS_NUMBER}`;
  assert.deepEqual(pointers(await refusedWith('personal-data', quality, 'reviseRisk', { values, match: '"1"', body: { cause: NHS_NUMBER, reason } })), ['/cause', '/reason']);
  await refusedWith('personal-data', quality, 'scoreRisk', { values, body: { likelihood: 1, consequence: 1, reason } });
  await refusedWith('personal-data', quality, 'closeRisk', { values, body: { reason } });
  const { bands } = await stage.do(200, quality, 'getCriteria', { values: { number: 1 } });
  await refusedWith('personal-data', stage.director, 'adoptCriteria', { body: { bands, reason } });
});

test('the largest risk that the specification allows can be logged, scored and closed', async () => {
  const passage = '\u{1F3E5}'.repeat(1000); // four bytes each
  const links = Array.from({ length: 30 }, (_, i) => `kpi/${'a'.repeat(154)}${String(i).padStart(2, '0')}`);
  const { id: riskId } = await log({ title: passage.slice(0, 400), cause: passage, event: passage, effect: passage, links, supportingOrganisations: ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4'] });
  const values = { riskId };
  await stage.do(201, quality, 'scoreRisk', { values, body: { likelihood: 1, consequence: 1, reason: passage } });
  const closed = await stage.do(200, quality, 'closeRisk', { values, body: { reason: passage } });
  assert.deepEqual([closed.state, closed.cause, closed.reason, closed.links], ['closed', passage, passage, links]);
});

test('an ordinary risk is closed once, and then left alone', async () => {
  const { id: riskId } = await log();
  const values = { riskId };
  const closed = await stage.do(200, quality, 'closeRisk', { values, body: { reason: 'All teams are complete.' } });
  assert.deepEqual([closed.state, closed.change, closed.reason, closed.version], ['closed', 'closed', 'All teams are complete.', 2]);
  await refusedWith('state-conflict', quality, 'closeRisk', { values, body: { reason: 'Again.' } });
  await refusedWith('state-conflict', quality, 'reviseRisk', { values, match: '"2"', body: { title: 'Another', reason: 'Why not.' } });
  await refusedWith('state-conflict', quality, 'scoreRisk', { values, body: { likelihood: 1, consequence: 1, reason: 'Less.' } });
  await refusedWith('state-conflict', stage.leads.nurse, 'signClosure', { values, body: { as: 'lead-nurse' } });
});

test('a safety risk closes with the signatures of two people', async () => {
  const { nurse, medical } = stage.leads;
  const { id: riskId } = await log({ category: 'safety' });
  const values = { riskId };
  const sign = (wanted, who, as) => expect(wanted, who, 'signClosure', stage.at({ values, body: { as } }));
  const asked = await stage.do(200, quality, 'closeRisk', { values, body: { reason: 'Mended.' } });
  assert.deepEqual([asked.state, asked.change, asked.signatures], ['closing', 'closing', undefined]);
  await sign('role-missing', nurse, 'senior-medical-lead');
  const first = (await sign(200, nurse, 'lead-nurse')).body;
  assert.deepEqual([first.state, first.signatures.map((one) => one.as)], ['closing', ['lead-nurse']]);
  await sign('state-conflict', nurse, 'lead-nurse');
  await stage.do(200, quality, 'reviseRisk', { values, match: `"${first.version}"`, body: { effect: 'It is not mended.', reason: 'Seen again.' } });
  assert.deepEqual([(await risk(riskId)).state, (await risk(riskId)).signatures], ['open', undefined]);
  await stage.do(200, quality, 'closeRisk', { values, body: { reason: 'Mended now.' } });
  await sign(200, medical, 'senior-medical-lead');
  const closed = (await sign(200, nurse, 'lead-nurse')).body;
  assert.deepEqual([closed.state, closed.reason, closed.signatures.length], ['closed', 'Mended now.', 2]);
});

test('one person in both roles signs once', async () => {
  const both = new Person('both.zz4', 'ZZ4');
  for (const role of ['lead-nurse', 'senior-medical-lead']) {
    await stage.do(201, stage.reps.ZZ4, 'makeAppointment', { body: { person: { issuer: 'https://issuer.accord.example', subject: 'both.zz4', name: 'both.zz4' }, role, organisation: 'ZZ4' } });
  }
  both.remember(stage.reps.ZZ4.after());
  const { id: riskId } = await log({ category: 'quality' });
  const values = { riskId };
  await stage.do(200, quality, 'closeRisk', { values, body: { reason: 'Mended.' } });
  await stage.do(200, both, 'signClosure', { values, body: { as: 'lead-nurse' } });
  await refusedWith('rule-broken', both, 'signClosure', { values, body: { as: 'senior-medical-lead' } });
});

test('lists follow their filters and come as CSV', async () => {
  const mine = await log({ title: 'Listed', category: 'environment', likelihood: 1, consequence: 2, owner: { organisation: 'ZZ4' } });
  const list = async (query) => ids(await stage.do(200, quality, 'listRisks', { query: { limit: 1000, ...query } }));
  const wanted = { state: 'open', band: 'low', category: 'environment', owner: 'ZZ4' };
  assert.deepEqual(await list(wanted), [mine.id]);
  for (const other of [{ state: 'closed' }, { band: 'high' }, { category: 'finance' }, { owner: 'ZZ2' }]) {
    assert.ok(!(await list({ ...wanted, ...other })).includes(mine.id), JSON.stringify(other));
  }
  const csv = await expect(200, quality, 'listRisks', stage.at({ query: wanted, accept: 'text/csv' }));
  const [header, row] = csv.text.split(/\r?\n/);
  assert.ok(header.startsWith('id,title,category,owner.organisation'), header);
  assert.ok(row.startsWith(`${mine.id},Listed,environment,ZZ4`), row);
});

test('new criteria count from now on, and old scores keep theirs', async () => {
  const { id: riskId } = await log();
  const bands = [{ band: 'low', from: 1, to: 3 }, { band: 'moderate', from: 4, to: 6 }, { band: 'high', from: 8, to: 16 }, { band: 'extreme', from: 20, to: 25 }];
  const reason = 'Aligned with the system.';
  const adopt = (wanted, changed) => refusedWith(wanted, stage.director, 'adoptCriteria', { body: { bands: bands.map((band, i) => ({ ...band, ...changed[i] })), reason } });
  assert.deepEqual(pointers(await adopt('rule-broken', { 1: { from: 3 } })), ['/bands/1']);
  assert.deepEqual(pointers(await adopt('rule-broken', { 2: { to: 15 } })), ['/bands']);
  assert.deepEqual(pointers(await adopt('rule-broken', { 0: { band: 'extreme' } })), ['/bands/0/band']);
  await refusedWith('role-missing', quality, 'adoptCriteria', { body: { bands, reason } });
  const adopted = await stage.do(201, stage.director, 'adoptCriteria', { body: { bands, reason } });
  assert.equal(adopted.number, 2);
  assert.deepEqual(await stage.do(200, quality, 'getCriteria', { values: { number: 2 } }), adopted);
  assert.deepEqual((await stage.do(200, quality, 'listCriteria')).items.map((one) => one.number), [1, 2]);
  assert.deepEqual([(await risk(riskId)).band, (await risk(riskId)).criteriaVersion], ['extreme', 1]);
  const { from, to } = await stage.do(201, quality, 'scoreRisk', { values: { riskId }, body: { likelihood: 4, consequence: 4, reason: 'Again.' } });
  assert.deepEqual([from.band, from.criteriaVersion, to.band, to.criteriaVersion], ['extreme', 1, 'high', 2]);
});

test('an alliance that is still forming has no register', async () => {
  const { id: allianceId } = (await expect(201, stage.reps.ZZ1, 'foundAlliance', { body: stage.foundingBody('Still forming') })).body;
  const refusal = (who, operationId, body) => until(async () => {
    const answer = await ask(who, operationId, { values: { allianceId }, after: null, body });
    return answer.slug !== 'not-found' && answer;
  }, `${operationId} in the forming alliance`);
  assert.equal((await refusal(stage.reps.ZZ1, 'logRisk', stage.riskBody())).slug, 'alliance-not-active');
  const bands = (await stage.do(200, quality, 'getCriteria', { values: { number: 1 } })).bands;
  assert.equal((await refusal(stage.director, 'adoptCriteria', { bands, reason: 'Ours.' })).slug, 'alliance-not-active');
});
