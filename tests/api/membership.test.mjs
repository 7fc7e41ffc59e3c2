// Who is in, who decides, how they vote (domain.md A1-A3, A5, A7-A9, A15): through the edge.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { test, ask, expect, until, Person, issuer, allScopes } from './harness.mjs';
import { Hall, person, faultsAt } from './hall.mjs';
import { Stage, gbp, inSeconds, today } from './stage.mjs';

// --- founding ---

test('founding: the alliance is active when all founders have agreed, and not before', async () => {
  const hall = new Hall();
  const alliance = await hall.found();
  assert.equal(alliance.status, 'forming');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) {
    await hall.vote(alliance.foundingDecisionId, code);
    assert.equal((await hall.get('getAlliance', {}, hall.reps.ZZ1)).status, 'forming');
  }
  const partner = await hall.get('getPartner', { organisation: 'ZZ4' }, hall.reps.ZZ1);
  assert.deepEqual([partner.status, partner.isFounder, partner.joinedOn], ['proposed', true, undefined]);
  await hall.vote(alliance.foundingDecisionId, 'ZZ4');
  hall.share();
  assert.equal((await hall.get('getAlliance')).status, 'active');
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ4' })).status, 'active');
  const agreement = await hall.get('getAgreementInForce');
  assert.deepEqual([agreement.number, agreement.state, agreement.decisionId], [1, 'adopted', alliance.foundingDecisionId]);
  const decision = await hall.decision(alliance.foundingDecisionId);
  assert.deepEqual([decision.kind, decision.rule, decision.state], ['found', 'unanimous', 'carried']);
  assert.deepEqual(decision.effects.map(({ service, state }) => [service, state]), [['membership', 'done']]);
});

test('founding: one founder disagrees, and there is no alliance', async () => {
  const hall = new Hall();
  const { foundingDecisionId } = await hall.found();
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(foundingDecisionId, code);
  await hall.vote(foundingDecisionId, 'ZZ4', { choice: 'disagree', reason: 'The shares are wrong.' });
  const mine = await expect(200, hall.reps.ZZ1, 'listAlliances', { query: { limit: 1000 } });
  assert.equal(mine.body.items.find((one) => one.id === hall.values.allianceId).status, 'closed');
});

test('founding: nobody answers in time, and there is no alliance', async () => {
  const hall = new Hall();
  await hall.found({ foundingDeadlineAt: inSeconds(1) });
  await until(async () => {
    const mine = await expect(200, hall.reps.ZZ1, 'listAlliances', { query: { limit: 1000 } });
    return mine.body.items.find((one) => one.id === hall.values.allianceId).status === 'closed';
  }, 'the founding lapses');
});

test('founding: a repeated request finds the same alliance', async () => {
  const hall = new Hall();
  const body = hall.foundingBody();
  const key = randomUUID();
  const first = await expect(201, hall.reps.ZZ1, 'foundAlliance', { body, key });
  const again = await expect(201, hall.reps.ZZ1, 'foundAlliance', { body, key });
  assert.equal(again.body.id, first.body.id);
  assert.equal(again.headers['idempotent-replayed'], 'true');
});

test('founding: every broken rule is named at once', async () => {
  const hall = new Hall();
  const body = hall.foundingBody();
  body.endsOn = body.startsOn;
  body.foundingDeadlineAt = inSeconds(-1);
  body.founders = body.founders.map((founder) => ({ ...founder, role: 'provider' }));
  body.agreement.parameters.rules.push({ kind: 'move-money', rule: 'simple-majority' });
  const answer = await expect('rule-broken', hall.reps.ZZ1, 'foundAlliance', { body });
  assert.deepEqual(faultsAt(answer), ['/agreement/parameters/pools/1/commissioner', '/agreement/parameters/rules/2/rule', '/endsOn', '/founders', '/foundingDeadlineAt']);
});

test('an agreement shares among founders only', async () => {
  const hall = new Hall();
  const body = hall.foundingBody();
  body.agreement.parameters.shares[0].organisation = 'ZZ99';
  const answer = await expect('unknown-reference', hall.reps.ZZ1, 'foundAlliance', { body });
  assert.equal(answer.problem.errors[0].pointer, '/agreement/parameters/shares/0/organisation');
});

test('founding: only by a founder or the director that it names', async () => {
  const hall = new Hall();
  await expect('not-eligible', hall.stranger, 'foundAlliance', { body: hall.foundingBody() });
  const outsider = new Person('dana.director', 'ZZ8');
  await expect(201, outsider, 'foundAlliance', { body: hall.foundingBody() });
});

test('founding: only the named founders know of it', async () => {
  const hall = new Hall();
  await hall.found();
  await hall.refuse('not-found', hall.stranger, 'getAlliance');
  await hall.refuse('not-found', hall.stranger, 'getDecision');
  const theirs = await expect(200, hall.stranger, 'listAlliances', { query: { limit: 1000 } });
  assert.ok(!theirs.body.items.some((one) => one.id === hall.values.allianceId));
  const mine = await expect(200, hall.clerk, 'listAlliances', { query: { limit: 1000 } });
  assert.ok(mine.body.items.some((one) => one.id === hall.values.allianceId));
});

test('a forming alliance takes no applicant and drafts no agreement', async () => {
  const hall = new Hall();
  await hall.found();
  const application = { name: 'Late', role: 'provider', isVoting: true, representative: person('rep.zz5') };
  await hall.refuse('alliance-not-active', hall.reps.ZZ5, 'applyForPartnership', { body: application });
  await hall.refuse('alliance-not-active', hall.reps.ZZ1, 'draftAgreementVersion', { body: draft() });
  await hall.refuse('alliance-not-active', hall.director, 'changeAlliance', { body: { purpose: 'Another.' }, match: '"1"' });
});

// --- admission, exclusion, departure ---

