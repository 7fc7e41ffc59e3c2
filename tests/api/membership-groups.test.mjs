// Groups, seats and what is delegated to them (domain.md A6, A7): through the edge.
import assert from 'node:assert/strict';
import { test, expect } from './harness.mjs';
import { Hall, person, faultsAt } from './hall.mjs';

const board = { code: 'board', kind: 'leadership-board', name: 'Leadership board' };
const quality = { code: 'quality', kind: 'performance-and-quality-group', name: 'Performance and quality group' };
const make = (hall, body, wanted = 201) => hall.refuse(wanted, hall.director, 'makeGroup', { body }).then((answer) => answer.body);

async function tree() {
  const hall = await Hall.founded();
  hall.share();
  await make(hall, board);
  await make(hall, { code: 'delivery', kind: 'delivery-board', name: 'Delivery board', reportsTo: 'board' });
  await make(hall, { ...quality, reportsTo: 'delivery' });
  return hall;
}

test('groups: they form a tree, and what reports to one moves along', async () => {
  const hall = await tree();
  const listed = await hall.get('listGroups');
  assert.deepEqual(listed.items.map((one) => [one.code, one.reportsTo, one.level, one.version]),
    [['board', undefined, 1, 1], ['delivery', 'board', 2, 1], ['quality', 'delivery', 3, 1]]);
  const at = { values: { groupCode: 'delivery' }, match: '"1"' };
  const moved = await hall.do(200, hall.director, 'changeGroup', { ...at, body: { reportsTo: null, name: 'Delivery' } });
  assert.deepEqual([moved.name, moved.reportsTo, moved.level, moved.version], ['Delivery', undefined, 1, 2]);
  const below = await hall.get('getGroup', { groupCode: 'quality' });
  assert.deepEqual([below.level, below.version], [2, 2]);
  await hall.refuse('stale-version', hall.director, 'changeGroup', { ...at, body: { name: 'Again' } });
  const renamed = await hall.do(200, hall.director, 'changeGroup', { ...at, match: '"2"', body: { name: 'Delivery board' } });
  assert.equal(renamed.level, 1);
  const one = await hall.do(200, hall.director, 'listGroups', { query: { kind: 'delivery-board' } });
  assert.deepEqual(one.items.map((group) => group.code), ['delivery']);
});

test('groups: nothing reports to itself, however far up', async () => {
  const hall = await tree();
  for (const reportsTo of ['board', 'delivery', 'quality']) {
    const answer = await hall.refuse('rule-broken', hall.director, 'changeGroup', { values: { groupCode: 'board' }, match: '"1"', body: { reportsTo } });
    assert.deepEqual(faultsAt(answer), ['/reportsTo']);
  }
  await hall.refuse('unknown-reference', hall.director, 'changeGroup', { values: { groupCode: 'board' }, match: '"1"', body: { reportsTo: 'nowhere' } });
});

test('groups: one of each code and kind, below one that exists', async () => {
  const hall = await tree();
  await make(hall, { ...board, kind: 'other' }, 'already-exists');
  await make(hall, { ...board, code: 'second' }, 'already-exists');
  await make(hall, { code: 'task', kind: 'other', name: 'Task group', reportsTo: 'nowhere' }, 'unknown-reference');
  let above = 'quality';
  for (let level = 4; level <= 8; level += 1) {
    const { code } = await make(hall, { code: `task-${level}`, kind: 'other', name: 'Task group', reportsTo: above });
    above = code;
  }
  await make(hall, { code: 'task-9', kind: 'other', name: 'Task group', reportsTo: above }, 'rule-broken');
});

test('groups: what is said of them holds no NHS number', async () => {
  const hall = await tree();
  await make(hall, { code: 'task', kind: 'other', name: 'Review of 943 476 5919' }, 'personal-data');
  await hall.refuse('personal-data', hall.director, 'changeGroup', { values: { groupCode: 'board' }, match: '"1"', body: { name: 'Review of 943 476 5919' } });
});

