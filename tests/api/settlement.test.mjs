// A month settled through the API: figures agreed by both sides, the settlement computed line by line,
// voted on, posted, corrected; the reserve, and what the agreement says of money. In an alliance of its
// own, whose first month is April 2016.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { randomUUID } from 'node:crypto';
import { test, ask, expect } from './harness.mjs';
import { Person, issuer } from './people.mjs';
import { Stage, gbp, today } from './stage.mjs';

const patient = 'For patient 943 476 5919';
const M01 = '2016-17-M01';
const M02 = '2016-17-M02';
const M03 = '2016-17-M03';

const pools = () => [
  { code: 'planned', name: 'Planned care', mechanism: 'block', provider: 'ZZ3', commissioner: 'ZZ2', parameters: { valuePence: 1200000005 } },
  { code: 'urgent', name: 'Unscheduled care', mechanism: 'cost-risk-share', provider: 'ZZ1', commissioner: 'ZZ2',
    parameters: { per: 'month', baselinePence: 9000000000, rateBp: 5000 } },
  { code: 'drugs', name: 'Pass-through drugs', mechanism: 'cost-reduction-incentive', provider: 'ZZ3', commissioner: 'ZZ4',
    parameters: { per: 'month', baselinePence: 3000000000, rateBp: 5000, surplusTo: 'elective' } },
  { code: 'advice', name: 'Advice and guidance' },
];

class SettledStage extends Stage {
  foundingBody(name) {
    const body = super.foundingBody(name);
    Object.assign(body.agreement.parameters, {
      pools: pools(),
      guarantee: [{ organisation: 'ZZ1', commissioner: 'ZZ2', baselinePence: 28000000000, tariffImpactPence: 280000000, growthPence: 420000000, cquinBp: 250 }],
      contracts: [{ provider: 'ZZ3', commissioner: 'ZZ4', yearPence: 12000000001 }],
    });
    return body;
  }
}

let stage;
let leads; // finance leads by organisation
before(async () => {
  stage = new SettledStage();
  await stage.found();
  leads = {};
  for (const organisation of ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4']) {
    const subject = `fin.${organisation.toLowerCase()}`;
    await stage.do(201, stage.reps[organisation], 'makeAppointment', {
      body: { person: { issuer, subject, name: subject }, role: 'finance-lead', organisation } });
    leads[organisation] = new Person(subject, organisation);
  }
  stage.leads = { ...leads, finance: leads.ZZ1 };
  stage.share();
  await stage.see(leads.ZZ1, 'listPeriods', (body) => body.items.length > 0);
  // The reserve has its £5.0m.
  stage.values.mandateId = await stage.mandate({ debitAccounts: ['partner:ZZ2:position'], creditAccounts: ['reserve:cost-risk'] });
  await stage.do(201, leads.ZZ1, 'postTransaction', { body: { mandateId: stage.values.mandateId, description: 'The reserve', effectiveOn: today(),
    entries: [{ accountCode: 'partner:ZZ2:position', amount: gbp(-500000000) }, { accountCode: 'reserve:cost-risk', amount: gbp(500000000) }] } });
  stage.share();
});

const figures = (cost, changes = {}) => ({ planUnits: 10000, actualUnits: 10600, price: gbp(25000), planCost: gbp(9000000000), cost: gbp(cost), ...changes });
const submit = (wanted, who, pool, month, cost, changes) => stage.do(wanted, who, 'submitActuals', { body: { pool, month, ...figures(cost, changes) } });
const at = (submissionId) => ({ values: { submissionId } });
const agree = (wanted, who, id, revision = 1) => stage.do(wanted, who, 'agreeActuals', { ...at(id), body: { revision } });
const revise = (wanted, who, id, cost, changes) => stage.do(wanted, who, 'reviseActuals', { ...at(id), body: figures(cost, changes) });
const query = (wanted, who, id, revision = 1, reason = 'Fifty cases seem to be counted twice.') =>
  stage.do(wanted, who, 'queryActuals', { ...at(id), body: { revision, reason } });
