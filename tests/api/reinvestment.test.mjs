// Reinvestment from outside: a surplus becomes a case, a hold, a paid drawdown; and whatever may not be.
import { before } from 'node:test';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, ask, expect, until } from './harness.mjs';
import { Stage, gbp, today } from './stage.mjs';

const NHS_NUMBER = '943 476 5919'; // invented, with a valid check digit

let stage, sponsor, verifier;
before(async () => {
  stage = await Stage.set();
  sponsor = stage.reps.ZZ3;
  verifier = stage.reps.ZZ2;
});

const draft = (changes, who = sponsor, wanted = 201) => stage.do(wanted, who, 'draftCase', { body: stage.caseBody(changes) });
const caseOf = (caseId) => stage.do(200, sponsor, 'getCase', { values: { caseId } });
const ringFence = () => stage.do(200, stage.director, 'getRingFence');
const refusedWith = async (wanted, who, operationId, options) => (await expect(wanted, who, operationId, stage.at(options))).problem;
const pointers = (problem) => problem.errors.map((fault) => fault.pointer).sort();

async function submitted(changes) {
  const { id: caseId } = await draft(changes);
  await stage.do(200, sponsor, 'submitCase', { values: { caseId } });
  return caseId;
}

async function appraised(changes) {
  const caseId = await submitted(changes);
  await stage.appraise(caseId);
  return caseId;
}

// What ring-fence `elective` has to offer once the ledger's and our own events have arrived.
const availableIs = (pence) => stage.see(stage.director, 'getRingFence', (body) => body.available.amount === pence);

async function requested(caseId, pence, changes = {}) {
  return stage.do(201, sponsor, 'requestDrawdown', {
    values: { caseId }, body: { amount: gbp(pence), evidence: 'Invoice 2201.', ...changes } });
}

test('an award is held, drawn down by four eyes of two organisations, and traced back to its votes', async () => {
  const free = (await ringFence()).available.amount;
  const caseId = await stage.caseInDelivery({ award: gbp(5000000), milestones: [] });
  const inDelivery = await caseOf(caseId);
  assert.equal(inDelivery.state, 'in-delivery');
  assert.ok(inDelivery.holdId && inDelivery.decisionId);
  const fence = await availableIs(free - 5000000);
  assert.equal(fence.balance.amount - fence.committed.amount - fence.proposed.amount, fence.available.amount);

  const drawdown = await requested(caseId, 2000000);
  assert.equal(drawdown.state, 'requested');
  assert.equal((await caseOf(caseId)).pending.amount, 2000000);
  stage.share();
  const values = { drawdownId: drawdown.id };
  await stage.do(200, verifier, 'verifyDrawdown', { values, body: { outcome: 'verified' } });
  const captured = await stage.see(sponsor, 'getDrawdown', (body) => body.state === 'captured', { values });
  assert.equal(captured.verifiedOrganisation, 'ZZ2');
  const after = await caseOf(caseId);
  assert.deepEqual([after.pending.amount, after.captured.amount], [0, 2000000]);
  const paid = await availableIs(free - 5000000); // from the hold, so that nothing else becomes free or scarce
  assert.equal(paid.balance.amount, fence.balance.amount - 2000000);
  assert.equal(paid.committed.amount, fence.committed.amount - 2000000);

  const trace = await until(async () => {
    const answer = await ask(sponsor, 'traceDrawdown', stage.at({ values }));
    const types = answer.body?.events?.map((event) => event.type) ?? [];
    return types.includes('ledger.hold.captured.v1') && types.includes('membership.vote.cast.v1') && answer.body;
  }, 'the drawdown traced to capture and votes');
  const types = trace.events.map((event) => event.type);
  for (const type of ['reinvestment.case.drafted.v1', 'membership.decision.carried.v1', 'ledger.hold.placed.v1',
    'reinvestment.drawdown.verified.v1', 'reinvestment.drawdown.captured.v1']) assert.ok(types.includes(type), `${type} in ${types}`);
  const ofCase = await stage.do(200, sponsor, 'traceCase', { values: { caseId } });
  assert.ok(ofCase.events.some((event) => event.type === 'reinvestment.case.proposed.v1'));
});