test('admission: four agree and one is silent, so not admitted; asked again, all agree: admitted', async () => {
  const hall = await Hall.founded();
  const admitted = await hall.admit('ZZ5');
  await hall.voteAll(admitted);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ5' })).status, 'active');
  await hall.apply('ZZ6');
  const { id, deadlineAt, electorate } = await hall.open('partners/ZZ6', 'admit', hall.director, 2);
  assert.deepEqual(electorate.map((one) => one.organisation), ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4', 'ZZ5']);
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ5']) await hall.vote(id, code);
  const lapsed = await hall.closed(id);
  assert.equal(lapsed.state, 'lapsed');
  assert.equal(lapsed.closedAt, deadlineAt, 'closed at its deadline, whenever that was written');
  assert.ok(lapsed.recordedAt >= deadlineAt);
  assert.deepEqual([lapsed.tally.agree, lapsed.tally.silent], [4, 1]);
  const failed = await hall.get('getPartner', { organisation: 'ZZ6' });
  assert.equal(failed.status, 'lapsed');
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('partners/ZZ6', 'admit') });
  const again = await hall.apply('ZZ6');
  assert.deepEqual([again.status, again.version], ['proposed', failed.version + 1]);
  const second = await hall.open('partners/ZZ6', 'admit');
  await hall.voteAll(second.id, ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4', 'ZZ5']);
  const partner = await hall.get('getPartner', { organisation: 'ZZ6' }, hall.reps.ZZ6);
  assert.equal(partner.status, 'active');
  assert.equal(partner.joinedOn, today());
});

test('admission: when another joins, open admissions lapse, so that nobody joins without the newer partner', async () => {
  const hall = await Hall.founded();
  const first = await hall.admit('ZZ5');
  const second = await hall.admit('ZZ6');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(second, code);
  const resolution = await hall.resolve('parking');
  await hall.voteAll(first);
  const lapsed = await hall.decision(second);
  assert.equal(lapsed.state, 'lapsed');
  assert.match(lapsed.outcomeReason, /voting partners changed/);
  assert.equal((await hall.decision(resolution.id)).state, 'open', 'other decisions go on');
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ6' })).status, 'proposed');
});

test('admission: an associate changes no electorate', async () => {
  const hall = await Hall.founded();
  await hall.do(201, hall.reps.ZZ5, 'applyForPartnership',
    { body: { name: 'Associate', role: 'provider', isVoting: false, representative: person('rep.zz5') } });
  const first = await hall.open('partners/ZZ5', 'admit');
  const second = await hall.admit('ZZ6');
  await hall.voteAll(first.id);
  assert.equal((await hall.decision(second)).state, 'open');
  const next = await hall.resolve('lighting');
  assert.ok(!next.electorate.some((one) => one.organisation === 'ZZ5'));
  await hall.refuse('not-eligible', hall.reps.ZZ5, 'castVote', { values: { decisionId: next.id, organisation: 'ZZ5' }, body: { choice: 'agree' } });
});

test('exclusion: its target is not eligible, leaves at once, and drops out of what is open', async () => {
  const hall = await Hall.founded();
  const resolution = await hall.resolve('roof');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ4']) await hall.vote(resolution.id, code);
  const exclusion = await hall.open('partners/ZZ3', 'exclude');
  assert.deepEqual(exclusion.electorate.map((one) => one.organisation), ['ZZ1', 'ZZ2', 'ZZ4']);
  await hall.refuse('not-eligible', hall.reps.ZZ3, 'castVote', { values: { decisionId: exclusion.id, organisation: 'ZZ3' }, body: { choice: 'abstain' } });
  await hall.voteAll(exclusion.id, ['ZZ1', 'ZZ2', 'ZZ4']);
  const partner = await hall.get('getPartner', { organisation: 'ZZ3' });
  assert.deepEqual([partner.status, partner.leftOn], ['excluded', today()]);
  const closed = await hall.decision(resolution.id);
  assert.equal(closed.state, 'carried', 'everybody who is left had voted');
  assert.deepEqual(closed.electorate.find((one) => one.organisation === 'ZZ3').state, 'dropped');
  assert.deepEqual([closed.tally.eligible, closed.tally.dropped], [3, 1]);
  const appointments = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ3' } });
  assert.ok(appointments.items.every((one) => one.endsAt !== undefined), 'nobody acts for it any more');
  await hall.refuse('role-missing', hall.reps.ZZ3, 'listPartners');
});

test('exclusion: only of who is in', async () => {
  const hall = await Hall.founded();
  await hall.apply('ZZ5');
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('partners/ZZ5', 'exclude') });
  await hall.refuse('state-conflict', hall.director, 'openDecision', { body: hall.openBody('partners/ZZ1', 'admit') });
});

test('departure: it is said once, and what was open goes on without it', async () => {
  const hall = await Hall.founded();
  const general = await hall.resolve('heating');
  const admission = await hall.admit('ZZ5');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(general.id, code);
  const left = await hall.do(200, hall.reps.ZZ4, 'leaveAlliance', { values: { organisation: 'ZZ4' }, body: { reason: 'We move.' } });
  assert.deepEqual([left.status, left.leftOn], ['left', today()]);
  hall.share();
  assert.equal((await hall.decision(general.id)).state, 'carried');
  assert.equal((await hall.decision(admission)).state, 'lapsed');
  const self = await hall.get('getPartner', { organisation: 'ZZ4' }, hall.reps.ZZ4);
  assert.equal(self.status, 'left');
  await hall.refuse('not-found', hall.reps.ZZ4, 'getPartner', { values: { organisation: 'ZZ1' } });
  await hall.refuse('role-missing', hall.reps.ZZ4, 'leaveAlliance', { values: { organisation: 'ZZ4' }, body: { reason: 'Again.' } });
  const feed = await expect(200, hall.reps.ZZ4, 'listMembershipJournal', hall.at());
  assert.ok(feed.body.items.length > 0);
  assert.ok(feed.body.items.every((one) => one.class === 'restricted' && !('body' in one) && !('data' in one)), 'the day it left is not its business');
});

test('departure: a founder votes against it instead', async () => {
  const hall = new Hall();
  await hall.found();
  await hall.refuse('state-conflict', hall.reps.ZZ2, 'leaveAlliance', { values: { organisation: 'ZZ2' }, body: { reason: 'No.' } });
});

