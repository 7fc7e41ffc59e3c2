// The risk register from outside: scores, bands, criteria, closing, and the register as it stood.
import { before } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test, ask, expect, operations, until, Person } from './harness.mjs';
import { Stage, inSeconds, today } from './stage.mjs';
import { agreed, month, receive } from './measures.mjs';

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

test('criteria say how often each band is reviewed and what each consequence means, and keep what is not said', async () => {
  const { bands, descriptors, ...before } = (await stage.do(200, quality, 'listCriteria')).items.at(-1);
  const consequences = ['None.', 'Small.', 'Some.', 'Much.', 'Everything.'];
  const reason = 'Reviewed more often.';
  const adopt = (wanted, changes) => refusedWith(wanted, stage.director, 'adoptCriteria', { body: { bands, reason, ...changes } });
  const often = bands.map((band, i) => ({ ...band, reviewDays: [60, 30, 14, 15][i] }));
  assert.deepEqual(pointers(await adopt('rule-broken', { bands: often })), ['/bands/3']);
  const twice = [{ category: 'finance', consequences }, { category: 'finance', consequences }];
  assert.deepEqual(pointers(await adopt('rule-broken', { descriptors: twice })), ['/descriptors/1/category']);
  const personal = [{ category: 'finance', consequences: [NHS_NUMBER, ...consequences.slice(1)] }];
  assert.deepEqual(pointers(await adopt('personal-data', { descriptors: personal })), ['/descriptors']);
  const adopted = await stage.do(201, stage.director, 'adoptCriteria', { body: { bands: bands.map(({ reviewDays, ...band }) => band), reason, descriptors: [{ category: 'finance', consequences }] } });
  assert.equal(adopted.number, before.number + 1);
  assert.deepEqual(adopted.bands, bands);
  assert.deepEqual(adopted.descriptors, descriptors.map((one) => (one.category === 'finance' ? { ...one, consequences } : one)));
  assert.deepEqual(await stage.do(200, quality, 'getCriteria', { values: { number: adopted.number } }), adopted);
});

const londonDay = (days = 0) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date(Date.now() + days * 86400000));
const escalationsOf = async (riskId) => (await stage.do(200, quality, 'listEscalations', { values: { riskId } })).items;

test('closing a review sets the next date, by the interval of the band', async () => {
  const { bands } = (await stage.do(200, quality, 'listCriteria')).items.at(-1);
  const days = Object.fromEntries(bands.map((band) => [band.band, band.reviewDays]));
  const logged = await log({ likelihood: 2, consequence: 1 });
  const values = { riskId: logged.id };
  assert.deepEqual([logged.band, logged.nextReviewOn, logged.reviewCount], ['low', londonDay(days.low), 0]);
  await stage.do(201, quality, 'scoreRisk', { values, body: { likelihood: 5, consequence: 5, reason: 'Worse.' } });
  assert.equal((await risk(logged.id)).nextReviewOn, londonDay(days.extreme)); // brought forward
  await stage.do(201, quality, 'scoreRisk', { values, body: { likelihood: 1, consequence: 1, reason: 'Better.' } });
  assert.equal((await risk(logged.id)).nextReviewOn, londonDay(days.extreme)); // and not put off
  const answer = await expect(201, quality, 'closeReview', stage.at({ values, body: { findings: 'Stays low.' } }));
  const review = answer.body;
  assert.deepEqual([review.number, review.dueOn, review.closedOn, review.nextOn, review.rating.score, review.findings, review.organisation],
    [1, londonDay(days.extreme), londonDay(), londonDay(days.low), 1, 'Stays low.', 'ZZ3']);
  assert.ok(answer.headers.location.endsWith(`/risk/risks/${logged.id}/reviews/1`));
  assert.deepEqual(await stage.do(200, quality, 'getReview', { values: { ...values, number: 1 } }), review);
  assert.deepEqual((await stage.do(200, quality, 'listReviews', { values })).items, [review]);
  const now = await risk(logged.id);
  assert.deepEqual([now.change, now.reason, now.nextReviewOn, now.reviewCount, now.version], ['reviewed', 'Stays low.', review.nextOn, 1, 4]);
  await refusedWith('not-found', quality, 'getReview', { values: { ...values, number: 2 } });
  await refusedWith('personal-data', quality, 'closeReview', { values, body: { findings: NHS_NUMBER } });
  const overdue = ids(await stage.do(200, quality, 'listRisks', { query: { overdue: true, limit: 1000 } }));
  const fine = ids(await stage.do(200, quality, 'listRisks', { query: { overdue: false, limit: 1000 } }));
  assert.ok(!overdue.includes(logged.id) && fine.includes(logged.id));
  const closed = await stage.do(200, quality, 'closeRisk', { values, body: { reason: 'Over.' } });
  assert.equal(closed.nextReviewOn, undefined);
  await refusedWith('state-conflict', quality, 'closeReview', { values, body: { findings: 'Nothing.' } });
});

