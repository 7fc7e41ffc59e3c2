// What was escalated, and who takes it (domain.md A6, A8): through the edge.
import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { Hall } from './hall.mjs';

async function escalated() {
  const hall = await Hall.founded();
  hall.share();
  for (const [code, kind] of [['board', 'leadership-board'], ['quality', 'performance-and-quality-group']]) {
    await hall.do(201, hall.director, 'makeGroup', { body: { code, kind, name: code } });
  }
  hall.share();
  await hall.seat('ZZ1', 'board');
  await hall.seat('ZZ3', 'quality');
  const decisionId = await hall.escalate('alliance', 'resolve-something');
  const { items: [item] } = await hall.get('listAgendaItems');
  return { hall, decisionId, item };
}

const take = (hall, wanted, who, item, note = 'On the agenda of 12 May.') =>
  hall.refuse(wanted, who, 'takeAgendaItem', { values: { agendaItemId: item.id }, body: { note } });

test('agenda: a decision that was escalated waits for the leadership board, until a person of it takes it', async () => {
  const { hall, decisionId, item } = await escalated();
  assert.equal((await hall.decision(decisionId)).state, 'escalated');
  assert.deepEqual([item.groupKind, item.group, item.subject, item.source, item.state],
    ['leadership-board', 'board', `decisions/${decisionId}`, 'membership', 'open']);
  assert.match(item.reason, /takes one of each/);
  const waiting = (await hall.get('listInbox', {}, hall.reps.ZZ1)).items.filter((one) => one.action === 'take');
  assert.deepEqual(waiting.map((one) => [one.reference, one.organisation, one.group, one.subject]),
    [[`agenda-items/${item.id}`, 'ZZ1', 'board', item.subject]]);
  assert.deepEqual((await hall.get('listInbox', {}, hall.reps.ZZ3)).items.filter((one) => one.action === 'take'), []);
  for (const who of [hall.reps.ZZ3, hall.reps.ZZ2, hall.director]) await take(hall, 'role-missing', who, item);
  await take(hall, 'personal-data', hall.reps.ZZ1, item, 'Ask 943 476 5919.');
  const { body: taken } = await take(hall, 200, hall.reps.ZZ1, item);
  assert.deepEqual([taken.state, taken.note, taken.version], ['taken', 'On the agenda of 12 May.', 2]);
  await take(hall, 'state-conflict', hall.reps.ZZ1, item);
  assert.deepEqual(await hall.get('getAgendaItem', { agendaItemId: item.id }), taken);
  assert.deepEqual((await hall.get('listInbox', {}, hall.reps.ZZ1)).items.filter((one) => one.action === 'take'), []);
});

test('agenda: listed by group and by state', async () => {
  const { hall, item } = await escalated();
  const ids = async (query) => (await hall.do(200, hall.director, 'listAgendaItems', { query })).items.map((one) => one.id);
  assert.deepEqual(await ids({ group: 'board' }), [item.id]);
  assert.deepEqual(await ids({ group: 'quality' }), []);
  assert.deepEqual(await ids({ state: 'taken' }), []);
  await take(hall, 200, hall.reps.ZZ1, item);
  assert.deepEqual(await ids({ state: 'taken', group: 'board' }), [item.id]);
  assert.deepEqual(await ids({ state: 'open' }), []);
});

test('inbox: pages go on where they ended, through what was escalated and what is to be voted on', async () => {
  const { hall } = await escalated();
  await hall.escalate('alliance', 'resolve-more');
  await hall.resolve('this', 3600);
  await hall.resolve('that', 7200);
  hall.share();
  const whole = (await hall.get('listInbox', {}, hall.reps.ZZ1)).items;
  assert.deepEqual(whole.map((one) => one.action), ['take', 'take', 'vote', 'vote']);
  const pages = [];
  for (let cursor; ;) {
    const page = await hall.do(200, hall.reps.ZZ1, 'listInbox', { query: { limit: 1, cursor } });
    pages.push(...page.items);
    cursor = page.nextCursor;
    if (!cursor) break;
  }
  assert.deepEqual(pages, whole);
});