test('groups: a member sits in one, and nobody else does', async () => {
  const hall = await tree();
  const body = { person: person('pat.zz1'), role: 'group-member', organisation: 'ZZ1', group: 'quality' };
  const made = await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body });
  assert.equal(made.group, 'quality');
  await hall.refuse('already-exists', hall.reps.ZZ1, 'makeAppointment', { body });
  await hall.do(201, hall.reps.ZZ1, 'makeAppointment', { body: { ...body, group: 'board' } });
  const wrong = [[{ ...body, person: person('pia.zz1'), group: undefined }, 'rule-broken'], [{ ...body, role: 'deputy' }, 'rule-broken'],
    [{ ...body, group: 'nowhere' }, 'unknown-reference']];
  for (const [given, slug] of wrong) {
    assert.deepEqual(faultsAt(await hall.refuse(slug, hall.reps.ZZ1, 'makeAppointment', { body: given })), ['/group']);
  }
  const members = await hall.do(200, hall.director, 'listAppointments', { query: { group: 'quality' } });
  assert.deepEqual(members.items.map((one) => [one.subject, one.group]), [['pat.zz1', 'quality']]);
});

// Founded under an agreement that leaves general decisions to the group.
async function delegated(code = 'quality') {
  const hall = new Hall();
  const { agreement } = hall.foundingBody();
  agreement.parameters.rules = [{ kind: 'general', rule: 'unanimous', group: code }];
  const { foundingDecisionId } = await hall.found({ agreement });
  await hall.voteAll(foundingDecisionId);
  hall.share();
  return hall;
}

test('delegation: the organisations seated in the group decide, and the ballot says so', async () => {
  const hall = await delegated();
  await make(hall, quality);
  hall.share();
  for (const organisation of ['ZZ2', 'ZZ3']) await hall.seat(organisation, 'quality');
  const decision = await hall.resolve('delegated');
  assert.equal(decision.group, 'quality');
  assert.match(decision.ruleText, /all 2 eligible .* Delegated to the group quality/);
  assert.deepEqual(decision.electorate.map((one) => one.organisation), ['ZZ2', 'ZZ3']);
  await hall.refuse('not-eligible', hall.reps.ZZ1, 'castVote', { values: { decisionId: decision.id, organisation: 'ZZ1' }, body: { choice: 'agree' } });
  const inbox = await hall.get('listInbox', {}, hall.reps.ZZ2);
  assert.match(inbox.items.find((one) => one.reference === `decisions/${decision.id}`).ruleText, /group quality/);
  await hall.voteAll(decision.id, ['ZZ2', 'ZZ3']);
  assert.equal((await hall.decision(decision.id)).state, 'carried');
  const listed = await hall.do(200, hall.director, 'listDecisions', { query: { kind: 'general' } });
  assert.deepEqual(listed.items.map((one) => one.group), ['quality']);
});

test('delegation: without a commissioner and a provider seated, it is escalated', async () => {
  const hall = await delegated();
  assert.equal((await hall.resolve('before-it-exists')).state, 'escalated');
  await make(hall, quality);
  assert.equal((await hall.resolve('nobody')).state, 'escalated');
  hall.share();
  await hall.seat('ZZ1', 'quality');
  assert.equal((await hall.resolve('providers-only')).state, 'escalated');
  hall.share();
  await hall.seat('ZZ2', 'quality');
  assert.equal((await hall.resolve('both')).state, 'open');
});

test('delegation: never of a reserved kind, never to a voice without a vote, never to nobody', async () => {
  const hall = await tree();
  await make(hall, { code: 'public', kind: 'patient-and-public-partnership-group', name: 'Patients and public' });
  assert.equal((await hall.get('getGroup', { groupCode: 'public' })).hasVote, false);
  const { agreement: { parameters } } = hall.foundingBody();
  const draft = (rules) => ({ startsOn: '2030-04-01', summary: 'Delegates.', parameters: { ...parameters, rules } });
  const refused = async (slug, rule) => {
    const answer = await hall.refuse(slug, hall.reps.ZZ1, 'draftAgreementVersion', { body: draft([rule]) });
    assert.deepEqual(faultsAt(answer), ['/parameters/rules/0/group']);
  };
  await refused('rule-broken', { kind: 'move-money', rule: 'unanimous', group: 'quality' });
  await refused('rule-broken', { kind: 'general', rule: 'unanimous', group: 'public' });
  await refused('unknown-reference', { kind: 'general', rule: 'unanimous', group: 'nowhere' });
  await hall.do(201, hall.reps.ZZ1, 'draftAgreementVersion', { body: draft([{ kind: 'general', rule: 'unanimous', group: 'quality' }]) });
  const body = hall.foundingBody();
  body.agreement.parameters.rules = [{ kind: 'admit', rule: 'unanimous', group: 'quality' }];
  await expect('rule-broken', hall.reps.ZZ1, 'foundAlliance', { body });
});