test('15 and above goes to the leadership board at once, and not again until it was below', async () => {
  const { id: riskId, title } = await log({ likelihood: 3, consequence: 5 });
  const told = await escalationsOf(riskId);
  assert.deepEqual(told.map((one) => [one.toGroup, one.cause, one.score, one.scoreNumber, one.title, one.reason]),
    [['leadership-board', 'score', 15, 1, title, 'The risk scores 3 x 5 = 15, extreme.']].map((one) => [...one.slice(0, 5), told[0].reason]));
  assert.match(told[0].reason, /^The risk scores 3 x 5 = 15, /);
  const score = async (likelihood, consequence) => (await stage.do(201, quality, 'scoreRisk', { values: { riskId }, body: { likelihood, consequence, reason: 'Looked again.' } })).escalates;
  const steps = [[3, 5, false], [3, 4, false], [3, 5, true], [5, 5, true], [4, 5, false], [1, 1, false], [4, 5, true]];
  for (const [likelihood, consequence, escalates] of steps) assert.equal(await score(likelihood, consequence), escalates, `${likelihood} x ${consequence}`);
  assert.deepEqual((await escalationsOf(riskId)).map((one) => one.score), [15, 15, 25, 20]);
  const { id: calm } = await log({ likelihood: 3, consequence: 4 });
  assert.deepEqual(await escalationsOf(calm), []);
  const trace = await stage.do(200, quality, 'traceRisk', { values: { riskId } });
  assert.equal(trace.events.filter((event) => event.type === 'risk.risk.escalated.v1').length, 4);
});

// A draft that a signal of kpi proposed at that organisation.
async function drafted(organisation) {
  const code = await agreed(stage, { unit: 'count', direction: 'down' });
  const steady = Array.from({ length: 14 }, (_, i) => (i % 2 ? 60 : 40));
  await receive(stage, code, { [organisation]: [...steady, 400] });
  stage.share();
  const [signal] = (await stage.do(200, quality, 'listSignals', { query: { indicator: code } })).items;
  const { items } = await stage.see(quality, 'listRisks', (body) => body.items.some((one) => one.evidence.indicator === code), { query: { state: 'draft', limit: 1000 } });
  return [items.find((one) => one.evidence.indicator === code), signal];
}

