// The register of interests, conflicts and rulings (domain.md A8, A10), outcome statements (A11): through the edge.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test, Person } from './harness.mjs';
import { Hall, person, faultsAt } from './hall.mjs';
import { today } from './stage.mjs';

// A statement's day is one of London.
const london = (days) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/London' }).format(new Date(Date.now() + days * 86400000));

const chair = new Person('chair.zz4', 'ZZ4');

async function chaired() {
  const hall = await Hall.founded();
  hall.share();
  await hall.do(201, hall.director, 'makeAppointment', { body: { person: person(chair.subject), role: 'chair', organisation: 'ZZ4' } });
  hall.share();
  chair.seen = new Map(hall.director.seen);
  return hall;
}

const interestIn = (organisation, touched, changes = {}) => ({ organisation, type: 'financial', description: 'Owns the building.', startsOn: today(-30),
  ...(touched.includes('/') ? { inReference: touched } : { inOrganisation: touched }), ...changes });
const declare = (hall, body, wanted = 201, who = hall.reps[body.organisation]) =>
  hall.refuse(wanted, who, 'declareInterest', { body }).then((answer) => answer);
const rule = (hall, wanted, decisionId, body, who = chair) => {
  hall.share();
  chair.remember(hall.director.after());
  return hall.refuse(wanted, who, 'recordRuling', { values: { decisionId }, body: { reason: 'It is small.', ...body } });
};

test('interests: one that touches a decision as it opens waits for the chair, and nothing closes before', async () => {
  const hall = await chaired();
  await declare(hall, interestIn('ZZ2', 'ZZ5'));
  const id = await hall.admit('ZZ5');
  const elector = (await hall.decision(id)).electorate.find((one) => one.organisation === 'ZZ2');
  assert.deepEqual([elector.state, elector.ruling, elector.conflict], ['eligible', 'pending', 'ZZ2 has a financial interest in ZZ5.']);
  await hall.voteAll(id);
  const waiting = await hall.tallyOf(id);
  assert.deepEqual([waiting.state, waiting.agree, waiting.pending], ['open', 4, 1]);
  const { body: ruling } = await rule(hall, 201, id, { organisation: 'ZZ2', outcome: 'take-part' });
  assert.deepEqual([ruling.outcome, ruling.conflict, ruling.reason], ['take-part', 'ZZ2 has a financial interest in ZZ5.', 'It is small.']);
  hall.director.remember(chair.after());
  const closed = await hall.tallyOf(id);
  assert.deepEqual([closed.state, closed.eligible, closed.pending], ['carried', 4, 0]);
  assert.deepEqual((await hall.get('listRulings', { decisionId: id })).items, [ruling]);
});

test('interests: one declared while a decision is open binds there too; recused, the reason is public', async () => {
  const hall = await chaired();
  const id = await hall.admit('ZZ5');
  await hall.voteAll(id, ['ZZ1', 'ZZ3', 'ZZ4']);
  await declare(hall, interestIn('ZZ2', 'partners/ZZ5'));
  await declare(hall, interestIn('ZZ1', 'ZZ3')); // touches something else
  hall.share();
  assert.deepEqual((await hall.decision(id)).electorate.map((one) => one.ruling), [undefined, 'pending', undefined, undefined]);
  await rule(hall, 201, id, { organisation: 'ZZ2', outcome: 'recuse', reason: 'It is large.' });
  hall.director.remember(chair.after());
  const { state, tally } = await hall.decision(id);
  assert.deepEqual([state, tally.eligible, tally.recused], ['carried', 3, 1]);
  const { items: [recusal] } = await hall.get('listRecusals', { decisionId: id });
  assert.deepEqual([recusal.organisation, recusal.reason], ['ZZ2', 'It is large.']);
});