test('departure: an applicant withdraws, its admission lapses, and it may apply again', async () => {
  const hall = await Hall.founded();
  const admission = await hall.admit('ZZ5');
  await hall.refuse('already-exists', hall.reps.ZZ5, 'applyForPartnership',
    { body: { name: 'Twice', role: 'provider', isVoting: true, representative: person('rep.zz5') } });
  await hall.refuse('not-found', hall.reps.ZZ5, 'getPartner', { values: { organisation: 'ZZ1' } });
  const mine = await hall.get('getPartner', { organisation: 'ZZ5' }, hall.reps.ZZ5);
  assert.equal(mine.status, 'proposed');
  await hall.refuse('role-missing', hall.reps.ZZ5, 'leaveAlliance', { values: { organisation: 'ZZ1' }, body: { reason: 'Not mine.' } });
  const gone = await hall.do(200, hall.reps.ZZ5, 'leaveAlliance', { values: { organisation: 'ZZ5' }, body: { reason: 'Not now.' } });
  assert.equal(gone.status, 'lapsed');
  hall.share();
  assert.equal((await hall.decision(admission)).state, 'lapsed');
  const again = await hall.apply('ZZ5');
  assert.deepEqual([again.status, again.version], ['proposed', 3]);
});

test('an application names an organisation: a token that speaks for none is not enough', async () => {
  const hall = await Hall.founded();
  const nobody = new Person('someone.alone', undefined);
  await hall.refuse('not-eligible', nobody, 'applyForPartnership',
    { body: { name: 'None', role: 'provider', isVoting: true, representative: person('someone.alone') } });
});

// --- votes ---

test('votes: they may change until the close, and every version is kept', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('colours');
  const first = await hall.vote(id, 'ZZ1', { choice: 'disagree', reason: 'Too dear.' });
  assert.deepEqual([first.id, first.version, first.reason], ['ZZ1-1', 1, 'Too dear.']);
  const same = await hall.vote(id, 'ZZ1', { choice: 'disagree', reason: 'Too dear.' });
  assert.deepEqual(same, first, 'the same again changes nothing');
  await hall.vote(id, 'ZZ2');
  const second = await hall.vote(id, 'ZZ1', { choice: 'agree' });
  assert.equal(second.version, 2);
  hall.share();
  const all = await hall.get('listVotes', { decisionId: id });
  assert.deepEqual(all.items.map((vote) => [vote.id, vote.choice]), [['ZZ1-1', 'disagree'], ['ZZ2-1', 'agree'], ['ZZ1-2', 'agree']]);
  const ofOne = await hall.do(200, hall.director, 'listVotes', { values: { decisionId: id }, query: { organisation: 'ZZ1' } });
  assert.equal(ofOne.items.length, 2);
  assert.equal((await hall.get('getVote', { decisionId: id, organisation: 'ZZ1' })).id, 'ZZ1-2');
  assert.deepEqual(await hall.tallyOf(id),
    { state: 'open', electors: 4, eligible: 4, agree: 2, disagree: 0, abstain: 0, silent: 2, recused: 0, dropped: 0, pending: 0 });
});

test('votes: whoever read an older version is told', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('signs');
  const at = { values: { decisionId: id, organisation: 'ZZ1' } };
  await hall.vote(id, 'ZZ1');
  await hall.refuse('stale-version', hall.reps.ZZ1, 'castVote', { ...at, match: '"7"', body: { choice: 'abstain' } });
  const changed = await hall.do(200, hall.reps.ZZ1, 'castVote', { ...at, match: '"1"', body: { choice: 'abstain' } });
  assert.equal(changed.version, 2);
});

test('votes: to disagree takes a reason', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('doors');
  const answer = await hall.refuse('rule-broken', hall.reps.ZZ1, 'castVote',
    { values: { decisionId: id, organisation: 'ZZ1' }, body: { choice: 'disagree' } });
  assert.deepEqual(faultsAt(answer), ['/reason']);
  await hall.refuse('not-found', hall.reps.ZZ1, 'getVote', { values: { decisionId: id, organisation: 'ZZ1' } });
});

test('votes: by representative or deputy, of their own organisation only', async () => {
  const hall = await Hall.founded();
  await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body: { person: person('deputy.zz1'), role: 'deputy', organisation: 'ZZ1' } });
  await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body: { person: person('finance.zz1'), role: 'finance-lead', organisation: 'ZZ1' } });
  hall.share();
  const { id } = await hall.resolve('windows');
  const at = (organisation) => ({ values: { decisionId: id, organisation }, body: { choice: 'agree' } });
  await hall.refuse('role-missing', new Person('finance.zz1', 'ZZ1'), 'castVote', at('ZZ1'));
  await hall.refuse('role-missing', hall.clerk, 'castVote', at('ZZ1'));
  await hall.refuse('role-missing', hall.reps.ZZ2, 'castVote', at('ZZ1'));
  await hall.refuse('role-missing', new Person('rep.zz1', 'ZZ2'), 'castVote', at('ZZ1'));
  const vote = await hall.do(200, new Person('deputy.zz1', 'ZZ1'), 'castVote', at('ZZ1'));
  assert.equal(vote.choice, 'agree');
});

test('votes: none after the close; only the same one again is still the same', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('gates');
  await hall.voteAll(id);
  const again = await hall.vote(id, 'ZZ4');
  assert.equal(again.version, 1);
  await hall.refuse('decision-closed', hall.reps.ZZ4, 'castVote', { values: { decisionId: id, organisation: 'ZZ4' }, body: { choice: 'abstain' } });
  await hall.refuse('decision-closed', hall.reps.ZZ4, 'declareRecusal', { values: { decisionId: id }, body: { organisation: 'ZZ4', reason: 'Late.' } });
});

test('votes: the deadline itself is too late', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('fences', 1);
  await hall.vote(id, 'ZZ1');
  await until(async () => {
    const answer = await ask(hall.reps.ZZ2, 'castVote',
      hall.at({ values: { decisionId: id, organisation: 'ZZ2' }, body: { choice: 'disagree', reason: `At ${Date.now()}.` } }));
    return answer.slug === 'decision-closed';
  }, 'votes are refused');
  const decision = await hall.closed(id);
  assert.ok((await hall.get('listVotes', { decisionId: id })).items.every((vote) => vote.castAt < decision.deadlineAt));
});

// --- rules ---