const compute = (wanted, month, corrects, evidence) => stage.do(wanted, leads.ZZ1, 'computeSettlement', { body: { month, corrects, evidence } });
const settled = (settlementId, who = leads.ZZ4) => stage.do(200, who, 'getSettlement', { values: { settlementId } });
const balance = async (accountCode) => (await stage.do(200, leads.ZZ1, 'getAccount', { values: { accountCode } })).balance.amount;
const settlementRef = (id) => `ledger/settlements/${id}`;

async function agreed(pool, provider, commissioner, month, cost, changes) {
  const { id } = await submit(201, leads[provider], pool, month, cost, changes);
  await agree(200, leads[provider], id);
  const both = await agree(200, leads[commissioner], id);
  assert.equal(both.state, 'agreed');
  stage.share();
  return id;
}

async function move(wanted, month, state, who = leads.ZZ1, on = stage) {
  const options = on.at({ values: { month } });
  const { version } = (await expect(200, who, 'getPeriod', options)).body;
  return (await expect(wanted, who, 'movePeriodOn', { ...options, match: `"${version}"`, body: { state } })).body;
}

// Votes until the ledger has done what was decided.
async function post(id) {
  await stage.decide(settlementRef(id), 'post', leads.ZZ1);
  const posted = await stage.see(leads.ZZ1, 'getSettlement', (body) => body.state === 'posted', { values: { settlementId: id } });
  stage.share();
  return posted;
}

const used = {}; // submissions of M01 by pool
let first; // the settlement of M01

// --- what the agreement says ---------------------------------------------------------------------------------

test('pools, contracts and guarantees are the agreement\'s, with the twelfths of each month and the odd pence in M12', async () => {
  const guarantees = await stage.do(200, leads.ZZ4, 'listGuarantees', { query: { month: '2016-17-M05' } });
  assert.deepEqual(guarantees.items[0].year, gbp(29417500000));
  assert.deepEqual(guarantees.items[0].months.map((one) => one.amount.amount), [...Array(11).fill(2451458333), 2451458337]);
  assert.deepEqual(guarantees.items[0].months.map((one) => one.month.slice(-3)), Array.from({ length: 12 }, (_, i) => `M${String(i + 1).padStart(2, '0')}`));
  const contracts = await stage.do(200, stage.reps.ZZ1, 'listContracts', {});
  assert.deepEqual([contracts.items[0].key, contracts.items[0].months[0].amount, contracts.items[0].months[11].amount], ['ZZ3-ZZ4', gbp(1000000000), gbp(1000000001)]);
  const listed = await stage.do(200, stage.reps.ZZ2, 'listPools', { query: { month: M01 } });
  assert.deepEqual(listed.items.map((one) => one.key), ['advice', 'drugs', 'planned', 'urgent']);
  assert.equal(listed.items[2].months[11].amount.amount, 100000005);
  assert.deepEqual(listed.items[3].parameters, { per: 'month', baselinePence: 9000000000, rateBp: 5000 });
  const earlier = await stage.do(200, stage.reps.ZZ2, 'listPools', { query: { month: '2015-16-M12' } });
  assert.deepEqual(earlier.items, []);
});

// --- submissions --------------------------------------------------------------------------------------------

test('only the provider submits, into pools that the agreement settles', async () => {
  await submit('unknown-reference', leads.ZZ1, 'nowhere', M01, 1);
  await submit('rule-broken', leads.ZZ1, 'advice', M01, 1);
  await submit('rule-broken', leads.ZZ1, 'urgent', '2034-35-M01', 1);
  await submit('role-missing', leads.ZZ3, 'urgent', M01, 1);
  await submit('role-missing', leads.ZZ2, 'urgent', M01, 1);
  await submit('personal-data', leads.ZZ1, 'urgent', M01, 1, { note: patient });
  const made = await submit(201, leads.ZZ1, 'urgent', M01, 9400000000, { shadowTariff: gbp(265000000), note: 'As coded on 4 May.' });
  assert.deepEqual([made.state, made.revision, made.provider, made.commissioner, made.agreementNumber], ['submitted', 1, 'ZZ1', 'ZZ2', 1]);
  await submit('already-exists', leads.ZZ1, 'urgent', M01, 1);
  used.urgent = made.id;
  const listed = await stage.do(200, stage.reps.ZZ4, 'listSubmissions', { query: { month: M01, pool: 'urgent', provider: 'ZZ1', state: 'submitted' } });
  assert.deepEqual(listed.items, [made]);
});

