// Opening a decision asks the subject's owner, which freezes it, before anything of membership's is
// locked: what is refused after that leaves nothing frozen.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { test, ask } from './harness.mjs';
import { headLocked, waits } from './database.mjs';
import { Stage, inSeconds } from './stage.mjs';

let stage;
before(async () => { stage = await founded(); });

async function founded() {
  const made = await Stage.set({ only: 'founded' });
  await made.appointPeople();
  await made.see(made.leads.quality, 'listIndicators', () => true);
  return made;
}

const text = (length) => '\u{1F3E5}'.repeat(length); // four bytes each
const about = (subject, changes = {}) => ({ body: { subject, effect: 'agree', question: 'Agreed?', rationale: 'As proposed.', deadlineAt: inSeconds(3600), ...changes } });

async function specification(code, changes, on = stage) {
  const { quality } = on.leads;
  await on.do(201, quality, 'createIndicator', { body: { code, name: code, theme: 'quality' } });
  await on.do(201, quality, 'draftSpecification', { values: { indicatorCode: code }, body: on.specificationBody(changes) });
  on.share();
  return `kpi/indicators/${code}/specifications/1`;
}

// What the owner's journal says of the subject since: its types, without the service's name.
async function since(head, subject, on = stage) {
  const { items } = await on.do(200, on.director, 'listKpiJournal', { query: { after: head, limit: '1000' }, accept: 'application/json' });
  return items.filter((event) => event.subject === subject).map((event) => event.type.replace(/^kpi\.|\.v1$/g, ''));
}

const headOf = async (on = stage) => (await on.do(200, on.director, 'listKpiJournal', { query: { limit: '1' }, accept: 'application/json' })).head;

const untilThawed = (head, subject, on = stage) =>
  on.see(on.director, 'listKpiJournal', ({ items }) => items.some((event) => event.subject === subject && event.type === 'kpi.subject.thawed.v1'),
    { query: { after: head, limit: '1000' }, accept: 'application/json' });

test('content that no event of a decision holds is too large, by its owner\'s word', async () => {
  const whole = { definition: text(4000), sourceReason: text(4000), numerator: text(200), denominator: text(200) };
  const subject = await specification('too-large', whole);
  const head = await headOf();
  const { detail } = await stage.do('body-too-large', stage.director, 'openDecision', about(subject));
  assert.match(detail, /^what is decided on has \d+ bytes; a decision holds at most 32768$/);
  assert.deepEqual(await since(head, subject), []);
});

test('question, rationale and subject that are too large together are refused, and the subject is thawed at once', async () => {
  const subject = await specification('large', { definition: text(4000), sourceReason: text(2000) });
  const head = await headOf();
  const long = about(subject, { question: text(4000), rationale: text(4000) });
  const { detail } = await stage.do('body-too-large', stage.director, 'openDecision', long);
  assert.match(detail, /^question, rationale and subject have \d+ bytes together; \d+ fit$/);
  await untilThawed(head, subject);
  assert.deepEqual(await since(head, subject), ['subject.frozen', 'subject.thawed']);
  assert.equal((await stage.do(201, stage.director, 'openDecision', about(subject))).state, 'open');
});

// The owner is held up by its journal's lock until the opener's partner has left. A second is all that the
// lock is waited for, so on a machine with much to do the race may not come about: then once more.
async function raced(code) {
  const on = await founded();
  const subject = await specification(code, {}, on);
  const head = await headOf(on);
  const hold = await headLocked('kpi', on.values.allianceId);
  let opening;
  try {
    opening = ask(on.reps.ZZ4, 'openDecision', on.at(about(subject)));
    await waits('kpi');
    await on.do(200, on.reps.ZZ4, 'leaveAlliance', { values: { organisation: 'ZZ4' }, body: { reason: 'Our services moved.' } });
  } finally { await hold.end(); }
  return { on, subject, head, answer: await opening };
}

test('who is no partner any more once the owner has answered opens nothing, and the subject is thawed at once', async () => {
  for (let attempt = 1; ; attempt++) {
    const { on, subject, head, answer } = await raced(`raced-${attempt}`);
    const [first] = await since(head, subject, on);
    if (first !== 'subject.frozen' && attempt < 5) continue; // it was refused before its owner was asked, or the owner waited too long
    assert.equal(first, 'subject.frozen');
    assert.equal(answer.slug, 'role-missing', answer.text);
    await untilThawed(head, subject, on);
    assert.equal((await on.do(200, on.director, 'listDecisions', { query: { state: 'open' }, accept: 'application/json' })).items.length, 0);
    on.share();
    assert.equal((await on.do(201, on.director, 'openDecision', about(subject))).state, 'open');
    return;
  }
});