test('interests: who may rule, on whom, and when', async () => {
  const hall = await chaired();
  for (const code of ['ZZ2', 'ZZ4']) await declare(hall, interestIn(code, 'ZZ5'));
  const id = await hall.admit('ZZ5');
  await rule(hall, 'role-missing', id, { organisation: 'ZZ2', outcome: 'recuse' }, hall.director);
  await rule(hall, 'not-eligible', id, { organisation: 'ZZ5', outcome: 'recuse' });
  await rule(hall, 'state-conflict', id, { organisation: 'ZZ1', outcome: 'recuse' });
  await rule(hall, 'rule-broken', id, { organisation: 'ZZ4', outcome: 'take-part' });
  await rule(hall, 'personal-data', id, { organisation: 'ZZ2', outcome: 'recuse', reason: 'Ask 943 476 5919.' });
  await rule(hall, 201, id, { organisation: 'ZZ2', outcome: 'take-part' });
  await rule(hall, 'state-conflict', id, { organisation: 'ZZ2', outcome: 'recuse' });
  hall.director.remember(chair.after());
  hall.share();
  await hall.do(200, hall.director, 'withdrawDecision', { values: { decisionId: id }, body: { reason: 'Later.' } });
  await rule(hall, 'decision-closed', id, { organisation: 'ZZ4', outcome: 'recuse' });
});

test('interests: a person whose interest is touched casts no vote; the only one who speaks binds the organisation', async () => {
  const hall = await chaired();
  const mine = async (code) => (await hall.do(200, hall.director, 'listAppointments', { query: { organisation: code, role: 'partner-representative' } })).items[0].id;
  const deputy = new Person('dep.zz2', 'ZZ2');
  await hall.do(201, hall.reps.ZZ2, 'makeAppointment', { body: { person: person(deputy.subject), role: 'deputy', organisation: 'ZZ2' } });
  hall.share();
  for (const code of ['ZZ1', 'ZZ2']) await declare(hall, interestIn(code, 'ZZ5', { appointmentId: await mine(code), type: 'indirect' }));
  const id = await hall.admit('ZZ5');
  const { electorate } = await hall.decision(id);
  assert.deepEqual(electorate.map((one) => one.conflict), ['The only person who speaks for ZZ1 has an indirect interest in ZZ5.', undefined, undefined, undefined]);
  const vote = (wanted, who, organisation) => hall.refuse(wanted, who, 'castVote', { values: { decisionId: id, organisation }, body: { choice: 'agree' } });
  await vote('not-eligible', hall.reps.ZZ1, 'ZZ1');
  await vote('not-eligible', hall.reps.ZZ2, 'ZZ2');
  deputy.remember(hall.reps.ZZ2.after());
  await vote(200, deputy, 'ZZ2');
  await rule(hall, 201, id, { organisation: 'ZZ1', outcome: 'take-part' });
  hall.reps.ZZ1.remember(chair.after());
  await vote(200, hall.reps.ZZ1, 'ZZ1');
});

test('interests: the register shows who is tied to two partners, and what has ended', async () => {
  const hall = await chaired();
  const { items: [{ id: appointmentId }] } = await hall.do(200, hall.director, 'listAppointments', { query: { organisation: 'ZZ1', role: 'partner-representative' } });
  const { body: own } = await declare(hall, interestIn('ZZ1', 'ZZ3'));
  assert.deepEqual([own.state, own.isTiedToTwoPartners, own.tiedTo], ['current', false, undefined]);
  const { body: alone } = await declare(hall, interestIn('ZZ1', 'risk/risks', { appointmentId }));
  assert.deepEqual([alone.isTiedToTwoPartners, alone.tiedTo], [false, ['ZZ1']]);
  const { body: tied } = await declare(hall, interestIn('ZZ1', 'ZZ2', { appointmentId }));
  assert.deepEqual([tied.isTiedToTwoPartners, tied.tiedTo], [true, ['ZZ1', 'ZZ2']]);
  hall.share();
  const listed = async (query) => (await hall.do(200, hall.director, 'listInterests', { query })).items;
  assert.deepEqual((await listed({ organisation: 'ZZ1' })).map((one) => [one.id, one.isTiedToTwoPartners]), [[own.id, false], [alone.id, true], [tied.id, true]]);
  assert.deepEqual(await listed({ organisation: 'ZZ2' }), []);
  assert.deepEqual(await listed({ state: 'overdue' }), []);
  const refresh = (wanted, body) => hall.refuse(wanted, hall.reps.ZZ1, 'refreshInterest', { values: { interestId: tied.id }, body });
  assert.equal((await refresh(200, {})).body.version, 2);
  await hall.refuse('role-missing', hall.reps.ZZ3, 'refreshInterest', { values: { interestId: tied.id }, body: {} });
  await refresh('rule-broken', { endsOn: today(-3) });
  const { body: ended } = await refresh(200, { endsOn: london(0) });
  assert.equal(ended.state, 'ended');
  await refresh('state-conflict', {});
  hall.share();
  assert.deepEqual(await hall.get('getInterest', { interestId: tied.id }), { ...ended, isTiedToTwoPartners: false, tiedTo: ['ZZ1'] });
  assert.deepEqual((await listed({ state: 'ended' })).map((one) => one.id), [tied.id]);
});