test('the commissioner queries, the provider answers with a revision, and nobody overwrites alone', async () => {
  const id = used.urgent;
  await query('role-missing', leads.ZZ1, id);
  await query('personal-data', leads.ZZ2, id, 1, patient);
  await agree(200, leads.ZZ1, id);
  await agree('state-conflict', leads.ZZ1, id);
  await agree('role-missing', leads.ZZ3, id);
  const queried = await query(200, leads.ZZ2, id);
  assert.deepEqual([queried.state, queried.queryReason], ['queried', 'Fifty cases seem to be counted twice.']);
  await agree('state-conflict', leads.ZZ2, id);
  await revise('role-missing', leads.ZZ2, id, 1);
  await revise('personal-data', leads.ZZ1, id, 1, { note: patient });
  const revised = await revise(200, leads.ZZ1, id, 9360000000, { note: 'They were.' });
  assert.deepEqual([revised.state, revised.revision, revised.agreedByProvider, revised.queryReason], ['submitted', 2, undefined, undefined]);
  await agree('state-conflict', leads.ZZ2, id, 1);
  await agree(200, leads.ZZ2, id, 2);
  const both = await agree(200, stage.reps.ZZ1, id, 2); // its representative may as well
  assert.equal(both.state, 'agreed');
  await query('state-conflict', leads.ZZ2, id, 2);
  const revisions = await stage.do(200, leads.ZZ4, 'listSubmissionRevisions', at(id));
  assert.deepEqual(revisions.items.map((one) => [one.revision, one.cost.amount]), [[1, 9400000000], [2, 9360000000]]);
  stage.share();
});

// --- a settlement -------------------------------------------------------------------------------------------

test('only a locked month is settled, and what is missing is named', async () => {
  await compute('unknown-reference', '2034-35-M01');
  await compute('state-conflict', M01);
  await move(200, M01, 'locked');
  await compute('rule-broken', M01, randomUUID());
  const refused = await compute('state-conflict', M01);
  assert.match(JSON.stringify(refused), /drugs/);
  used.drugs = await agreed('drugs', 'ZZ3', 'ZZ4', M01, 2800000000);
  await move('state-conflict', M01, 'closed'); // figures that no settlement has used
});

test('a settlement shows every amount with its steps, rests on what it names, and recomputes to the same bytes', async () => {
  const made = await compute(201, M01);
  assert.deepEqual([made.state, made.method, made.agreementNumber, made.lineCount], ['computed', 1, 1, made.lines.length]);
  assert.deepEqual(made.submissions.map((one) => [one.pool, one.revision]), [['drugs', 1], ['urgent', 2]]);
  assert.equal(made.entries.reduce((sum, one) => sum + one.amount.amount, 0), 0);
  assert.deepEqual([made.surplus, made.reserveCalled], [gbp(100000000), gbp(180000000)]);
  const entry = (code) => made.entries.find((one) => one.accountCode === code)?.amount.amount;
  assert.equal(entry('reserve:cost-risk'), -180000000);
  assert.equal(entry('ring-fence:elective'), 100000000);
  for (const line of made.lines) assert.ok(line.explanation.length > 20 && line.steps.length > 0, JSON.stringify(line));
  const call = made.lines.find((line) => line.kind === 'call');
  assert.deepEqual([call.pool, call.result], ['urgent', gbp(180000000)]);
  assert.deepEqual(await settled(made.id), made);
  const again = await stage.do(200, leads.ZZ2, 'recomputeSettlement', { values: { settlementId: made.id } });
  assert.deepEqual([again.isSame, again.recomputedDigest], [true, made.digest]);
  await compute('state-conflict', M01); // one at a time
  await revise('state-conflict', leads.ZZ1, used.urgent, 1);
  await move('state-conflict', M01, 'closed');
  const withdraw = (wanted, reason) => stage.do(wanted, leads.ZZ1, 'withdrawSettlement', { values: { settlementId: made.id }, body: { reason } });
  await withdraw('personal-data', patient);
  const withdrawn = await withdraw(200, 'The drugs are counted again.');
  assert.deepEqual([withdrawn.state, withdrawn.endedBecause], ['withdrawn', 'The drugs are counted again.']);
  await withdraw('state-conflict', 'Again.');
});

