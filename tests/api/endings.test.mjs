// How an alliance and its partners stop, pause and hand over (domain.md A1, A2, A4): through the edge.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { test, each, ask, expect, operations, exampleBody, Person } from './harness.mjs';
import { Stage, gbp, today } from './stage.mjs';
import { Hall, faultsAt, person } from './hall.mjs';

// --- the end of an alliance, seen from all five services ---

let stage;
before(async () => {
  stage = await Stage.set();
});

const writes = (service) => operations.filter((op) => op.problems.includes('alliance-not-active') && (!service || op.service === service));

// A request of this operation that would be in order, by somebody who may.
function proper(op) {
  const options = { body: op.body ? exampleBody(op) : undefined, query: stage.queryOf(op), values: stage.valuesOf(op) };
  if (op.needs('If-Match')) options.match = '"1"';
  return stage.at(options);
}

// Every service knows what membership has said.
async function known(status) {
  stage.share();
  assert.equal((await stage.do(200, stage.director, 'getAlliance')).status, status);
  stage.share();
}

test('closing: nobody joins and no business begins, what is agreed is wound up', async () => {
  const { decisionId: admission, caseId, drawdownId } = stage.values;
  const resolution = await stage.open('alliance', 'resolve-the-archive');
  const small = stage.caseBody({ award: gbp(1000), oneOffCost: gbp(1000), milestones: [{ code: 'ready', title: 'Ready', dueOn: today(60), amount: gbp(1000) }] });
  const late = await stage.do(201, stage.reps.ZZ3, 'draftCase', { body: small });
  const submitted = await stage.do(201, stage.reps.ZZ3, 'draftCase', { body: small });
  await stage.do(200, stage.reps.ZZ3, 'submitCase', { values: { caseId: submitted.id } });
  stage.share();
  await stage.decide('alliance', 'close');
  await known('closing');
  const lapsed = await stage.do(200, stage.director, 'getDecision', { values: { decisionId: admission } });
  assert.equal(lapsed.state, 'lapsed');
  assert.match(lapsed.outcomeReason, /closing/);
  assert.equal((await stage.do(200, stage.director, 'getPartner', { values: { organisation: 'ZZ5' } })).status, 'lapsed');
  const refuse = (who, operationId, options) => expect('alliance-not-active', who, operationId, stage.at(options));
  await refuse(stage.reps.ZZ5, 'applyForPartnership', { body: { name: 'Late', role: 'provider', isVoting: true, representative: person('rep.zz5') } });
  await refuse(stage.reps.ZZ3, 'draftCase', { body: stage.caseBody() });
  await refuse(stage.reps.ZZ3, 'submitCase', { values: { caseId: late.id } });
  await refuse(stage.reps.ZZ3, 'openDecision', { body: { subject: `reinvestment/cases/${submitted.id}`, effect: 'approve', question: 'Shall it?', rationale: 'Best.', deadlineAt: new Date(Date.now() + 3600000).toISOString() } });
  // what is agreed goes on: votes, postings, drawdowns
  await stage.voteAll(resolution.id);
  assert.equal((await stage.do(200, stage.director, 'getDecision', { values: { decisionId: resolution.id } })).state, 'carried');
  await stage.do(201, stage.leads.finance, 'postTransaction', { body: stage.transactionBody(1000) });
  await stage.do(200, stage.reps.ZZ2, 'verifyDrawdown', { body: { outcome: 'verified' } });
  await stage.see(stage.reps.ZZ2, 'getDrawdown', (body) => body.state === 'captured', { values: { drawdownId } });
  await stage.do(201, stage.leads.finance, 'draftMandate', { body: stage.mandateBody() });
  assert.equal((await stage.do(200, stage.reps.ZZ3, 'getCase', { values: { caseId } })).state, 'in-delivery');
});