test('an award above the available balance cannot be proposed, and the figures say why', async () => {
  const { available } = await ringFence();
  const caseId = await appraised({ award: gbp(available.amount + 1), milestones: [] });
  const problem = await refusedWith('insufficient-funds', stage.director, 'openDecision', {
    body: decisionOn(caseId) });
  const money = (pence) => `£${(pence / 100).toLocaleString('en-GB', { minimumFractionDigits: 2 })}`;
  assert.ok(problem.detail.includes(`${money(available.amount + 1)} is asked for`), problem.detail);
  assert.ok(problem.detail.includes(`${money(available.amount)} is available`), problem.detail);
  assert.equal((await caseOf(caseId)).state, 'appraised');
});

const decisionOn = (caseId) => ({ subject: `reinvestment/cases/${caseId}`, effect: 'approve', question: 'Shall it be paid?',
  rationale: 'Best for project.', deadlineAt: new Date(Date.now() + 3600000).toISOString() });

test('two open proposals together stay within the available balance', async () => {
  const { available } = await ringFence();
  const first = await appraised({ award: gbp(available.amount - 100), milestones: [] });
  const second = await appraised({ award: gbp(101), milestones: [] });
  stage.share();
  const decision = await stage.do(201, stage.director, 'openDecision', { body: decisionOn(first) });
  stage.share();
  assert.equal((await ringFence()).proposed.amount, available.amount - 100);
  const problem = await refusedWith('insufficient-funds', stage.director, 'openDecision', { body: decisionOn(second) });
  assert.match(problem.detail, /£1\.01 is asked for, £1\.00 is available/);
  await stage.do(200, stage.director, 'withdrawDecision', { values: { decisionId: decision.id }, body: { reason: 'Not now.' } });
  stage.share();
  await stage.see(sponsor, 'getCase', (body) => body.state === 'appraised', { values: { caseId: first } });
  await availableIs(available.amount);
  const again = await stage.do(201, stage.director, 'openDecision', { body: decisionOn(second) });
  stage.share();
  await stage.vote(again.id, 'ZZ1', { choice: 'disagree', reason: 'Another case is better.' });
  for (const organisation of ['ZZ2', 'ZZ3', 'ZZ4']) await stage.vote(again.id, organisation);
  stage.share();
  const rejected = await stage.see(sponsor, 'getCase', (body) => body.state === 'rejected', { values: { caseId: second } });
  assert.equal(rejected.reason, 'the decision was rejected');
});

test('what is voted on stays as it is', async () => {
  const caseId = await appraised({ award: gbp(100), milestones: [] });
  stage.share();
  const decision = await stage.do(201, stage.director, 'openDecision', { body: decisionOn(caseId) });
  stage.share();
  const { version } = await caseOf(caseId);
  const values = { caseId };
  await refusedWith('subject-frozen', sponsor, 'reviseCase', { values, match: `"${version}"`, body: { title: 'Another' } });
  await refusedWith('subject-frozen', sponsor, 'submitCase', { values });
  await refusedWith('subject-frozen', sponsor, 'completeMilestone', { values, body: { doneOn: today() } });
  await refusedWith('subject-frozen', sponsor, 'closeCase', { values, body: { outcome: 'cancelled', reason: 'No.' } });
  await stage.do(200, stage.director, 'withdrawDecision', { values: { decisionId: decision.id }, body: { reason: 'Not now.' } });
});

test('only a draft is revised, by its sponsor, from the version it was read at', async () => {
  const { id: caseId, version } = await draft();
  const values = { caseId };
  const revised = await stage.do(200, sponsor, 'reviseCase', { values, match: `"${version}"`,
    body: { award: gbp(24000000), benefits: [{ indicator: 'rtt', baseline: '58.4', target: '65', dueOn: today(300) }] } });
  assert.deepEqual([revised.award.amount, revised.title, revised.benefits.length, revised.version], [24000000, 'Hernia hub', 1, version + 1]);
  await refusedWith('stale-version', sponsor, 'reviseCase', { values, match: `"${version}"`, body: { title: 'Another' } });
  await refusedWith('role-missing', stage.reps.ZZ1, 'reviseCase', { values, match: `"${revised.version}"`, body: { title: 'Another' } });
  await refusedWith('role-missing', stage.reps.ZZ1, 'submitCase', { values });
  await stage.do(200, sponsor, 'submitCase', { values });
  await refusedWith('state-conflict', sponsor, 'submitCase', { values });
  await refusedWith('state-conflict', sponsor, 'reviseCase', { values, match: `"${revised.version + 1}"`, body: { title: 'Another' } });
  await refusedWith('state-conflict', sponsor, 'closeCase', { values, body: { outcome: 'cancelled', reason: 'No.' } });
  await refusedWith('state-conflict', sponsor, 'requestDrawdown', { values, body: { amount: gbp(1), evidence: 'Invoice.' } });
});