test('rules: the agreement loosens what it may; a reserved kind stays unanimous', async () => {
  const hall = await Hall.founded();
  const general = await hall.resolve('paint');
  assert.equal(general.rule, 'simple-majority');
  assert.match(general.ruleText, /more than half of the 4 eligible/);
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(general.id, code);
  await hall.vote(general.id, 'ZZ4', { choice: 'disagree', reason: 'Blue is better.' });
  hall.share();
  assert.equal((await hall.decision(general.id)).state, 'carried');
  const admission = await hall.admit('ZZ5');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(admission, code);
  await hall.vote(admission, 'ZZ4', { choice: 'abstain' });
  hall.share();
  const rejected = await hall.decision(admission);
  assert.deepEqual([rejected.rule, rejected.state], ['unanimous', 'rejected'], 'an abstention is not agreement');
  assert.deepEqual(rejected.effects, []);
});

test('rules: a tie fails', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('floors');
  for (const code of ['ZZ1', 'ZZ2']) await hall.vote(id, code);
  for (const code of ['ZZ3', 'ZZ4']) await hall.vote(id, code, { choice: 'disagree', reason: 'No.' });
  hall.share();
  assert.equal((await hall.decision(id)).state, 'rejected');
});

// --- recusals ---

test('recusal: it leaves numerator and denominator, and its reason is public', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('lease');
  await hall.vote(id, 'ZZ3', { choice: 'disagree', reason: 'We own it.' });
  const recusal = await hall.do(201, hall.reps.ZZ3, 'declareRecusal', { values: { decisionId: id }, body: { organisation: 'ZZ3', reason: 'We own the building.' } });
  assert.equal(recusal.organisation, 'ZZ3');
  await hall.refuse('not-eligible', hall.reps.ZZ3, 'castVote', { values: { decisionId: id, organisation: 'ZZ3' }, body: { choice: 'agree' } });
  await hall.refuse('not-eligible', hall.reps.ZZ3, 'declareRecusal', { values: { decisionId: id }, body: { organisation: 'ZZ3', reason: 'Twice.' } });
  await hall.refuse('role-missing', hall.reps.ZZ2, 'declareRecusal', { values: { decisionId: id }, body: { organisation: 'ZZ1', reason: 'Not mine.' } });
  const list = await hall.get('listRecusals', { decisionId: id }, hall.reps.ZZ2);
  assert.deepEqual(list.items.map(({ organisation, reason }) => [organisation, reason]), [['ZZ3', 'We own the building.']]);
  await hall.vote(id, 'ZZ1');
  await hall.vote(id, 'ZZ2', { choice: 'disagree', reason: 'Too dear.' });
  await hall.vote(id, 'ZZ4');
  hall.share();
  assert.deepEqual(await hall.tallyOf(id),
    { state: 'carried', electors: 4, eligible: 3, agree: 2, disagree: 1, abstain: 0, silent: 0, recused: 1, dropped: 0, pending: 0 });
});

test('recusal: the last silent elector stands aside, and the decision closes', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('garden');
  for (const code of ['ZZ1', 'ZZ2', 'ZZ3']) await hall.vote(id, code);
  await hall.do(201, hall.reps.ZZ4, 'declareRecusal', { values: { decisionId: id }, body: { organisation: 'ZZ4', reason: 'We sell plants.' } });
  hall.share();
  assert.equal((await hall.decision(id)).state, 'carried');
});

test('recusal: without a commissioner left, it is escalated', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('audit');
  for (const code of ['ZZ2', 'ZZ4'])
    await hall.do(201, hall.reps[code], 'declareRecusal', { values: { decisionId: id }, body: { organisation: code, reason: 'It is about us.' } });
  hall.share();
  const decision = await hall.decision(id);
  assert.equal(decision.state, 'escalated');
  assert.match(decision.outcomeReason, /0 commissioner/);
});

test('escalation: an exclusion that leaves one kind of partner is escalated as it opens', async () => {
  const hall = await Hall.founded();
  await hall.do(200, hall.reps.ZZ4, 'leaveAlliance', { values: { organisation: 'ZZ4' }, body: { reason: 'We move.' } });
  hall.share();
  const decision = await hall.open('partners/ZZ2', 'exclude');
  assert.equal(decision.state, 'escalated');
  assert.equal(decision.closedAt, decision.openedAt);
  assert.equal((await hall.get('getPartner', { organisation: 'ZZ2' })).status, 'active');
});

// --- opening and withdrawing ---

test('opening: one decision at a time over one thing; again once it is withdrawn', async () => {
  const hall = await Hall.founded();
  await hall.apply('ZZ5');
  const first = await hall.open('partners/ZZ5', 'admit');
  await hall.refuse('decision-open', hall.reps.ZZ2, 'openDecision', { body: hall.openBody('partners/ZZ5', 'admit') });
  await hall.refuse('role-missing', hall.reps.ZZ2, 'withdrawDecision', { values: { decisionId: first.id }, body: { reason: 'Not mine.' } });
  const withdrawn = await hall.do(200, hall.director, 'withdrawDecision', { values: { decisionId: first.id }, body: { reason: 'Too early.' } });
  assert.deepEqual([withdrawn.state, withdrawn.outcomeReason], ['withdrawn', 'Too early.']);
  await hall.refuse('decision-closed', hall.director, 'withdrawDecision', { values: { decisionId: first.id }, body: { reason: 'Again.' } });
  const second = await hall.open('partners/ZZ5', 'admit', hall.reps.ZZ2);
  assert.equal(second.state, 'open');
  assert.notEqual(second.digest, first.digest, 'another nonce, another digest');
});

test('opening: whoever speaks for the opener\'s organisation may withdraw', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('benches'); // the director is ZZ1's
  const withdrawn = await hall.do(200, hall.reps.ZZ1, 'withdrawDecision', { values: { decisionId: id }, body: { reason: 'Rain.' } });
  assert.equal(withdrawn.state, 'withdrawn');
});