test('one vote against ends it, with nothing moved; the next is carried and posted as one transaction', async () => {
  const before_ = { reserve: await balance('reserve:cost-risk'), fence: await balance('ring-fence:elective') };
  const refused = await compute(201, M01);
  stage.share();
  const decision = await stage.open(settlementRef(refused.id), 'post', leads.ZZ1);
  assert.deepEqual([decision.kind, decision.rule], ['approve-settlement', 'unanimous']);
  stage.share();
  assert.equal((await settled(refused.id)).state, 'proposed');
  await stage.do('subject-frozen', leads.ZZ1, 'withdrawSettlement', { values: { settlementId: refused.id }, body: { reason: 'No.' } });
  for (const organisation of ['ZZ1', 'ZZ2', 'ZZ4']) await stage.vote(decision.id, organisation);
  await stage.vote(decision.id, 'ZZ3', { choice: 'disagree', reason: 'The drugs bill is not final.' });
  const rejected = await stage.see(leads.ZZ1, 'getSettlement', (body) => body.state === 'rejected', { values: { settlementId: refused.id } });
  assert.match(rejected.endedBecause, /rejected/);
  stage.share();
  assert.equal(await balance('reserve:cost-risk'), before_.reserve);

  const corrected = await revise(200, leads.ZZ3, used.drugs, 2700000000);
  await agree(200, leads.ZZ3, used.drugs, corrected.revision);
  await agree(200, leads.ZZ4, used.drugs, corrected.revision);
  stage.share();
  const shift = await stage.do(201, stage.reps.ZZ3, 'recordLeftShift', { body: stage.leftShiftBody() });
  const evidence = [`reinvestment/left-shifts/${shift.id}/versions/1`];
  const next = await compute(201, M01, undefined, evidence);
  assert.notEqual(next.id, refused.id);
  assert.deepEqual([next.evidence, refused.evidence], [evidence, []]);
  first = await post(next.id);
  assert.deepEqual([first.lines, first.evidence], [next.lines, evidence]);
  const { content } = await stage.do(200, leads.ZZ4, 'getDecision', { values: { decisionId: first.decisionId } });
  assert.deepEqual(content.evidence, evidence, 'it is part of what was voted on');
  assert.equal(await balance('reserve:cost-risk'), before_.reserve - 180000000);
  assert.equal(await balance('ring-fence:elective'), before_.fence + 150000000);
  const transaction = await stage.do(200, leads.ZZ3, 'getTransaction', { values: { transactionId: first.transactionId } });
  assert.deepEqual([transaction.kind, transaction.month, transaction.effectiveOn, transaction.settlementId], ['settlement', M01, '2016-04-30', first.id]);
  const moved = (entries) => entries.map((one) => [one.accountCode, one.amount.amount]).sort();
  assert.deepEqual(moved(transaction.entries), moved(first.entries));
  for (const id of Object.values(used)) {
    const submission = await stage.do(200, leads.ZZ4, 'getSubmission', at(id));
    assert.deepEqual([submission.state, submission.usedRevision, submission.settlementId], ['used', submission.revision, first.id]);
  }
  await stage.do('rule-broken', leads.ZZ1, 'reverseTransaction', { values: { transactionId: first.transactionId }, body: { reason: 'No.' } });
  await compute('state-conflict', M01);
  await compute('state-conflict', M01, first.id); // nothing has changed since
  await compute('rule-broken', M01, refused.id);
});

test('positions and statements are open to every partner, as of any day and any instant', async () => {
  const statement = (query) => stage.do(200, leads.ZZ4, 'getStatement', { values: { accountCode: 'partner:ZZ1:position' }, query: { from: '2016-04-01', to: '2016-05-01', ...query } });
  const now = await statement({});
  const entry = first.entries.find((one) => one.accountCode === 'partner:ZZ1:position').amount.amount;
  assert.equal(now.closing.amount, entry);
  assert.equal((await statement({ recordedAt: first.computedAt })).closing.amount, 0);
  assert.equal((await statement({ from: '2016-04-01', to: '2016-04-30' })).closing.amount, 0); // it counts on the last day
  const positions = await stage.do(200, stage.reps.ZZ3, 'listPositions', {});
  assert.equal(positions.items.find((one) => one.organisation === 'ZZ1').position.amount, entry);
});