test('a case names what is there, fits its ring-fence and keeps its milestones within the award', async () => {
  const unknown = await refusedWith('unknown-reference', sponsor, 'draftCase', { body: stage.caseBody({ ringFence: 'parking', beneficiary: 'ZZ9' }) });
  assert.deepEqual(pointers(unknown), ['/beneficiary', '/ringFence']);
  const unfit = stage.caseBody({ category: 'parking', setting: 'hospital', milestones: [
    { code: 'ready', title: 'Ready', dueOn: today(60), amount: gbp(25000000) }, { code: 'ready', title: 'Open', dueOn: today(90), amount: gbp(1) }] });
  assert.deepEqual(pointers(await refusedWith('rule-broken', sponsor, 'draftCase', { body: unfit })),
    ['/category', '/milestones', '/milestones/1/code', '/setting']);
  const { id: caseId } = await draft();
  const revise = (wanted, body) => refusedWith(wanted, sponsor, 'reviseCase', { values: { caseId }, match: '"1"', body });
  assert.deepEqual(pointers(await revise('unknown-reference', { beneficiary: 'ZZ9' })), ['/beneficiary']);
  assert.deepEqual(pointers(await revise('rule-broken', { award: gbp(1) })), ['/milestones']);
});

test('an NHS number is refused wherever it stands in free text', async () => {
  const problem = await refusedWith('personal-data', sponsor, 'draftCase', { body: stage.caseBody({ title: `For ${NHS_NUMBER}`, specialty: NHS_NUMBER }) });
  assert.deepEqual(pointers(problem), ['/specialty', '/title']);
  const { id: caseId } = await draft();
  const said = { reason: `Ask ${NHS_NUMBER}` };
  await refusedWith('personal-data', sponsor, 'reviseCase', { values: { caseId }, match: '"1"', body: { summary: NHS_NUMBER } });
  await refusedWith('personal-data', sponsor, 'closeCase', { values: { caseId }, body: { outcome: 'cancelled', ...said } });
  await refusedWith('personal-data', sponsor, 'requestDrawdown', { body: { amount: gbp(1), evidence: NHS_NUMBER } });
  await refusedWith('personal-data', verifier, 'verifyDrawdown', { body: { outcome: 'refused', ...said } });
});

test('a drawdown stays within the award and is verified by somebody else, of somebody else', async () => {
  const caseId = await stage.caseInDelivery({ award: gbp(1000), milestones: [{ code: 'ready', title: 'Ready', dueOn: today(60) }] });
  const values = { caseId };
  await refusedWith('role-missing', stage.reps.ZZ1, 'requestDrawdown', { values, body: { amount: gbp(1), evidence: 'Invoice.' } });
  const unknown = await refusedWith('unknown-reference', sponsor, 'requestDrawdown', { values, body: { amount: gbp(1), milestone: 'open', evidence: 'Invoice.' } });
  assert.deepEqual(pointers(unknown), ['/milestone']);
  const { id: drawdownId } = await requested(caseId, 600, { milestone: 'ready' });
  const problem = await refusedWith('insufficient-funds', sponsor, 'requestDrawdown', { values, body: { amount: gbp(401), evidence: 'Invoice.' } });
  assert.match(problem.detail, /£4\.01 is asked for, £4\.00 is left of the award of £10\.00/);
  stage.share();
  const verification = (wanted, who, body) => expect(wanted, who, 'verifyDrawdown', stage.at({ values: { drawdownId }, body }));
  await verification('rule-broken', sponsor, { outcome: 'verified' });
  await verification('rule-broken', verifier, { outcome: 'refused' });
  await refusedWith('state-conflict', sponsor, 'closeCase', { values, body: { outcome: 'completed', reason: 'Done.' } });
  const refused = (await verification(200, verifier, { outcome: 'refused', reason: 'No invoice.' })).body;
  assert.deepEqual([refused.state, refused.reason], ['refused', 'No invoice.']);
  await verification('state-conflict', verifier, { outcome: 'verified' });
  await requested(caseId, 1000);
});