test('a signal of kpi proposes a draft with its evidence, which is in no band until a person accepts it', async () => {
  const [draft, signal] = await drafted('ZZ1');
  assert.deepEqual(draft.evidence, { signal: `kpi/signals/${signal.id}`, indicator: signal.indicator, organisation: 'ZZ1', month: month(14), kind: 'outside-limits' });
  assert.deepEqual([draft.state, draft.change, draft.owner, draft.score, draft.band, draft.changedBy, draft.scoreNumber, draft.nextReviewOn],
    ['draft', 'proposed', { organisation: 'ZZ1' }, undefined, undefined, undefined, undefined, undefined]);
  const values = { riskId: draft.id };
  const everywhere = async (state) => (await Promise.all(['listRisks', 'listRegister'].map((operationId) =>
    stage.do(200, quality, operationId, { query: { limit: 1000, state, ...(operationId === 'listRegister' && { on: today(1) }) } })))).map((page) => ids(page).includes(draft.id));
  assert.deepEqual(await everywhere(), [false, false]);
  assert.deepEqual(await everywhere('draft'), [true, true]);
  await refusedWith('state-conflict', quality, 'scoreRisk', { values, body: { likelihood: 1, consequence: 1, reason: 'Not yet.' } });
  await refusedWith('state-conflict', quality, 'closeRisk', { values, body: { reason: 'Not yet.' } });
  await refusedWith('unknown-reference', quality, 'acceptDraft', { values, body: { likelihood: 1, consequence: 1, owner: { organisation: 'ZZ9' } } });
  const accepted = await stage.do(200, quality, 'acceptDraft', { values, body: { likelihood: 5, consequence: 4, target: { likelihood: 1, consequence: 4 }, effect: 'Waits grow.', category: 'service' } });
  assert.deepEqual([accepted.state, accepted.change, accepted.score, accepted.initial.score, accepted.target.score, accepted.effect, accepted.category, accepted.cause, accepted.version],
    ['open', 'accepted', 20, 20, 4, 'Waits grow.', 'service', draft.cause, 2]);
  assert.deepEqual(accepted.evidence, draft.evidence);
  assert.deepEqual(await everywhere(), [true, true]);
  assert.deepEqual((await escalationsOf(draft.id)).map((one) => one.score), [20]);
  await refusedWith('state-conflict', quality, 'acceptDraft', { values, body: { likelihood: 1, consequence: 1 } });
  const trace = await stage.do(200, quality, 'traceRisk', { values });
  for (const type of ['kpi.signal.found.v1', 'risk.risk.proposed.v1', 'risk.risk.accepted.v1', 'risk.risk.escalated.v1']) {
    assert.ok(trace.events.some((event) => event.type === type), type);
  }
});

test('a draft is dismissed with a reason, and stays on record', async () => {
  const [{ id: riskId }] = await drafted('ZZ3');
  const values = { riskId };
  const dismissed = await stage.do(200, quality, 'dismissDraft', { values, body: { reason: 'Two bank holidays.' } });
  assert.deepEqual([dismissed.state, dismissed.change, dismissed.reason, dismissed.version], ['dismissed', 'dismissed', 'Two bank holidays.', 2]);
  assert.ok(ids(await stage.do(200, quality, 'listRisks', { query: { state: 'dismissed', limit: 1000 } })).includes(riskId));
  assert.ok(!ids(await stage.do(200, quality, 'listRisks', { query: { limit: 1000 } })).includes(riskId));
  await refusedWith('state-conflict', quality, 'dismissDraft', { values, body: { reason: 'Again.' } });
  await refusedWith('state-conflict', quality, 'reviseRisk', { values, match: '"2"', body: { title: 'Another', reason: 'Why not.' } });
});

test('only a draft is accepted or dismissed', async () => {
  const { id: riskId } = await log();
  const values = { riskId };
  await refusedWith('state-conflict', quality, 'acceptDraft', { values, body: { likelihood: 1, consequence: 1 } });
  await refusedWith('state-conflict', quality, 'dismissDraft', { values, body: { reason: 'No risk.' } });
  await refusedWith('personal-data', quality, 'acceptDraft', { values, body: { likelihood: 1, consequence: 1, effect: NHS_NUMBER } });
  await refusedWith('personal-data', quality, 'dismissDraft', { values, body: { reason: NHS_NUMBER } });
});

// ZZ3 (the quality lead's) and ZZ2 may know of it.
const restricted = (changes) => log({ title: 'In confidence', restrictedTo: ['ZZ3', 'ZZ2'], ...changes });
const everyPage = async (who, operationId, query = {}) => {
  const pages = [];
  for (let cursor; ;) {
    const page = await stage.do(200, who, operationId, { query: { limit: 1, ...query, cursor } });
    pages.push(page);
    if (!page.nextCursor) return pages;
    cursor = page.nextCursor;
  }
};
const found = (pages) => pages.flatMap((page) => ids(page));