test('opening: what is wrong with it is said of its members', async () => {
  const hall = await Hall.founded();
  const fault = async (slug, pointer, body) => {
    const answer = await hall.refuse(slug, hall.director, 'openDecision', { body });
    assert.deepEqual(faultsAt(answer), [pointer]);
  };
  await fault('rule-broken', '/deadlineAt', hall.openBody('alliance', 'resolve', { deadlineAt: inSeconds(-1) }));
  await fault('rule-broken', '/deadlineAt', hall.openBody('alliance', 'resolve', { deadlineAt: inSeconds(400 * 86400) }));
  await fault('rule-broken', '/effect', hall.openBody('alliance', 'abolish'));
  await fault('unknown-reference', '/subject', hall.openBody('partners/ZZ9', 'admit'));
  await fault('unknown-reference', '/subject', hall.openBody('partners/zz9', 'admit'));
  await fault('unknown-reference', '/subject', hall.openBody('agreement/versions/9', 'adopt'));
  await fault('unknown-reference', '/subject', hall.openBody('agreement/versions/x', 'adopt'));
  await fault('unknown-reference', '/subject', hall.openBody('moon', 'land'));
});

test('opening: an owner says what is wrong with its subject before anything is opened', async () => {
  const stage = await Stage.set({ only: 'founded' });
  await stage.see(stage.reps.ZZ3, 'listRingFences', () => true);
  const missing = await expect('unknown-reference', stage.reps.ZZ3, 'openDecision', stage.at({ body: Hall.prototype.openBody(`reinvestment/cases/${randomUUID()}`, 'approve') }));
  assert.deepEqual(faultsAt(missing), ['/subject']);
  const { id } = await stage.do(201, stage.reps.ZZ3, 'draftCase', { body: stage.caseBody({ award: gbp(25000000) }) });
  await stage.do(200, stage.reps.ZZ3, 'submitCase', { values: { caseId: id } });
  await stage.appraise(id);
  const refused = await expect('insufficient-funds', stage.reps.ZZ3, 'openDecision', stage.at({ body: Hall.prototype.openBody(`reinvestment/cases/${id}`, 'approve') }));
  assert.match(refused.problem.detail, /250,000\.00/);
  const none = await stage.do(200, stage.director, 'listDecisions', { query: { subject: `reinvestment/cases/${id}` } });
  assert.deepEqual(none.items, []);
});

test('opening: a repeated request opens once', async () => {
  const hall = await Hall.founded();
  const key = randomUUID();
  const body = hall.openBody('alliance', 'resolve-once');
  hall.share();
  const first = await hall.do(201, hall.director, 'openDecision', { body, key });
  const again = await hall.do(201, hall.director, 'openDecision', { body, key });
  assert.equal(again.id, first.id);
});

// --- reading ---

test('a decision\'s ETag moves with everything that is shown of it', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('etags');
  const values = { decisionId: id };
  const before = await expect(200, hall.director, 'getDecision', hall.at({ values }));
  assert.equal(before.headers.etag, `"${before.body.version}"`);
  await hall.vote(id, 'ZZ1');
  hall.share();
  const after = await expect(200, hall.director, 'getDecision', hall.at({ values, headers: { 'If-None-Match': before.headers.etag } }));
  assert.ok(after.body.version > before.body.version);
  await expect(304, hall.director, 'getDecision', hall.at({ values, headers: { 'If-None-Match': after.headers.etag } }));
});

test('lists of decisions: filters, the order of opening, tallies', async () => {
  const hall = await Hall.founded();
  const ids = [];
  for (const topic of ['a', 'b', 'c']) ids.push((await hall.resolve(topic)).id);
  await hall.vote(ids[1], 'ZZ1');
  hall.share();
  const list = await hall.do(200, hall.director, 'listDecisions', { query: { kind: 'general' } });
  assert.deepEqual(list.items.map((one) => one.id), ids);
  assert.deepEqual(list.items.map((one) => one.tally.agree), [0, 1, 0]);
  const carried = await hall.do(200, hall.director, 'listDecisions', { query: { state: 'carried' } });
  assert.deepEqual(carried.items.map((one) => one.kind), ['found']);
  const about = await hall.do(200, hall.director, 'listDecisions', { query: { subject: 'partners/ZZ1' } });
  assert.deepEqual(about.items, []);
});

test('inbox: what waits for a vote, until it is cast', async () => {
  const hall = await Hall.founded();
  const later = await hall.resolve('later', 3600);
  const sooner = await hall.resolve('sooner', 600);
  const waits = async (who) => (await hall.do(200, who, 'listInbox')).items;
  const items = await waits(hall.reps.ZZ1);
  assert.deepEqual(items.map((one) => one.reference), [`decisions/${sooner.id}`, `decisions/${later.id}`]);
  assert.match(items[0].ruleText, /more than half/);
  assert.deepEqual([items[0].organisation, items[0].dueAt], ['ZZ1', sooner.deadlineAt]);
  await hall.vote(sooner.id, 'ZZ1');
  assert.deepEqual((await waits(hall.reps.ZZ1)).map((one) => one.reference), [`decisions/${later.id}`]);
  assert.deepEqual(await waits(hall.clerk), [], 'who may not vote has nothing to do');
  await hall.do(201, hall.reps.ZZ1, 'declareRecusal', { values: { decisionId: later.id }, body: { organisation: 'ZZ1', reason: 'Ours.' } });
  assert.deepEqual(await waits(hall.reps.ZZ1), []);
});

test('a decision is traced to its subject, its votes and their hands', async () => {
  const hall = await Hall.founded();
  const id = await hall.admit('ZZ5');
  await hall.voteAll(id);
  const trace = await hall.do(200, hall.director, 'traceDecision', { values: { decisionId: id } });
  const types = trace.events.map((event) => event.type);
  for (const type of ['membership.partner.applied.v1', 'membership.decision.opened.v1', 'membership.vote.cast.v1', 'membership.decision.carried.v1'])
    assert.ok(types.includes(type), `${type} in ${types}`);
});

// --- the agreement ---

function draft(changes = {}, parameters = {}) {
  return { startsOn: today(30), summary: 'Next year.', ...changes,
    parameters: { rules: [{ kind: 'general', rule: 'two-thirds' }], shares: [], pools: [], ringFences: [], ...parameters } };
}