test('the largest case that the specification allows can be drafted, drawn on and closed', async () => {
  const text = (length) => '\u{1F3E5}'.repeat(length); // four bytes each
  const number = (i) => String(i).padStart(2, '0');
  const milestones = Array.from({ length: 12 }, (_, i) => ({ code: `${'a'.repeat(78)}${number(i)}`, title: text(200), dueOn: today(60), amount: gbp(1) }));
  const months = Array.from({ length: 36 }, (_, i) => `${2026 + Math.floor(i / 12)}-${27 + Math.floor(i / 12)}-M${number((i % 12) + 1)}`);
  const most = gbp(9007199254740991);
  const costs = months.map((month, i) => ({ month, oneOff: i ? gbp(0) : most, recurrent: i % 12 ? gbp(0) : most }));
  const benefits = Array.from({ length: 12 }, (_, i) => ({ indicator: `${'a'.repeat(78)}${number(i)}`, baseline: '-123456789012.123456', target: '-123456789012.123456', dueOn: today(300) }));
  const caseId = await stage.caseInDelivery({ title: text(200), summary: text(1000), service: text(200), specialty: text(200), award: gbp(100), oneOffCost: most, recurrentCost: most, costs, milestones, benefits });
  const values = { caseId };
  const { id: drawdownId } = await requested(caseId, 100, { milestone: milestones[11].code, evidence: text(1000) });
  stage.share();
  const refused = await stage.do(200, verifier, 'verifyDrawdown', { values: { drawdownId }, body: { outcome: 'refused', reason: text(1000) } });
  assert.deepEqual([refused.evidence, refused.reason], [text(1000), text(1000)]);
  const closed = await stage.do(200, sponsor, 'closeCase', { values, body: { outcome: 'cancelled', reason: text(4000) } });
  assert.deepEqual([closed.reason, closed.summary, closed.costs, closed.milestones, closed.benefits], [text(4000), text(1000), costs, milestones, benefits]);
});

test('a left shift says what moved and what it saves, in versions that stay', async () => {
  const answer = await expect(201, sponsor, 'recordLeftShift', stage.at({ body: stage.leftShiftBody({ links: ['kpi/indicators/ae-4-hours'] }) }));
  const first = answer.body;
  assert.deepEqual([first.surplus, first.organisation, first.version], [gbp(1020000), 'ZZ3', 1]); // 120 x £85
  assert.ok(answer.headers.location.endsWith(`/reinvestment/left-shifts/${first.id}`));
  const values = { leftShiftId: first.id };
  const revise = (wanted, who, match, body) => expect(wanted, who, 'reviseLeftShift', stage.at({ values, match, body }));
  const second = (await revise(200, sponsor, '"1"', { monthlyVolume: 118, reason: 'Counted twice.' })).body;
  assert.deepEqual([second.surplus, second.unitCostBefore, second.reason, second.version], [gbp(1003000), gbp(43500), 'Counted twice.', 2]);
  await revise('stale-version', sponsor, '"1"', { monthlyVolume: 117, reason: 'Again.' });
  await revise('role-missing', stage.reps.ZZ1, '"2"', { monthlyVolume: 117, reason: 'Mine.' });
  await revise('invalid-body', sponsor, '"2"', { monthlyVolume: 117 });
  assert.deepEqual((await revise('rule-broken', sponsor, '"2"', { toSetting: 'acute-theatre', reason: 'Back.' })).problem.errors.map((one) => one.pointer), ['/toSetting']);
  assert.deepEqual(pointers((await revise('personal-data', sponsor, '"2"', { specialty: NHS_NUMBER, reason: NHS_NUMBER })).problem), ['/reason', '/specialty']);
  assert.deepEqual(await stage.do(200, sponsor, 'getLeftShift', { values }), second);
  assert.deepEqual(await stage.do(200, sponsor, 'getLeftShiftVersion', { values: { ...values, number: 1 } }), first);
  assert.deepEqual((await stage.do(200, sponsor, 'listLeftShiftVersions', { values })).items, [first, second]);
  const listed = async (organisation) => (await stage.do(200, sponsor, 'listLeftShifts', { query: { organisation, limit: 1000 } })).items.map((one) => one.id);
  assert.ok((await listed('ZZ3')).includes(first.id));
  assert.deepEqual(await listed('ZZ4'), []);
  const trace = await stage.do(200, sponsor, 'traceLeftShift', { values });
  assert.deepEqual(trace.events.filter((event) => event.subject.endsWith(first.id)).map((event) => event.type), ['reinvestment.left-shift.recorded.v1', 'reinvestment.left-shift.revised.v1']);
  const dearer = await stage.do(201, sponsor, 'recordLeftShift', { body: stage.leftShiftBody({ unitCostAfter: gbp(43600) }) });
  assert.equal(dearer.surplus.amount, -12000);
  const huge = stage.leftShiftBody({ unitCostBefore: gbp(9007199254740991), unitCostAfter: gbp(0) });
  assert.deepEqual(pointers(await refusedWith('rule-broken', sponsor, 'recordLeftShift', { body: huge })), ['/monthlyVolume']);
  await refusedWith('personal-data', sponsor, 'recordLeftShift', { body: stage.leftShiftBody({ evidence: NHS_NUMBER }) });
});