test('interests: declared by whose they are, in something else', async () => {
  const hall = await chaired();
  const wrong = [[interestIn('ZZ9', 'ZZ1'), 'unknown-reference', ['/organisation']], [interestIn('ZZ1', 'ZZ1'), 'rule-broken', ['/inOrganisation']],
    [{ ...interestIn('ZZ1', 'ZZ2'), inReference: 'risk/risks' }, 'rule-broken', ['/inOrganisation']],
    [interestIn('ZZ1', 'ZZ2', { endsOn: today(-60) }), 'rule-broken', ['/endsOn']],
    [interestIn('ZZ1', 'ZZ2', { appointmentId: randomUUID() }), 'unknown-reference', ['/appointmentId']],
    [interestIn('ZZ1', 'ZZ2', { description: 'See 943 476 5919.' }), 'personal-data', ['/description']]];
  for (const [body, slug, at] of wrong) assert.deepEqual(faultsAt(await declare(hall, body, slug, hall.reps.ZZ1)), at);
  await declare(hall, interestIn('ZZ1', 'ZZ2'), 'role-missing', hall.reps.ZZ3);
  const { items: [{ id: appointmentId }] } = await hall.do(200, hall.director, 'listAppointments', { query: { role: 'chair' } });
  chair.remember(hall.director.after());
  await declare(hall, interestIn('ZZ4', 'ZZ2', { appointmentId }), 201, chair);
});

test('outcomes: plain words come after the decision, and before its publication', async () => {
  const hall = await Hall.founded();
  const { id: decisionId } = await hall.resolve('outcome');
  hall.share();
  const body = { text: 'Nobody moves.', audience: 'All staff', publishOn: london(0) };
  const write = (wanted, changes, options) => hall.refuse(wanted, hall.director, 'writeOutcomeStatement', { values: { decisionId }, body: { ...body, ...changes }, ...options });
  const publish = (wanted) => hall.refuse(wanted, hall.director, 'publishDecision', { values: { decisionId } });
  await write('state-conflict');
  await hall.voteAll(decisionId);
  await publish('state-conflict');
  await hall.refuse('not-found', hall.director, 'getOutcomeStatement', { values: { decisionId } });
  await write('personal-data', { text: 'Ask 943 476 5919.' });
  assert.deepEqual(faultsAt(await write('rule-broken', { publishOn: london(-1) })), ['/publishOn']);
  assert.equal((await write(200, { publishOn: london(3) })).body.version, 1);
  await publish('state-conflict');
  await write('stale-version', {}, { match: '"9"' });
  const { body: written } = await write(200, {}, { match: '"1"' });
  assert.deepEqual([written.version, written.publishedAt], [2, undefined]);
  assert.equal((await write(200)).body.version, 2);
  const { body: published } = await publish(200);
  assert.equal(published.text, 'Nobody moves.');
  assert.match(published.publishedAt, /Z$/);
  await publish('state-conflict');
  await write('state-conflict', { text: 'Everybody does.' });
  assert.deepEqual((await write(200)).body, published);
  hall.share();
  assert.deepEqual(await hall.get('getOutcomeStatement', { decisionId }, hall.reps.ZZ2), published);
});