test('agreement: a draft binds nobody; adopted, it is in force from its first day', async () => {
  const hall = await Hall.founded();
  const made = await hall.do(201, hall.reps.ZZ2, 'draftAgreementVersion', { body: draft() });
  assert.deepEqual([made.number, made.state], [2, 'draft']);
  hall.share();
  const inForce = (on) => hall.do(200, hall.director, 'getAgreementInForce', { query: { on } }).then((one) => one.number);
  assert.equal(await inForce(today(31)), 1);
  const { id, kind } = await hall.open('agreement/versions/2', 'adopt');
  assert.equal(kind, 'vary-agreement');
  await hall.voteAll(id);
  const adopted = await hall.get('getAgreementVersion', { number: 2 });
  assert.deepEqual([adopted.state, adopted.decisionId], ['adopted', id]);
  assert.equal(await inForce(today(29)), 1);
  assert.equal(await inForce(today(30)), 2);
  assert.equal(await inForce(undefined), 1);
  assert.equal(await inForce('2016-03-31'), 1, 'before the first day, the first');
  const list = await hall.get('listAgreementVersions');
  assert.deepEqual(list.items.map((one) => one.number), [1, 2]);
  assert.equal((await hall.resolve('rule')).rule, 'simple-majority', 'the rule of today');
});

test('agreement: the version in force today decides by which rule', async () => {
  const hall = await Hall.founded();
  await hall.do(201, hall.reps.ZZ2, 'draftAgreementVersion', { body: draft({ startsOn: today(-1) }) });
  const { id } = await hall.open('agreement/versions/2', 'adopt');
  await hall.voteAll(id);
  const decision = await hall.resolve('rule');
  assert.deepEqual([decision.rule, decision.agreementVersion], ['two-thirds', 2]);
});

test('agreement: two versions never start on one day', async () => {
  const hall = await Hall.founded();
  for (const summary of ['One.', 'Another.']) {
    await hall.do(201, hall.reps.ZZ1, 'draftAgreementVersion', { body: draft({ summary }) });
    hall.share();
  }
  const first = await hall.open('agreement/versions/2', 'adopt');
  const second = await hall.open('agreement/versions/3', 'adopt');
  await hall.voteAll(first.id);
  await hall.voteAll(second.id);
  const refused = await hall.decision(second.id);
  assert.equal(refused.state, 'carried');
  assert.deepEqual(refused.effects.map(({ service, state }) => [service, state]), [['membership', 'refused']]);
  assert.ok(refused.effects[0].reason.length > 0);
  assert.equal((await hall.get('getAgreementVersion', { number: 3 })).state, 'draft');
  await hall.refuse('rule-broken', hall.reps.ZZ1, 'draftAgreementVersion', { body: draft() });
});

test('agreement: every fault of its parameters is named', async () => {
  const hall = await Hall.founded();
  const broken = await hall.refuse('rule-broken', hall.reps.ZZ1, 'draftAgreementVersion', { body: draft({ startsOn: '2010-01-01' }, {
    rules: [{ kind: 'admit', rule: 'two-thirds' }, { kind: 'admit', rule: 'unanimous' }],
    shares: [{ organisation: 'ZZ1', shareBp: 9999 }],
    pools: [{ code: 'a', name: 'A' }, { code: 'a', name: 'B' }],
  }) });
  assert.deepEqual(faultsAt(broken), ['/parameters/pools/1/code', '/parameters/rules/0/rule', '/parameters/rules/1/kind', '/parameters/shares', '/startsOn']);
  const unknown = await hall.refuse('unknown-reference', hall.reps.ZZ1, 'draftAgreementVersion',
    { body: draft({}, { shares: [{ organisation: 'ZZ9', shareBp: 10000 }] }) });
  assert.deepEqual(faultsAt(unknown), ['/parameters/shares/0/organisation']);
  await hall.refuse('role-missing', hall.clerk, 'draftAgreementVersion', { body: draft() });
});

// --- the house ---

test('health: everybody may ask whether the house answers, known clients which services are ready', async () => {
  const hall = new Hall();
  assert.deepEqual((await expect(200, null, 'ping')).body, { status: 'pass' });
  await expect('unauthenticated', null, 'getStatus');
  await expect('scope-missing', hall.clerk.with({ scopes: ['kpi:read'] }), 'getStatus');
  const services = ['membership', 'ledger', 'reinvestment', 'risk', 'kpi'];
  await until(async () => {
    const { body } = await expect(200, hall.clerk, 'getStatus');
    assert.deepEqual(body.services.map((one) => one.service), services);
    return body.services.every((one) => one.state === 'ready');
  }, 'all services are ready');
});

// --- people ---

test('appointments: a new representative succeeds the one before at once', async () => {
  const hall = await Hall.founded();
  const made = await hall.do(201, hall.reps.ZZ2, 'makeAppointment', { body: { person: person('new.zz2'), role: 'partner-representative', organisation: 'ZZ2' } });
  hall.share();
  const successor = new Person('new.zz2', 'ZZ2');
  const { id } = await hall.resolve('succession');
  await hall.refuse('role-missing', hall.reps.ZZ2, 'castVote', { values: { decisionId: id, organisation: 'ZZ2' }, body: { choice: 'agree' } });
  successor.remember(hall.director.after());
  assert.equal((await hall.do(200, successor, 'castVote', { values: { decisionId: id, organisation: 'ZZ2' }, body: { choice: 'agree' } })).appointmentId, made.id);
  const list = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ2', role: 'partner-representative' } });
  assert.deepEqual(list.items.map((one) => [one.subject, one.endsAt === undefined]), [['rep.zz2', false], ['new.zz2', true]]);
  const now = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ2', inForceAt: inSeconds(60) } });
  assert.deepEqual(now.items.map((one) => one.id), [made.id]);
});

test('appointments: who may fill which post', async () => {
  const hall = await Hall.founded();
  const make = (wanted, who, role, organisation, subject = `${role}.x`) =>
    hall.refuse(wanted, who, 'makeAppointment', { body: { person: person(subject), role, organisation } });
  await make('role-missing', hall.reps.ZZ2, 'finance-lead', 'ZZ1');
  await make('role-missing', hall.reps.ZZ1, 'alliance-director', 'ZZ1');
  await make('role-missing', hall.reps.ZZ1, 'auditor', 'AUD1');
  await make(201, hall.director, 'auditor', 'AUD1');
  await make(201, hall.reps.ZZ2, 'chair', 'ZZ2');
  await make('role-missing', hall.reps.ZZ3, 'chair', 'ZZ3', 'other.chair');
  await make(201, hall.director, 'alliance-director', 'ZZ2', 'next.director');
  await make('role-missing', hall.director, 'auditor', 'AUD2');
});