test('changed actuals make a corrective settlement, whose lines are what differs', async () => {
  const fence = await balance('ring-fence:elective');
  const revised = await revise(200, leads.ZZ3, used.drugs, 2800000000);
  await agree(200, leads.ZZ3, used.drugs, revised.revision);
  await agree(200, leads.ZZ4, used.drugs, revised.revision);
  stage.share();
  const standing = await stage.do(200, leads.ZZ3, 'getSubmission', at(used.drugs));
  assert.deepEqual([standing.state, standing.usedRevision, standing.revision], ['agreed', 2, 3]);
  await move('state-conflict', M01, 'closed');
  const corrective = await compute(201, M01, first.id);
  assert.equal(corrective.corrects, first.id);
  assert.ok(corrective.lines.every((line) => line.pool === 'drugs'), JSON.stringify(corrective.lines));
  const posted = await post(corrective.id);
  assert.deepEqual(posted.surplus, gbp(-50000000));
  assert.equal(await balance('ring-fence:elective'), fence - 50000000);
  const again = await stage.do(200, leads.ZZ2, 'recomputeSettlement', { values: { settlementId: posted.id } });
  assert.equal(again.isSame, true);
  const original = await stage.do(200, leads.ZZ2, 'recomputeSettlement', { values: { settlementId: first.id } });
  assert.equal(original.isSame, true);
  const trial = await stage.do(200, leads.ZZ4, 'getTrialBalance', {});
  assert.deepEqual(trial.total, gbp(0));
  const listed = await stage.do(200, leads.ZZ4, 'listSettlements', { query: { month: M01, state: 'posted' } });
  assert.deepEqual(listed.items.map((one) => one.id), [first.id, posted.id]);
  await compute('rule-broken', M01, first.id); // corrected already: the last one is what is corrected next
});

test('a settled month closes, and takes nothing afterwards', async () => {
  const closed = await move(200, M01, 'closed');
  assert.equal(closed.state, 'closed');
  await submit('period-closed', leads.ZZ3, 'planned', M01, 1);
  await revise('period-closed', leads.ZZ1, used.urgent, 1);
  await agree('period-closed', leads.ZZ2, used.urgent, 2);
  await query('period-closed', leads.ZZ2, used.urgent, 2);
  await compute('state-conflict', M01);
});

test('a settlement is traced from its figures to its votes and its transaction', async () => {
  const trace = await stage.do(200, leads.ZZ4, 'traceSettlement', { values: { settlementId: first.id } });
  const types = new Set(trace.events.map((event) => event.type));
  for (const type of ['ledger.settlement.computed.v1', 'ledger.settlement.posted.v1', 'ledger.submission.submitted.v1', 'ledger.submission.agreed.v1',
    'membership.decision.carried.v1', 'membership.vote.cast.v1', 'membership.alliance.activated.v1', 'reinvestment.left-shift.recorded.v1']) assert.ok(types.has(type), type);
  const submission = await stage.do(200, leads.ZZ4, 'traceSubmission', at(used.urgent));
  assert.ok(submission.events.some((event) => event.type === 'ledger.submission.queried.v1'));
});

// --- the reserve --------------------------------------------------------------------------------------------