test('a case is appraised by others, once each, by criteria that its first appraisal freezes', async () => {
  const caseId = await submitted({ beneficiary: 'ZZ4' });
  const values = { caseId };
  const body = stage.appraisalBody();
  const appraise = (wanted, who, changes = {}) => expect(wanted, who, 'appraiseCase', stage.at({ values, body: { ...body, ...changes } }));
  const early = await refusedWith('state-conflict', stage.director, 'openDecision', { body: decisionOn(caseId) });
  assert.match(early.detail, /appraised/);
  await appraise('rule-broken', sponsor);
  await appraise('rule-broken', stage.reps.ZZ4);
  const less = (await appraise('rule-broken', verifier, { scores: [...body.scores.slice(1), { criterion: 'parking', score: 5 }] })).problem;
  assert.deepEqual(pointers(less), ['/scores', '/scores/3/criterion']);
  await appraise('personal-data', verifier, { comment: NHS_NUMBER });
  const answer = await appraise(201, verifier);
  assert.deepEqual([answer.body.number, answer.body.criteriaVersion, answer.body.weightedScore, answer.body.organisation], [1, 1, '4.05', 'ZZ2']);
  assert.ok(answer.headers.location.endsWith(`/reinvestment/cases/${caseId}/appraisals/1`));
  assert.deepEqual(await stage.do(200, sponsor, 'getAppraisal', { values: { ...values, number: 1 } }), answer.body);
  await appraise('already-exists', verifier);
  assert.deepEqual([(await caseOf(caseId)).state, (await caseOf(caseId)).appraisal], ['appraised', { criteriaVersion: 1, count: 1, score: '4.05' }]);

  const reason = 'As the delivery board proposed.';
  const adopt = (wanted, criteria, changes) => expect(wanted, stage.director, 'adoptAppraisalCriteria', stage.at({ body: { criteria, reason, ...changes } }));
  const half = { code: 'value', name: 'It is worth it.', weightBp: 5000 };
  assert.deepEqual(pointers((await adopt('rule-broken', [half, half, half])).problem), ['/criteria', '/criteria/1/code', '/criteria/2/code']);
  assert.deepEqual(pointers((await adopt('personal-data', [{ ...half, name: NHS_NUMBER, weightBp: 10000 }])).problem), ['/criteria/0/name']);
  const adopted = (await adopt(201, [half, { ...half, code: 'fit' }])).body;
  assert.equal(adopted.number, 2);
  assert.deepEqual(await stage.do(200, sponsor, 'getAppraisalCriteria', { values: { number: 2 } }), adopted);
  assert.deepEqual((await stage.do(200, sponsor, 'listAppraisalCriteria')).items.map((one) => one.number), [1, 2]);
  try {
    stage.share();
    const second = (await appraise(201, stage.reps.ZZ1, { scores: body.scores.map((one) => ({ ...one, score: 5 })) })).body; // still the first version
    assert.deepEqual([second.criteriaVersion, second.weightedScore], [1, '5.0']);
    assert.equal((await caseOf(caseId)).appraisal.score, '4.525');
    assert.deepEqual((await stage.do(200, sponsor, 'listAppraisals', { values })).items.map((one) => one.organisation), ['ZZ2', 'ZZ1']);
    const other = await submitted();
    await refusedWith('rule-broken', verifier, 'appraiseCase', { values: { caseId: other }, body });
    const by = await stage.do(201, verifier, 'appraiseCase', { values: { caseId: other }, body: { scores: [{ criterion: 'value', score: 3 }, { criterion: 'fit', score: 4 }], comment: 'Fine.' } });
    assert.deepEqual([by.criteriaVersion, by.weightedScore], [2, '3.5']);
  } finally {
    const { criteria } = await stage.do(200, sponsor, 'getAppraisalCriteria', { values: { number: 1 } });
    await adopt(201, criteria, { reason: 'As before.' });
  }
  stage.share();
  const decision = await stage.do(201, stage.director, 'openDecision', { body: decisionOn(caseId) });
  assert.deepEqual(decision.content?.appraisal ?? { criteriaVersion: 1, count: 2, score: '4.525' }, { criteriaVersion: 1, count: 2, score: '4.525' });
  await appraise('state-conflict', stage.reps.ZZ1);
  stage.share();
  await stage.do(200, stage.director, 'withdrawDecision', { values: { decisionId: decision.id }, body: { reason: 'Not now.' } });
  stage.share();
  await stage.see(sponsor, 'getCase', (found) => found.state === 'appraised', { values });
});