test('the director speaks for nobody', async () => {
  const hall = await Hall.founded();
  const posts = ['partner-representative', 'deputy', 'finance-lead', 'quality-lead', 'lead-nurse', 'senior-medical-lead', 'group-member'];
  const chair = new Person('chair.zz1', 'ZZ1');
  await hall.do(201, hall.director, 'makeAppointment', { body: { person: person('chair.zz1'), role: 'chair', organisation: 'ZZ1' } });
  hall.share();
  chair.remember(hall.director.after());
  for (const role of posts)
    for (const who of [hall.director, hall.director.with({ organisation: undefined }), chair])
      await hall.refuse('role-missing', who, 'makeAppointment', { body: { person: person('dana.director'), role, organisation: 'ZZ3' } });
  const { items } = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ3' } });
  await hall.refuse('role-missing', hall.director, 'endAppointment', { values: { appointmentId: items[0].id }, body: {} });
  const { id } = await hall.resolve('alone');
  await hall.refuse('role-missing', hall.director, 'castVote', { values: { decisionId: id, organisation: 'ZZ3' }, body: { choice: 'agree' } });
});

test('appointments: count only for the organisation that the token names', async () => {
  const hall = await Hall.founded();
  const both = person('fin.both');
  for (const organisation of ['ZZ1', 'ZZ3'])
    await hall.do(201, hall.reps[organisation], 'makeAppointment', { body: { person: both, role: 'deputy', organisation } });
  hall.share();
  const as = (organisation) => {
    const one = new Person('fin.both', organisation);
    one.remember(hall.director.after());
    return one;
  };
  const { id } = await hall.resolve('both');
  const cast = (wanted, who, organisation) =>
    hall.refuse(wanted, who, 'castVote', { values: { decisionId: id, organisation }, body: { choice: 'agree' } });
  await cast('role-missing', as(undefined), 'ZZ1'); // of which one, it doesn't say
  await cast('role-missing', as('ZZ1'), 'ZZ3');
  await cast('role-missing', as('ZZ2'), 'ZZ1');
  await cast(200, as('ZZ3'), 'ZZ3');
  const journal = await expect(200, hall.director, 'listMembershipJournal', hall.at({ query: { limit: 1000 } }));
  const vote = journal.body.items.filter((one) => one.type === 'membership.vote.cast.v1').at(-1);
  const appointments = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ3', role: 'deputy' } });
  const { actor } = JSON.parse(vote.body);
  assert.deepEqual([actor.organisation, actor.appointment], ['ZZ3', appointments.items[0].id]);
});

test('appointments: an organisation for which nobody speaks is taken at its own word', async () => {
  const hall = await Hall.founded();
  const body = { person: person('clerk.zz1'), role: 'partner-representative', organisation: 'ZZ1' };
  await hall.refuse('role-missing', hall.clerk, 'makeAppointment', { body });
  const { items } = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ1', role: 'partner-representative' } });
  await hall.do(200, hall.reps.ZZ1, 'endAppointment', { values: { appointmentId: items[0].id }, body: {} });
  hall.share();
  await hall.refuse('role-missing', hall.director.with({ organisation: undefined }), 'makeAppointment', { body });
  await hall.refuse('role-missing', hall.reps.ZZ2, 'makeAppointment', { body });
  await hall.refuse('role-missing', hall.clerk, 'makeAppointment', { body: { ...body, role: 'finance-lead' } });
  const made = await hall.do(201, hall.clerk, 'makeAppointment', { body });
  hall.share();
  const { id } = await hall.resolve('again');
  hall.clerk.remember(hall.director.after());
  const vote = await hall.do(200, hall.clerk, 'castVote', { values: { decisionId: id, organisation: 'ZZ1' }, body: { choice: 'agree' } });
  assert.equal(vote.appointmentId, made.id);
});

test('appointments: nobody twice, nobody of no partner, nobody for a time that is over', async () => {
  const hall = await Hall.founded();
  const body = { person: person('lead.zz1'), role: 'quality-lead', organisation: 'ZZ1' };
  await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body });
  await hall.refuse('already-exists', hall.reps.ZZ1, 'makeAppointment', { body });
  const unknown = await hall.refuse('unknown-reference', hall.director, 'makeAppointment', { body: { ...body, role: 'chair', organisation: 'ZZ9' } });
  assert.deepEqual(faultsAt(unknown), ['/organisation']);
  const over = await hall.refuse('rule-broken', hall.reps.ZZ1, 'makeAppointment',
    { body: { ...body, person: person('other.zz1'), endsAt: inSeconds(-5) } });
  assert.deepEqual(faultsAt(over), ['/endsAt']);
});

test('appointments: they end by the person, or by who fills the post', async () => {
  const hall = await Hall.founded();
  const body = { person: person('lead.zz1'), role: 'quality-lead', organisation: 'ZZ1' };
  const { id } = await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body });
  const values = { appointmentId: id };
  await hall.refuse('role-missing', hall.reps.ZZ2, 'endAppointment', { values, body: {} });
  await hall.refuse('rule-broken', hall.reps.ZZ1, 'endAppointment', { values, body: { endsAt: inSeconds(-60) } });
  const later = await hall.do(200, hall.reps.ZZ1, 'endAppointment', { values, body: { endsAt: inSeconds(600) } });
  assert.equal(later.version, 2);
  const self = new Person('lead.zz1', 'ZZ1');
  self.remember(hall.director.after());
  const ended = await hall.do(200, self, 'endAppointment', { values, body: {} });
  assert.ok(ended.endsAt < later.endsAt);
  await hall.refuse('state-conflict', hall.reps.ZZ1, 'endAppointment', { values, body: {} });
  await hall.refuse('not-found', hall.reps.ZZ1, 'endAppointment', { values: { appointmentId: randomUUID() }, body: {} });
});