test('a restricted risk names partners, the caller\'s, the owner and those who help among them', async () => {
  const refusal = async (slug, changes) => pointers(await refusedWith(slug, quality, 'logRisk', { body: stage.riskBody(changes) }));
  assert.deepEqual(await refusal('rule-broken', { restrictedTo: ['ZZ1'], owner: { organisation: 'ZZ1' } }), ['/restrictedTo']);
  assert.deepEqual(await refusal('rule-broken', { restrictedTo: ['ZZ3'], owner: { organisation: 'ZZ1' }, supportingOrganisations: ['ZZ3', 'ZZ2'] }),
    ['/owner/organisation', '/supportingOrganisations/1']);
  assert.deepEqual(await refusal('unknown-reference', { restrictedTo: ['ZZ3', 'ZZ9', 'ZZ6'] }), ['/restrictedTo/1', '/restrictedTo/2']); // a stranger, one that left
  for (const restrictedTo of [[], ['ZZ3', 'ZZ3'], Array.from({ length: 31 }, (_, i) => `ZY${i}`)]) await refusal('invalid-body', { restrictedTo });
  const logged = await restricted();
  assert.deepEqual(logged.restrictedTo, ['ZZ3', 'ZZ2']);
  assert.deepEqual(await stage.do(200, stage.reps.ZZ2, 'getRisk', { values: { riskId: logged.id } }), logged);
});

// Everything that names a risk answers as it answers for a risk that never was.
test('who may not know sees no trace of a restricted risk: each operation answers as for none', async () => {
  const logged = await restricted({ category: 'safety' });
  await stage.do(201, quality, 'closeReview', { values: { riskId: logged.id }, body: { findings: 'In confidence.' } });
  await stage.do(200, quality, 'closeRisk', { values: { riskId: logged.id }, body: { reason: 'Mended.' } });
  const outsiders = [stage.reps.ZZ1, stage.director, stage.leads.medical, stage.leads.finance, stage.clerk, stage.reps.ZZ4];
  const requests = {
    getRisk: {}, listScores: {}, listRiskHistory: {}, traceRisk: {}, getScore: { values: { number: 1 } },
    reviseRisk: { match: '"2"', body: { title: 'Mine', reason: 'Why not.' } },
    scoreRisk: { body: { likelihood: 1, consequence: 1, reason: 'Less.' } },
    listReviews: {}, listEscalations: {}, getReview: { values: { number: 1 } }, closeReview: { body: { findings: 'Nothing new.' } },
    acceptDraft: { body: { likelihood: 1, consequence: 1 } }, dismissDraft: { body: { reason: 'No risk.' } },
    closeRisk: { body: { reason: 'Over.' } }, signClosure: { body: { as: 'senior-medical-lead' } },
  };
  const named = operations.filter((op) => op.path.includes('{riskId}')).map((op) => op.id).sort();
  assert.deepEqual(Object.keys(requests).sort(), named);
  const shown = async (who, operationId, riskId) => {
    const options = requests[operationId];
    const answers = [];
    for (const extra of [{}, { headers: { 'If-None-Match': '"2"' } }, { accept: 'text/csv, application/problem+json' }, { query: { nonsense: 1 } }]) {
      const answer = await ask(who, operationId, stage.at({ ...options, ...extra, values: { ...options.values, riskId } }));
      const { requestId, instance, ...problem } = answer.problem ?? {};
      answers.push([answer.status, answer.headers.etag, JSON.parse(JSON.stringify(problem).replaceAll(riskId, 'ID'))]);
    }
    return answers;
  };
  for (const who of outsiders) {
    who.remember(quality.after());
    for (const operationId of named) {
      const answers = await shown(who, operationId, logged.id);
      assert.deepEqual(answers, await shown(who, operationId, randomUUID()), `${operationId} by ${who.subject}`);
      assert.ok(answers.every(([status]) => status >= 400), operationId);
    }
  }
  await refusedWith('not-found', stage.leads.medical, 'signClosure', { values: { riskId: logged.id }, body: { as: 'senior-medical-lead' } });
  // Nor does asking for a decision on it tell.
  const opened = async (riskId) => (await ask(stage.director, 'openDecision', stage.at({ body: { subject: `risk/risks/${riskId}`, effect: 'accept',
    question: 'Shall we?', rationale: 'Best for project.', deadlineAt: inSeconds(3600) } })));
  const [real, none] = [await opened(logged.id), await opened(randomUUID())];
  assert.deepEqual([real.status, real.slug], [none.status, none.slug]);
  assert.ok(real.status >= 400);
  assert.equal((await risk(logged.id)).version, 3);
});