test('costs by month add up, and months go forward', async () => {
  const cost = (month, oneOff, recurrent) => ({ month, oneOff: gbp(oneOff), recurrent: gbp(recurrent) });
  const costs = [cost('2026-27-M12', 20000000, 5000000), cost('2027-28-M01', 5000000, 5000000)];
  const { id: caseId, costs: told } = await draft({ oneOffCost: gbp(25000000), recurrentCost: gbp(5000000), costs });
  assert.deepEqual(told, costs);
  const revise = (body) => refusedWith('rule-broken', sponsor, 'reviseCase', { values: { caseId }, match: '"1"', body });
  assert.deepEqual(pointers(await revise({ costs: [...costs].reverse() })), ['/costs/1/month']);
  assert.deepEqual(pointers(await revise({ oneOffCost: gbp(1) })), ['/costs']);
  assert.deepEqual(pointers(await revise({ recurrentCost: gbp(1) })), ['/costs']);
  assert.deepEqual(pointers(await revise({ costs: [cost('2026-99-M12', 25000000, 0)] })), ['/costs/0/month']);
  await refusedWith('rule-broken', sponsor, 'draftCase', { body: stage.caseBody({ costs: [cost('2026-27-M12', 1, 0)] }) });
});

test('a milestone of a case in delivery is done once, by its sponsor, and not tomorrow', async () => {
  const milestones = [{ code: 'ready', title: 'Ready', dueOn: today(60) }, { code: 'open', title: 'Open', dueOn: today(90) }];
  const caseId = await stage.caseInDelivery({ award: gbp(1000), milestones });
  const complete = (wanted, who, milestone, doneOn) => expect(wanted, who, 'completeMilestone', stage.at({ values: { caseId, milestone }, body: { doneOn } }));
  await complete('role-missing', stage.reps.ZZ1, 'open', today());
  await complete('rule-broken', sponsor, 'open', today(3));
  await complete('not-found', sponsor, 'shut', today());
  const done = (await complete(200, sponsor, 'open', today(-3))).body;
  assert.deepEqual(done.milestones, [milestones[0], { ...milestones[1], doneOn: today(-3) }]);
  await complete('state-conflict', sponsor, 'open', today(-3));
  assert.deepEqual(await caseOf(caseId), done);
  const { id: drafted } = await draft();
  await refusedWith('state-conflict', sponsor, 'completeMilestone', { values: { caseId: drafted, milestone: 'ready' }, body: { doneOn: today() } });
});