test('names of people are shown, and never enter the journal', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body: { person: person('lead.zz1'), role: 'quality-lead', organisation: 'ZZ1' } });
  hall.share();
  assert.equal((await hall.get('getAppointment', { appointmentId: id })).name, 'Name of lead.zz1');
  const journal = await expect(200, hall.director, 'listMembershipJournal', hall.at({ query: { limit: 1000 } }));
  assert.ok(journal.text.includes('lead.zz1'));
  assert.ok(!journal.text.includes('Name of'));
});

test('names of people are kept in one place, and erased there', async () => {
  const hall = await Hall.founded();
  const make = (key) => expect(201, hall.reps.ZZ1, 'makeAppointment',
    hall.at({ key, body: { person: person('lead.zz1'), role: 'quality-lead', organisation: 'ZZ1' } }));
  const made = await make('named');
  assert.ok(!('name' in made.body));
  const values = { appointmentId: made.body.id };
  const kept = `select string_agg(answer, '') from membership.idempotency where alliance_id = '${hall.values.allianceId}'`;
  const stored = execFileSync('psql', ['-X', '-q', '-t', '-A', '-d', process.env.ACCORD_TEST_DATABASE, '-c', kept]).toString();
  assert.ok(stored.includes('lead.zz1'));
  assert.ok(!stored.includes('Name of'));
  hall.share();
  await hall.refuse('role-missing', hall.reps.ZZ2, 'erasePersonName', { values });
  const erased = await hall.do(200, hall.reps.ZZ1, 'erasePersonName', { values });
  assert.equal(erased.version, 2);
  hall.share();
  assert.ok(!('name' in await hall.get('getAppointment', values)));
  assert.equal((await hall.do(200, hall.director, 'erasePersonName', { values })).version, 2);
  assert.equal((await make('named')).text, made.text);
  const self = new Person('rep.zz3', 'ZZ3');
  self.remember(hall.director.after());
  const { items } = await hall.do(200, self, 'listAppointments', { query: { organisation: 'ZZ3' } });
  await hall.do(200, self, 'erasePersonName', { values: { appointmentId: items[0].id } });
});

// --- what stays for ever ---

test('no free text holds an NHS number: what is announced stays for ever', async () => {
  const hall = await Hall.founded();
  await hall.apply('ZZ5');
  const { id } = await hall.resolve('texts');
  const text = 'Patient 943 476 5919 waited.';
  const values = { decisionId: id, organisation: 'ZZ1' };
  const refusals = [
    [hall.director, 'changeAlliance', { body: { objectives: ['Fine', text] }, match: '"2"' }, '/objectives/1'],
    [hall.reps.ZZ6, 'applyForPartnership', { body: { name: text, role: 'provider', isVoting: true, representative: person('rep.zz6') } }, '/name'],
    [hall.reps.ZZ1, 'leaveAlliance', { values, body: { reason: text } }, '/reason'],
    [hall.reps.ZZ1, 'makeAppointment', { body: { person: { ...person('x'), name: text }, role: 'deputy', organisation: 'ZZ1' } }, '/person/name'],
    [hall.reps.ZZ1, 'draftAgreementVersion', { body: draft({ summary: text }) }, '/summary'],
    [hall.director, 'openDecision', { body: hall.openBody('partners/ZZ5', 'admit', { rationale: text }) }, '/rationale'],
    [hall.reps.ZZ1, 'castVote', { values, body: { choice: 'disagree', reason: text } }, '/reason'],
    [hall.reps.ZZ1, 'declareRecusal', { values, body: { organisation: 'ZZ1', reason: text } }, '/reason'],
    [hall.director, 'withdrawDecision', { values, body: { reason: text } }, '/reason'],
  ];
  for (const [who, operationId, options, pointer] of refusals)
    assert.deepEqual(faultsAt(await hall.refuse('personal-data', who, operationId, options)), [pointer]);
  const founding = hall.foundingBody(text);
  founding.founders[1].name = text;
  const answer = await expect('personal-data', hall.reps.ZZ1, 'foundAlliance', { body: founding });
  assert.deepEqual(faultsAt(answer), ['/founders/1/name', '/name']);
});

// --- the alliance's own words ---

test('the director rewords what the alliance says of itself, never while a decision is open on it', async () => {
  const hall = await Hall.founded();
  const { version } = await hall.get('getAlliance');
  const change = (wanted, match, body, who = hall.director) => expect(wanted, who, 'changeAlliance', hall.at({ body, match: `"${match}"` }));
  await change('role-missing', version, { purpose: 'Mine.' }, hall.reps.ZZ2);
  const { body } = await change(200, version, { purpose: 'Ours.', objectives: ['One', 'Two'] });
  assert.deepEqual([body.purpose, body.objectives, body.principles, body.version], ['Ours.', ['One', 'Two'], ['Best for project'], version + 1]);
  await change('stale-version', version, { purpose: 'Old.' });
  await hall.resolve('name');
  await change('subject-frozen', version + 1, { name: 'Another' });
});

// --- what two instances, two scopes and two organisations see ---

test('a scope for voting is none for opening', async () => {
  const hall = await Hall.founded();
  const voter = hall.reps.ZZ1.with({ scopes: allScopes.filter((scope) => scope !== 'decisions:open') });
  await hall.refuse('scope-missing', voter, 'openDecision', { body: hall.openBody('alliance', 'resolve') });
});

test('sixteen votes at once leave one version each, in one tally', async () => {
  const hall = await Hall.founded();
  const { id } = await hall.resolve('race');
  const bodies = [{ choice: 'agree' }, { choice: 'abstain' }, { choice: 'disagree', reason: 'One.' }, { choice: 'disagree', reason: 'Two.' }];
  await Promise.all(['ZZ1', 'ZZ2', 'ZZ3'].flatMap((organisation) => bodies.map((body) => hall.vote(id, organisation, body))));
  hall.share();
  const { items } = await hall.get('listVotes', { decisionId: id });
  for (const organisation of ['ZZ1', 'ZZ2', 'ZZ3']) {
    const versions = items.filter((vote) => vote.organisation === organisation).map((vote) => vote.version).sort((a, b) => a - b);
    assert.deepEqual(versions, versions.map((_, i) => i + 1));
    const latest = await hall.get('getVote', { decisionId: id, organisation });
    const decision = await hall.decision(id);
    assert.equal(decision.electorate.find((one) => one.organisation === organisation).choice, latest.choice);
  }
});