test('the reserve shows cap, draws and what is left, and releases it by decision', async () => {
  const reserve = await stage.do(200, leads.ZZ3, 'getReserve', { query: { year: '2016-17' } });
  assert.deepEqual([reserve.cap, reserve.drawn, reserve.released, reserve.left, reserve.balance],
    [gbp(500000000), gbp(180000000), gbp(0), gbp(320000000), gbp(320000000)]);
  const other = await stage.do(200, leads.ZZ3, 'getReserve', {});
  assert.deepEqual(other.drawn, gbp(0));
  const draft = (wanted, changes) => stage.do(wanted, leads.ZZ1, 'draftReserveRelease', {
    body: { year: '2016-17', purpose: 'transformation', toAccount: 'ring-fence:elective', amount: gbp(20000000), reason: 'The year draws no more.', ...changes } });
  await draft('personal-data', { reason: patient });
  await draft('unknown-reference', { toAccount: 'ring-fence:nowhere' });
  await draft('rule-broken', { toAccount: 'reserve:cost-risk' });
  await draft('insufficient-funds', { amount: gbp(320000001) });
  const withdrawn = await draft(201, {});
  const withdraw = (wanted, releaseId, reason = 'Not yet.') => stage.do(wanted, leads.ZZ1, 'withdrawReserveRelease', { values: { releaseId }, body: { reason } });
  await withdraw('personal-data', withdrawn.id, patient);
  assert.equal((await withdraw(200, withdrawn.id)).state, 'withdrawn');
  await withdraw('state-conflict', withdrawn.id);

  const fence = await balance('ring-fence:elective');
  const { id } = await draft(201, {});
  stage.share();
  const decision = await stage.open(`ledger/reserve-releases/${id}`, 'release', leads.ZZ1);
  assert.deepEqual([decision.kind, decision.rule], ['release-reserve', 'unanimous']);
  stage.share();
  await withdraw('subject-frozen', id);
  await stage.voteAll(decision.id);
  const released = await stage.see(leads.ZZ1, 'getReserveRelease', (body) => body.state === 'released', { values: { releaseId: id } });
  stage.share();
  assert.equal(released.decisionId, decision.id);
  assert.equal(await balance('ring-fence:elective'), fence + 20000000);
  assert.deepEqual((await stage.do(200, leads.ZZ3, 'getReserve', { query: { year: '2016-17' } })).left, gbp(300000000));
  const listed = await stage.do(200, leads.ZZ2, 'listReserveReleases', { query: { year: '2016-17', state: 'released' } });
  assert.deepEqual(listed.items, [released]);
});

test('a year that closes over an unreleased reserve puts what is left on the agenda of the leadership board', async () => {
  const M12 = '2015-16-M12'; // its first month, and the year's last
  const other = new (class extends Stage {
    foundingBody(name) {
      const body = super.foundingBody(name);
      body.startsOn = body.agreement.startsOn = '2016-03-01';
      body.agreement.parameters.pools = [{ code: 'planned', name: 'Planned care' }];
      return body;
    }
  })();
  await other.found();
  await other.appointPeople();
  const { finance } = other.leads;
  const mandateId = await other.mandate({ debitAccounts: ['pool:planned'], creditAccounts: ['reserve:cost-risk'] });
  await other.do(201, finance, 'postTransaction', { body: { mandateId, description: 'The reserve', effectiveOn: today(),
    entries: [{ accountCode: 'pool:planned', amount: gbp(-400000) }, { accountCode: 'reserve:cost-risk', amount: gbp(400000) }] } });
  await move(200, M12, 'locked', finance, other);
  await move(200, M12, 'closed', finance, other);
  const subject = `ledger/periods/${M12}`;
  const { items } = await other.see(other.director, 'listAgendaItems', (body) => body.items.some((one) => one.subject === subject), {});
  assert.match(items.find((one) => one.subject === subject).reason, /£4,000\.00 is left in it/);
});

// --- another version of the agreement -------------------------------------------------------------------------