// The ring-fence once every closed case's hold is released, and reinvestment has heard of it.
const settledFence = () => until(async () => {
  const { items: holds } = await stage.do(200, sponsor, 'listHolds', { query: { state: 'open', limit: 1000 } });
  const { items: closed } = await stage.do(200, sponsor, 'listCases', { query: { state: 'closed', limit: 1000 } });
  const account = await stage.do(200, sponsor, 'getAccount', { values: { accountCode: 'ring-fence:elective' } });
  const fence = await ringFence();
  const isWaiting = holds.some(({ subject }) => closed.some(({ id }) => subject === `reinvestment/cases/${id}`));
  return !isWaiting && fence.available.amount === account.available.amount && fence;
}, 'closed cases have given back what they held');

test('a closed case gives back what was not drawn', async () => {
  const { available } = await settledFence();
  const caseId = await stage.caseInDelivery({ award: gbp(3000), milestones: [] });
  await availableIs(available.amount - 3000);
  const closed = await stage.do(200, sponsor, 'closeCase', { values: { caseId }, body: { outcome: 'completed', reason: 'All is done.' } });
  assert.deepEqual([closed.state, closed.outcome, closed.reason], ['closed', 'completed', 'All is done.']);
  await availableIs(available.amount);
  await stage.see(sponsor, 'getHold', (body) => body.state === 'released' && body.released.amount === 3000, { values: { holdId: closed.holdId } });
  const still = await caseOf(caseId);
  assert.deepEqual([still.state, still.outcome], ['closed', 'completed']);
});

test('an alliance that is still forming has no cases', async () => {
  const { id: allianceId } = (await expect(201, stage.reps.ZZ1, 'foundAlliance', { body: stage.foundingBody('Still forming') })).body;
  const answer = await until(async () => {
    const one = await ask(stage.reps.ZZ1, 'draftCase', { values: { allianceId }, after: null, body: stage.caseBody() });
    return one.slug !== 'not-found' && one;
  }, 'reinvestment knows the forming alliance');
  assert.equal(answer.slug, 'alliance-not-active');
});

test('cases are listed by state, ring-fence and sponsor, page by page, also as CSV', async () => {
  const mine = await draft({ title: 'Listed, "quoted"' });
  const list = (query) => stage.do(200, sponsor, 'listCases', { query });
  const ids = (page) => page.items.map((item) => item.id);
  assert.ok(ids(await list({ state: 'draft', limit: 1000 })).includes(mine.id));
  assert.ok(!ids(await list({ state: 'closed', limit: 1000 })).includes(mine.id));
  assert.ok(ids(await list({ sponsor: 'ZZ3', ringFence: 'elective', limit: 1000 })).includes(mine.id));
  assert.deepEqual(ids(await list({ sponsor: 'ZZ4' })), []);
  const all = ids(await list({ limit: 1000 }));
  const paged = [];
  for (let cursor; ;) {
    const page = await list({ limit: 2, cursor });
    paged.push(...ids(page));
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  assert.deepEqual(paged, all);
  const csv = await expect(200, sponsor, 'listCases', stage.at({ query: { state: 'draft', limit: 1000 }, accept: 'text/csv' }));
  assert.ok(csv.text.startsWith('id,title,sponsor,ringFence'), csv.text);
  assert.ok(csv.text.includes('"Listed, ""quoted"""'), csv.text);
  const drawdowns = await stage.do(200, sponsor, 'listDrawdowns', { query: { state: 'requested' } });
  assert.ok(ids(drawdowns).includes(stage.values.drawdownId));
  assert.deepEqual(ids(await stage.do(200, sponsor, 'listDrawdowns', { query: { state: 'refused' } })), []);
});

test('a repeated draft is one draft', async () => {
  const key = randomUUID();
  const first = await expect(201, sponsor, 'draftCase', stage.at({ key, body: stage.caseBody({ title: 'Once' }) }));
  const again = await expect(201, sponsor, 'draftCase', stage.at({ key, body: stage.caseBody({ title: 'Once' }) }));
  assert.equal(again.body.id, first.body.id);
  assert.equal(again.headers['idempotent-replayed'], 'true');
});