test('no list, page, cursor, register or CSV shows or counts a restricted risk to others', async () => {
  const category = 'statutory'; // nobody else here uses it
  const made = [];
  for (const hidden of [true, false, true, true, false, true]) made.push([hidden, (await log({ category, ...(hidden && { restrictedTo: ['ZZ3', 'ZZ2'] }) })).id]);
  const all = made.map(([, id]) => id), open = made.filter(([hidden]) => !hidden).map(([, id]) => id);
  for (const [who, wanted] of [[quality, all], [stage.reps.ZZ2, all], [stage.reps.ZZ1, open], [stage.director, open], [stage.clerk, open]]) {
    who.remember(quality.after());
    for (const [operationId, query] of [['listRisks', { category }], ['listRegister', { category, on: today(1) }]]) {
      const pages = await everyPage(who, operationId, query);
      assert.deepEqual(found(pages), wanted, `${operationId} by ${who.subject}`);
      assert.ok(pages.every((page) => page.items.length === 1), 'no page is short');
      const csv = await expect(200, who, operationId, stage.at({ query: { ...query, limit: 1000 }, accept: 'text/csv' }));
      assert.deepEqual(csv.text.trim().split(/\r?\n/).slice(1).map((line) => line.split(',')[0]), wanted);
    }
    const half = await stage.do(200, who, 'listRisks', { query: { category, limit: wanted.length } });
    assert.equal(half.nextCursor, undefined); // nothing hidden waits behind the last page
  }
  const { band } = await risk(open[0]);
  for (const query of [{ state: 'open' }, { band }, { owner: 'ZZ3' }]) {
    const seen = found(await everyPage(stage.reps.ZZ1, 'listRisks', { category, ...query }));
    assert.deepEqual(seen, open, JSON.stringify(query));
  }
});

test('the journal proves a restricted risk to all and tells of it to those who may know', async () => {
  const { head } = await stage.do(200, quality, 'listRiskJournal', { query: { limit: 1 } });
  const { id: riskId } = await restricted();
  await stage.do(201, quality, 'scoreRisk', { values: { riskId }, body: { likelihood: 1, consequence: 1, reason: 'Less.' } });
  stage.share();
  const feed = async (who, after = head) => (await stage.do(200, who, 'listRiskJournal', { query: { after, limit: 1000 } })).items;
  const [known, hidden] = [await feed(stage.reps.ZZ2), await feed(stage.reps.ZZ1)];
  assert.deepEqual(known.map((event) => [event.class, event.type]), [['restricted', 'risk.risk.logged.v1'], ['restricted', 'risk.risk.escalated.v1'],
    ['restricted', 'risk.risk.scored.v1']]);
  const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
  for (const [i, event] of known.entries()) {
    assert.deepEqual(hidden[i], { sequence: event.sequence, class: 'restricted', digest: event.digest, hash: event.hash });
    assert.equal(sha256('r', Buffer.from(event.salt, 'hex'), event.body).toString('hex'), event.digest);
    assert.deepEqual(JSON.parse(event.body).restrictedTo, ['ZZ3', 'ZZ2']);
  }
  // The chain of one who may not know, from its beginning.
  const chain = await feed(stage.reps.ZZ1, 0);
  let before = sha256('accord/1', 'risk', stage.values.allianceId);
  for (const event of chain) {
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(event.sequence));
    before = sha256(before, number, Buffer.from(event.digest, 'hex'));
    assert.equal(before.toString('hex'), event.hash);
  }
  const exported = await expect(200, stage.reps.ZZ1, 'listRiskJournal', stage.at({ query: { limit: 1000 }, accept: 'application/x-ndjson' }));
  assert.ok(!exported.text.includes(riskId) && !exported.text.includes('In confidence'));
});