test('closing: whoever would close it again, or dissolve it too early, is told', async () => {
  const hall = await Hall.founded();
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('alliance', 'dissolve') });
  const closing = await hall.open('alliance', 'close');
  assert.deepEqual([closing.kind, closing.rule], ['vary-agreement', 'unanimous']);
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(closing.id, code);
  await hall.vote(closing.id, 'ZZ4', { choice: 'disagree', reason: 'Too early.' });
  assert.equal((await hall.get('getAlliance')).status, 'active');
  const key = 'kept-over-the-end';
  const answer = await expect(201, hall.reps.ZZ1, 'draftHostVersion', hall.at({ key, body: { organisation: 'ZZ1', summary: 'It can.' } }));
  await hall.voteAll((await hall.open('alliance', 'close')).id);
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('alliance', 'close') });
  const waiting = await hall.resolve('something');
  await hall.voteAll((await hall.open('alliance', 'dissolve')).id);
  hall.share();
  assert.equal((await hall.get('getAlliance')).status, 'closed');
  assert.equal((await hall.decision(waiting.id)).state, 'lapsed');
  const replayed = await expect(201, hall.reps.ZZ1, 'draftHostVersion', hall.at({ key, body: { organisation: 'ZZ1', summary: 'It can.' } }));
  assert.deepEqual([replayed.headers['idempotent-replayed'], replayed.body], ['true', answer.body], 'what was answered stays answered');
  const named = (await hall.do(200, hall.director, 'listAppointments')).items.find((one) => one.name);
  await hall.do(200, hall.reps[named.organisation], 'erasePersonName', { values: { appointmentId: named.id } });
});

test('alliance-not-active: every operation of every service that changes anything, once the alliance is closed', async () => {
  await stage.decide('alliance', 'dissolve');
  await known('closed');
  for (const service of ['ledger', 'reinvestment', 'risk', 'kpi'])
    assert.ok(writes(service).length > 0, service);
  await each(writes(), (op) => expect('alliance-not-active', stage.whoMay(op), op.id, proper(op)));
});

test('closed: everything can still be read', async () => {
  await each(operations.filter((op) => op.method === 'GET' && op.hasAlliance), async (op) => {
    const answer = await ask(stage.whoMay(op), op.id, proper(op));
    if (answer.status !== 200) throw new Error(`${op.id}: ${answer.status} ${answer.text}`);
  });
});

// --- suspension ---

test('suspension: the partner reads, and neither votes, opens nor posts; it drops out of what is open', async () => {
  const hall = await Hall.founded();
  const resolution = await hall.resolve('roof');
  const admission = await hall.admit('ZZ5');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ4']) await hall.vote(resolution.id, code);
  const suspension = await hall.open('partners/ZZ3', 'suspend');
  assert.deepEqual([suspension.kind, suspension.rule], ['exclude', 'unanimous']);
  assert.deepEqual(suspension.electorate.map((one) => one.organisation), ['ZZ1', 'ZZ2', 'ZZ4']);
  await hall.voteAll(suspension.id, ['ZZ1', 'ZZ2', 'ZZ4']);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ3' })).status, 'suspended');
  const closed = await hall.decision(resolution.id);
  assert.deepEqual([closed.state, closed.tally.dropped], ['carried', 1]);
  assert.equal((await hall.decision(admission)).state, 'lapsed');
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ5' })).status, 'proposed', 'asked again, not refused');
  const next = await hall.resolve('wall');
  assert.ok(!next.electorate.some((one) => one.organisation === 'ZZ3'));
  // it reads ...
  for (const operationId of ['getAlliance', 'listPartners', 'listDecisions', 'listMembershipJournal', 'listHosts'])
    await hall.do(200, hall.reps.ZZ3, operationId);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ1' }, hall.reps.ZZ3)).status, 'active');
  assert.deepEqual((await hall.do(200, hall.reps.ZZ3, 'listInbox')).items, []);
  // ... and does nothing
  await hall.refuse('role-missing', hall.reps.ZZ3, 'openDecision', { body: hall.openBody('alliance', 'resolve') });
  await hall.refuse('role-missing', hall.reps.ZZ3, 'castVote', { values: { decisionId: next.id, organisation: 'ZZ3' }, body: { choice: 'agree' } });
  await hall.refuse('role-missing', hall.reps.ZZ3, 'draftHostVersion', { body: { organisation: 'ZZ1', summary: 'No.' } });
  await hall.refuse('role-missing', hall.reps.ZZ3, 'makeAppointment', { body: { person: person('someone'), role: 'deputy', organisation: 'ZZ3' } });
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('partners/ZZ3', 'suspend') });
  // reinstated, it votes on what opens from then on
  const back = await hall.open('partners/ZZ3', 'reinstate');
  assert.deepEqual([back.kind, back.rule], ['admit', 'unanimous']);
  await hall.voteAll(back.id, ['ZZ1', 'ZZ2', 'ZZ4']);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ3' })).status, 'active');
  await hall.refuse('not-eligible', hall.reps.ZZ3, 'castVote', { values: { decisionId: next.id, organisation: 'ZZ3' }, body: { choice: 'agree' } });
  const last = await hall.resolve('floor');
  await hall.vote(last.id, 'ZZ3');
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('partners/ZZ3', 'reinstate') });
});