test('a version that starts in a settled month makes a correction due, and the month stays open for it', async () => {
  used.urgent2 = await agreed('urgent', 'ZZ1', 'ZZ2', M02, 9000000000);
  used.drugs2 = await agreed('drugs', 'ZZ3', 'ZZ4', M02, 3000000000);
  await move(200, M02, 'locked');
  // Figures that are not agreed are never passed over, were they a block's, which is settled without any.
  const { id: block } = await submit(201, leads.ZZ3, 'planned', M02, 100000000);
  const named = `the submission of pool planned for ${M02} is not agreed`;
  const naming = (refused) => assert.ok(refused.errors.some((fault) => fault.detail === named), JSON.stringify(refused));
  naming(await compute('state-conflict', M02));
  await query(200, leads.ZZ2, block);
  naming(await compute('state-conflict', M02));
  await revise(200, leads.ZZ3, block, 100000000);
  await agree(200, leads.ZZ3, block, 2);
  await agree(200, leads.ZZ2, block, 2);
  const { id } = await compute(201, M02);
  const before_ = await post(id);
  used.urgent3 = await agreed('urgent', 'ZZ1', 'ZZ2', M03, 9000000000);
  used.drugs3 = await agreed('drugs', 'ZZ3', 'ZZ4', M03, 3000000000);
  await move(200, M03, 'locked');
  const third = await compute(201, M03);
  stage.share();
  const overtaken = await stage.open(settlementRef(third.id), 'post', leads.ZZ1);
  const parameters = { ...stage.foundingBody().agreement.parameters, pools: pools().slice(0, 2) };
  parameters.pools[0].parameters.valuePence = 2400000000;
  delete parameters.pools[1].mechanism;
  delete parameters.pools[1].parameters;
  const { number } = await stage.do(201, stage.director, 'draftAgreementVersion', { body: { startsOn: '2016-05-01', summary: 'Drugs leave; planned care doubles.', parameters } });
  await stage.decide(`agreement/versions/${number}`, 'adopt', stage.director);
  await stage.see(leads.ZZ1, 'listPools', (body) => body.items[0]?.agreementNumber === number, { query: { month: M02 } });
  // What is carried on the settlement of the month after is not posted any more, and it says why.
  await stage.voteAll(overtaken.id);
  const refused = await stage.see(leads.ZZ1, 'getSettlement', (body) => body.state === 'rejected', { values: { settlementId: third.id } });
  assert.match(refused.endedBecause, /refused: the books have moved since it was computed/);
  stage.share();
  await revise('unknown-reference', leads.ZZ3, used.drugs3, 1);
  await revise('rule-broken', leads.ZZ1, used.urgent3, 1);
  await move('state-conflict', M02, 'closed');
  const told = await stage.see(stage.director, 'listAgendaItems', ({ items }) => items.some((item) => item.subject === settlementRef(before_.id)), {});
  const item = told.items.find((one) => one.subject === settlementRef(before_.id));
  assert.match(item.reason, new RegExp(`^${M02} was settled by version 1 of the agreement, and version ${number} is in force`));
  const corrective = await compute(201, M02, before_.id);
  assert.equal(corrective.agreementNumber, number);
  assert.notEqual(corrective.agreementDigest, before_.agreementDigest);
  const sum = (pool) => corrective.lines.filter((line) => line.pool === pool && line.kind === 'payment').reduce((all, line) => all + line.result.amount, 0);
  assert.equal(sum('planned'), 100000000);
  await post(corrective.id);
  const closed = await move(200, M02, 'closed');
  assert.equal(closed.state, 'closed');
});

// --- at once ------------------------------------------------------------------------------------------------

test('settling, revising and closing a month at once: one of them comes first, and the books agree', async () => {
  const month = M03;
  // What the agreement settles (a block, a contract, a guarantee) is to be settled: its income would else be lost.
  assert.match((await move('state-conflict', month, 'closed')).detail, /its settlement is not posted/);
  const { id } = await compute(201, month);
  const posted = await post(id);
  const { version } = await stage.do(200, leads.ZZ1, 'getPeriod', { values: { month } });
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => [
    () => ask(leads.ZZ1, 'computeSettlement', stage.at({ body: { month, corrects: posted.id } })),
    () => ask(leads.ZZ1, 'movePeriodOn', stage.at({ values: { month }, match: `"${version}"`, body: { state: 'closed' } })),
    () => ask(leads.ZZ3, 'submitActuals', stage.at({ body: { pool: 'planned', month, ...figures(1) } })),
  ][i % 3]()));
  const made = answers.filter((answer) => answer.status === 201 && answer.body.lines);
  assert.ok(made.length <= 1, 'one open settlement per month');
  for (const answer of answers) assert.ok(answer.status < 500, answer.text);
  const closed = answers.some((answer) => answer.status === 200);
  const { state } = await stage.do(200, leads.ZZ1, 'getPeriod', { values: { month } });
  assert.equal(state, closed ? 'closed' : 'locked');
  // What was there first kept it open; once it is closed, nothing is open in it.
  const settlements = await stage.do(200, leads.ZZ4, 'listSettlements', { query: { month } });
  const submissions = await stage.do(200, leads.ZZ4, 'listSubmissions', { query: { month, pool: 'planned' } });
  assert.equal(settlements.items.length, 2 + made.length); // with the one that was refused
  assert.equal(submissions.items.length, closed ? 0 : 1);
  const trial = await stage.do(200, leads.ZZ4, 'getTrialBalance', {});
  assert.deepEqual(trial.total, gbp(0));
});