test('a trace leaves restricted risks out, whoever links to them', async () => {
  const { id: hiddenId } = await restricted();
  const { id: riskId } = await log({ links: [`risk/risks/${hiddenId}`] });
  stage.share();
  const subjects = async (who) => (await stage.do(200, who, 'traceRisk', { values: { riskId } })).events.map((event) => event.subject);
  assert.ok((await subjects(stage.reps.ZZ2)).includes(`risk/risks/${hiddenId}`));
  assert.ok(!(await subjects(stage.reps.ZZ1)).includes(`risk/risks/${hiddenId}`));
});

test('an Idempotency-Key repeats a restricted risk to its own caller only', async () => {
  const key = randomUUID();
  const body = stage.riskBody({ title: 'In confidence', restrictedTo: ['ZZ3'] });
  const first = await expect(201, quality, 'logRisk', stage.at({ key, body }));
  const again = await expect(201, quality, 'logRisk', stage.at({ key, body }));
  assert.deepEqual([again.headers['idempotent-replayed'], again.body.id], ['true', first.body.id]);
  const options = { key, values: { riskId: first.body.id }, body: { likelihood: 1, consequence: 1, reason: 'Less.' } };
  await expect(422, quality, 'scoreRisk', stage.at(options)); // its own key, for something else
  await refusedWith('not-found', stage.reps.ZZ1, 'scoreRisk', options);
  assert.deepEqual(pointers(await refusedWith('rule-broken', stage.reps.ZZ2, 'logRisk', { key, body })), ['/owner/organisation', '/restrictedTo']);
});

test('a restriction only gains names, and whoever is added knows what comes from then on', async () => {
  const { id: riskId } = await restricted();
  const values = { riskId };
  await stage.do(201, quality, 'scoreRisk', { values, body: { likelihood: 3, consequence: 3, reason: 'In confidence.' } });
  const revise = (changes) => ({ values, match: '"2"', body: { reason: 'They must know.', ...changes } });
  const refusal = async (slug, changes) => pointers(await refusedWith(slug, quality, 'reviseRisk', revise(changes)));
  assert.deepEqual(await refusal('rule-broken', { restrictedTo: ['ZZ3', 'ZZ1'] }), ['/restrictedTo']);
  assert.deepEqual(await refusal('unknown-reference', { restrictedTo: ['ZZ3', 'ZZ2', 'ZZ9'] }), ['/restrictedTo/2']);
  assert.deepEqual(await refusal('rule-broken', { owner: { organisation: 'ZZ1' } }), ['/owner/organisation']);
  const before = await refusedWith('not-found', stage.reps.ZZ1, 'getRisk', { values });
  assert.equal(before.status, 404);
  const widened = await stage.do(200, stage.reps.ZZ2, 'reviseRisk', revise({ restrictedTo: ['ZZ3', 'ZZ2', 'ZZ1'], owner: { organisation: 'ZZ1' } }));
  assert.deepEqual([widened.restrictedTo, widened.owner.organisation, widened.version], [['ZZ3', 'ZZ2', 'ZZ1'], 'ZZ1', 3]);
  stage.share();
  await stage.do(201, stage.reps.ZZ1, 'scoreRisk', { values, body: { likelihood: 2, consequence: 2, reason: 'For all three.' } });
  stage.share();
  const numbers = async (who) => [
    (await stage.do(200, who, 'listRiskHistory', { values })).items.map((one) => one.version),
    (await stage.do(200, who, 'listScores', { values })).items.map((one) => one.number),
    (await stage.do(200, who, 'traceRisk', { values })).events.filter((one) => one.subject.endsWith(riskId)).length];
  assert.deepEqual(await numbers(quality), [[1, 2, 3, 4], [1, 2, 3], 5]); // logged, escalated, scored, revised, scored
  assert.deepEqual(await numbers(stage.reps.ZZ1), [[3, 4], [3], 2]);
  await refusedWith('not-found', stage.reps.ZZ1, 'getScore', { values: { riskId, number: 2 } });
  await refusedWith('not-found', stage.reps.ZZ4, 'getRisk', { values });
  const { id: openId } = await log();
  assert.deepEqual(pointers(await refusedWith('rule-broken', quality, 'reviseRisk', { values: { riskId: openId }, match: '"1"', body: { restrictedTo: ['ZZ3'], reason: 'Hush.' } })), ['/restrictedTo']);
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