test('suspension: the alliance chooses another director, and the partner may say that it leaves', async () => {
  const hall = await Hall.founded();
  await hall.voteAll((await hall.open('partners/ZZ1', 'suspend', hall.reps.ZZ2)).id, ['ZZ2', 'ZZ3', 'ZZ4']);
  await hall.refuse('role-missing', hall.director, 'changeAlliance', { body: { name: 'Mine' }, match: '"2"' });
  await hall.do(201, hall.reps.ZZ2, 'makeAppointment', { body: { person: person('new.director'), role: 'alliance-director', organisation: 'ZZ2' } });
  hall.share();
  await hall.refuse('role-missing', hall.clerk, 'leaveAlliance', { values: { organisation: 'ZZ1' }, body: { reason: 'Enough.' } });
  await hall.refuse('role-missing', hall.reps.ZZ1, 'leaveAlliance', { values: { organisation: 'ZZ2' }, body: { reason: 'Enough.' } });
  const left = await hall.do(200, hall.reps.ZZ1, 'leaveAlliance', { values: { organisation: 'ZZ1' }, body: { reason: 'Enough.' } });
  assert.deepEqual([left.status, left.leftOn], ['left', today()]);
});

test('suspension: nothing is posted for a suspended partner, in any service', async () => {
  const world = new Stage();
  await world.found();
  await world.appointPeople();
  await world.voteAll((await world.open('partners/ZZ1', 'suspend', world.reps.ZZ2)).id, ['ZZ2', 'ZZ3', 'ZZ4']);
  world.share();
  const { finance, medical } = world.leads;
  await world.do(200, finance, 'listAccounts');
  await world.do(200, finance, 'listRisks');
  await expect('role-missing', finance, 'draftMandate', world.at({ body: world.mandateBody() }));
  await expect('role-missing', medical, 'logRisk', world.at({ body: world.riskBody() }));
  await expect('role-missing', world.reps.ZZ1, 'draftCase', world.at({ body: world.caseBody() }));
  await expect('role-missing', world.reps.ZZ1, 'createIndicator', world.at({ body: { code: 'x', name: 'X', theme: 'quality' } }));
});

// --- hosts ---

const draft = (hall, organisation, hostFunction = 'employer') => hall.do(201, hall.reps.ZZ1, 'draftHostVersion',
  { values: { hostFunction }, body: { organisation, summary: `${organisation} has the staff.` } });

async function appoint(hall, organisation, hostFunction = 'employer') {
  const { number } = await draft(hall, organisation, hostFunction);
  const decision = await hall.open(`hosts/${hostFunction}/versions/${number}`, 'appoint');
  await hall.voteAll(decision.id);
  return { number, decision };
}

test('hosts: one per function at any instant, changed by unanimous decision, with its history', async () => {
  const hall = await Hall.founded();
  const first = await draft(hall, 'ZZ1');
  assert.deepEqual([first.number, first.state, first.startsAt], [1, 'draft', undefined]);
  hall.share();
  assert.deepEqual((await hall.get('listHosts')).items, [], 'a draft binds nobody');
  const decision = await hall.open('hosts/employer/versions/1', 'appoint');
  assert.deepEqual([decision.kind, decision.rule, decision.content.function, decision.organisations], ['change-host', 'unanimous', 'employer', ['ZZ1']]);
  await hall.voteAll(decision.id);
  const before = (await hall.get('listHosts')).items;
  assert.deepEqual(before.map((one) => [one.function, one.organisation]), [['employer', 'ZZ1']]);
  const { number, decision: handover } = await appoint(hall, 'ZZ2');
  assert.match(handover.title, /ZZ2 hosts employer in place of ZZ1/);
  await appoint(hall, 'ZZ3', 'cqc-registration');
  const now = (await hall.get('listHosts')).items;
  assert.deepEqual(now.map((one) => [one.function, one.organisation]), [['cqc-registration', 'ZZ3'], ['employer', 'ZZ2']]);
  const ofOne = await hall.do(200, hall.director, 'listHosts', { query: { organisation: 'ZZ3' } });
  assert.deepEqual(ofOne.items.map((one) => one.function), ['cqc-registration']);
  const versions = (await hall.get('listHostVersions', { hostFunction: 'employer' })).items;
  assert.deepEqual(versions.map((one) => [one.number, one.organisation, one.state]), [[1, 'ZZ1', 'succeeded'], [2, 'ZZ2', 'appointed']]);
  assert.equal(versions[0].endsAt, versions[1].startsAt, 'one ends as the other starts');
  const then = await hall.do(200, hall.director, 'listHosts', { query: { at: versions[0].startsAt } });
  assert.deepEqual(then.items.map((one) => one.organisation), ['ZZ1']);
  const shown = await hall.get('getHostVersion', { hostFunction: 'employer', number });
  assert.equal(shown.decisionId, handover.id);
  const trace = await hall.get('traceHostVersion', { hostFunction: 'employer', number });
  assert.ok(trace.events.some((one) => one.type === 'membership.host.appointed.v1'));
  assert.ok(trace.events.some((one) => one.type === 'membership.vote.cast.v1'));
  await hall.refuse('not-found', hall.director, 'getHostVersion', { values: { hostFunction: 'employer', number: 9 } });
});

test('hosts: an active partner, and another than now', async () => {
  const hall = await Hall.founded();
  await hall.apply('ZZ5');
  await appoint(hall, 'ZZ1');
  const refuse = async (slug, organisation) => {
    const answer = await hall.refuse(slug, hall.reps.ZZ1, 'draftHostVersion', { values: { hostFunction: 'employer' }, body: { organisation, summary: 'It would.' } });
    assert.deepEqual(faultsAt(answer), ['/organisation']);
  };
  await refuse('unknown-reference', 'ZZ5');
  await refuse('unknown-reference', 'ZZ9');
  await refuse('rule-broken', 'ZZ1');
  await hall.refuse('personal-data', hall.reps.ZZ1, 'draftHostVersion', { body: { organisation: 'ZZ2', summary: 'For 943 476 5919.' } });
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('hosts/employer/versions/1', 'appoint') });
  await hall.refuse('unknown-reference', hall.director, 'openDecision', { body: hall.openBody('hosts/employer/versions/8', 'appoint') });
  await hall.refuse('rule-broken', hall.director, 'openDecision', { body: hall.openBody('hosts/employer/versions/1', 'adopt') });
});

test('hosts: a host hands over before it leaves, or is suspended or excluded', async () => {
  const hall = await Hall.founded();
  const exclusion = await hall.open('partners/ZZ3', 'exclude');
  await appoint(hall, 'ZZ3');
  await hall.voteAll(exclusion.id, ['ZZ1', 'ZZ2', 'ZZ4']);
  const carried = await hall.decision(exclusion.id);
  assert.equal(carried.state, 'carried');
  assert.deepEqual(carried.effects.map((one) => one.state), ['refused']);
  assert.match(carried.effects[0].reason, /ZZ3 is the host of employer/);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ3' })).status, 'active');
  for (const effect of ['exclude', 'suspend'])
    await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('partners/ZZ3', effect) });
  const answer = await hall.refuse('state-conflict', hall.reps.ZZ3, 'leaveAlliance', { values: { organisation: 'ZZ3' }, body: { reason: 'We move.' } });
  assert.match(answer.problem.detail, /host of employer/);
  await appoint(hall, 'ZZ4');
  await hall.do(200, hall.reps.ZZ3, 'leaveAlliance', { values: { organisation: 'ZZ3' }, body: { reason: 'We move.' } });
});

// --- who was not taken in ---

test('application: rejected, it lapses and may be made again; withdrawn, the question is asked again', async () => {
  const hall = await Hall.founded();
  const first = await hall.admit('ZZ5');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(first, code);
  await hall.vote(first, 'ZZ4', { choice: 'disagree', reason: 'No room.' });
  hall.share();
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ5' })).status, 'lapsed');
  await hall.refuse('not-found', hall.reps.ZZ5, 'getAlliance');
  const people = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ5' } });
  assert.ok(people.items.every((one) => one.endsAt !== undefined), 'nobody speaks for it any more');
  const second = await hall.admit('ZZ5');
  await hall.do(200, hall.director, 'withdrawDecision', { values: { decisionId: second }, body: { reason: 'Too early.' } });
  hall.share();
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ5' })).status, 'proposed');
  await hall.voteAll((await hall.open('partners/ZZ5', 'admit')).id);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ5' })).status, 'active');
  await hall.do(200, new Person('rep.zz5', 'ZZ5'), 'listPartners');
});
