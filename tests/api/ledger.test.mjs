// The ledger through its API: the open book, mandates, double entry, holds, months, in an alliance
// founded for it; what every operation has in common stands in generic.test.mjs.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { randomUUID } from 'node:crypto';
import { journalPages, test, ask, expect, until } from './harness.mjs';
import { Stage, gbp, inSeconds, monthOf, today } from './stage.mjs';

const patient = 'For patient 943 476 5919'; // a valid check digit; the number is the NHS' own example

let stage;
let finance;
before(async () => {
  // Its agreement settles nothing, so that its months close as soon as nothing is open in them.
  stage = new (class extends Stage {
    foundingBody(name) {
      const body = super.foundingBody(name);
      body.agreement.parameters.pools = body.agreement.parameters.pools.map(({ code, name: title }) => ({ code, name: title }));
      return body;
    }
  })();
  await stage.found();
  await stage.appointPeople();
  await stage.money();
  finance = stage.leads.finance;
});

const account = (code, who = finance) => stage.do(200, who, 'getAccount', { values: { accountCode: code } });
const post = (wanted, body) => stage.do(wanted, finance, 'postTransaction', { body });
const posting = (mandateId, from, to, pence, changes = {}) => ({ mandateId, description: 'A posting', effectiveOn: today(),
  entries: [{ accountCode: from, amount: gbp(-pence) }, { accountCode: to, amount: gbp(pence) }], ...changes });
const faults = (problem) => problem.errors.map((fault) => `${fault.pointer} ${fault.code}`);
// A month that many lie behind, so that tests which lock months do not lock this one.
const monthAt = (index) => monthOf(`${2016 + Math.floor((index + 3) / 12)}-${String(((index + 3) % 12) + 1).padStart(2, '0')}-15`);

async function draft(changes) {
  return (await stage.do(201, finance, 'draftMandate', { body: stage.mandateBody(changes) })).id;
}

async function move(wanted, month, state, who = finance, where = stage) {
  const options = where.at({ values: { month } });
  const { version } = (await expect(200, who, 'getPeriod', options)).body;
  return expect(wanted, who, 'movePeriodOn', { ...options, match: `"${version}"`, body: { state } });
}

// --- accounts ----------------------------------------------------------------------------------------------

test('the agreement and the roster open the accounts', async () => {
  const { items } = await stage.do(200, stage.reps.ZZ2, 'listAccounts', {});
  const codes = items.map((one) => one.code);
  for (const code of ['pool:planned', 'reserve:cost-risk', 'ring-fence:elective', 'partner:ZZ4:owed', 'partner:ZZ1:position']) {
    assert.ok(codes.includes(code), code);
  }
  assert.deepEqual(codes, [...codes].sort());
  const reserve = items.find((one) => one.code === 'reserve:cost-risk');
  assert.deepEqual([reserve.floor, reserve.ceiling], [gbp(0), gbp(500000000)]);
  const own = await stage.do(200, finance, 'listAccounts', { query: { organisation: 'ZZ1', type: 'owed', state: 'open' } });
  assert.deepEqual(own.items.map((one) => one.code), ['partner:ZZ1:owed']);
});

test('accounts come page by page, and as CSV', async () => {
  const all = (await stage.do(200, finance, 'listAccounts', {})).items.map((one) => one.code);
  const seen = [];
  let cursor;
  do {
    const page = await stage.do(200, finance, 'listAccounts', { query: { limit: '3', cursor } });
    assert.ok(page.items.length <= 3);
    seen.push(...page.items.map((one) => one.code));
    cursor = page.nextCursor;
  } while (cursor);
  assert.deepEqual(seen, all);
  const csv = await expect(200, finance, 'listAccounts', stage.at({ accept: 'text/csv' }));
  assert.equal(csv.text.trim().split(/\r?\n/).length, all.length + 1);
});

test('limits fit the balance, and those of a ring-fence are the agreement\'s', async () => {
  const at = (code) => ({ values: { accountCode: code } });
  const limit = async (wanted, code, body) => {
    const { version } = await account(code);
    return stage.do(wanted, finance, 'limitAccount', { ...at(code), match: `"${version}"`, body });
  };
  await limit('rule-broken', 'ring-fence:elective', { floor: gbp(-1) });
  await limit('rule-broken', 'partner:ZZ2:owed', { floor: gbp(10), ceiling: gbp(9) });
  await limit('limit-exceeded', 'partner:ZZ2:owed', { floor: gbp(1) });
  await limit('limit-exceeded', 'partner:ZZ2:owed', { ceiling: gbp(-1) });
  const limited = await limit(200, 'partner:ZZ2:owed', { floor: gbp(-500), ceiling: gbp(500) });
  assert.deepEqual([limited.floor, limited.ceiling], [gbp(-500), gbp(500)]);
  const cleared = await limit(200, 'partner:ZZ2:owed', { floor: null });
  assert.equal(cleared.floor, undefined);
  assert.deepEqual(cleared.ceiling, gbp(500));
  await stage.do('stale-version', finance, 'limitAccount', { ...at('partner:ZZ2:owed'), match: '"1"', body: { ceiling: null } });
});

test('only an empty account closes, for good', async () => {
  const at = { values: { accountCode: 'partner:ZZ4:owed' }, body: { reason: 'Nothing is owed.' } };
  await stage.do('state-conflict', finance, 'closeAccount', { ...at, values: { accountCode: 'pool:planned' } });
  await stage.do('personal-data', finance, 'closeAccount', { ...at, body: { reason: patient } });
  const closed = await stage.do(200, finance, 'closeAccount', at);
  assert.deepEqual([closed.state, closed.closedBecause], ['closed', 'Nothing is owed.']);
  await stage.do('state-conflict', finance, 'closeAccount', at);
  await stage.do('state-conflict', finance, 'limitAccount', { values: at.values, match: `"${closed.version}"`, body: { floor: gbp(0) } });
  await stage.do('rule-broken', finance, 'draftMandate', { body: stage.mandateBody({ creditAccounts: ['partner:ZZ4:owed'] }) });
});

// --- mandates ----------------------------------------------------------------------------------------------

test('a draft is revised and withdrawn, and lets nothing move', async () => {
  const mandateId = await draft({ limit: gbp(1000) });
  const at = { values: { mandateId } };
  await post('state-conflict', posting(mandateId, 'pool:planned', 'ring-fence:elective', 1));
  const revise = (wanted, body, version = 1) => stage.do(wanted, finance, 'reviseMandate', { ...at, match: `"${version}"`, body });
  await revise('unknown-reference', { debitAccounts: ['pool:nowhere'] });
  await revise('rule-broken', { endsOn: today(-31) });
  await revise('rule-broken', { creditAccounts: ['pool:planned'] });
  await revise('personal-data', { title: patient });
  const revised = await revise(200, { limit: gbp(2000) });
  assert.deepEqual([revised.limit, revised.version, revised.title], [gbp(2000), 2, 'Ring-fence the surplus']);
  await stage.do('personal-data', finance, 'withdrawMandate', { ...at, body: { reason: patient } });
  const withdrawn = await stage.do(200, finance, 'withdrawMandate', { ...at, body: { reason: 'Restated.' } });
  assert.equal(withdrawn.state, 'withdrawn');
  await stage.do('state-conflict', finance, 'withdrawMandate', { ...at, body: { reason: 'Again.' } });
  await revise('state-conflict', { limit: gbp(1) }, 3);
  await post('mandate-exceeded', posting(mandateId, 'pool:planned', 'ring-fence:elective', 1));
});

test('a mandate names accounts that exist, on one side each', async () => {
  const refused = await stage.do('unknown-reference', finance, 'draftMandate', {
    body: stage.mandateBody({ debitAccounts: ['pool:planned', 'pool:nowhere'], creditAccounts: ['pool:planned', 'partner:ZZ9:owed'] }) });
  assert.deepEqual(faults(refused), ['/debitAccounts/1 unknown-account', '/creditAccounts/1 unknown-account', '/creditAccounts/0 both-sides']);
  await stage.do('personal-data', finance, 'draftMandate', { body: stage.mandateBody({ title: patient }) });
  await stage.do('role-missing', stage.reps.ZZ1, 'draftMandate', { body: stage.mandateBody() });
});

test('a mandate in a vote stands still, and is a draft again when the vote ends without effect', async () => {
  const mandateId = await draft();
  const at = { values: { mandateId } };
  stage.share();
  const decision = await stage.open(`ledger/mandates/${mandateId}`, 'grant', finance);
  assert.deepEqual([decision.kind, decision.rule], ['move-money', 'unanimous']);
  stage.share();
  await stage.do('subject-frozen', finance, 'reviseMandate', { ...at, match: '"1"', body: { limit: gbp(1) } });
  await stage.do('subject-frozen', finance, 'withdrawMandate', { ...at, body: { reason: 'No.' } });
  for (const [organisation, choice] of [['ZZ1', 'agree'], ['ZZ2', 'disagree'], ['ZZ3', 'agree'], ['ZZ4', 'agree']]) {
    await stage.vote(decision.id, organisation, choice === 'agree' ? { choice } : { choice, reason: 'Too early.' });
  }
  await stage.see(finance, 'getDecision', (body) => body.state === 'rejected', { values: { decisionId: decision.id } });
  stage.share();
  const revised = await stage.do(200, finance, 'reviseMandate', { ...at, match: '"1"', body: { limit: gbp(1) } });
  assert.equal(revised.state, 'draft');
});

// --- transactions -------------------------------------------------------------------------------------------

test('a posting moves balances, is listed everywhere, and adds up to zero', async () => {
  const before_ = await account('ring-fence:elective');
  const made = await post(201, stage.transactionBody(12345));
  assert.deepEqual([made.kind, made.amount, made.month, made.entryCount], ['posting', gbp(12345), monthOf(today()), 2]);
  const after = await account('ring-fence:elective');
  assert.equal(after.balance.amount, before_.balance.amount + 12345);
  assert.equal(after.entryCount, before_.entryCount + 1);
  assert.notEqual(after.version, before_.version);
  const read = await stage.do(200, stage.reps.ZZ3, 'getTransaction', { values: { transactionId: made.id } });
  assert.deepEqual(read, made);
  assert.deepEqual(read.entries[1], { accountCode: 'ring-fence:elective', number: after.entryCount, amount: gbp(12345), balance: after.balance });

  const entries = await stage.do(200, finance, 'listEntries', { query: { from: today(), to: today(1), limit: '1000' } });
  const last = entries.items.at(-1);
  assert.deepEqual([last.transactionId, last.balance, last.number], [made.id, after.balance, after.entryCount]);
  assert.deepEqual(entries.items.map((one) => one.number), entries.items.map((_, i) => i + 1));
  const listed = await stage.do(200, finance, 'listTransactions', {
    query: { mandateId: stage.values.mandateId, kind: 'posting', month: made.month, accountCode: 'pool:planned', limit: '1000' } });
  assert.ok(listed.items.some((one) => one.id === made.id));
  const other = await stage.do(200, finance, 'listTransactions', { query: { accountCode: 'partner:ZZ2:owed' } });
  assert.deepEqual(other.items, []);

  const trial = await stage.do(200, stage.reps.ZZ4, 'getTrialBalance', {});
  assert.deepEqual(trial.total, gbp(0));
  assert.deepEqual(trial.accounts.find((one) => one.code === 'ring-fence:elective').balance, after.balance);
  const statement = await stage.do(200, finance, 'getStatement', { query: { from: today(-400), to: today(1) } });
  assert.deepEqual(statement.closing, after.balance);
  assert.equal(statement.opening.amount + statement.in.amount - statement.out.amount, statement.closing.amount);
  await stage.do('rule-broken', finance, 'getStatement', { query: { from: today(), to: today() } });
  const csv = await expect(200, finance, 'getTrialBalance', stage.at({ accept: 'text/csv' }));
  assert.match(csv.text, /^code,/);
});

test('both days are kept: what counted then, what was known then', async () => {
  const mandateId = await stage.mandate({ creditAccounts: ['partner:ZZ2:position'], startsOn: '2016-04-01' });
  const early = await post(201, posting(mandateId, 'pool:planned', 'partner:ZZ2:position', 100));
  await until(async () => new Date().toISOString() > early.recordedAt, 'the next millisecond');
  const late = await post(201, posting(mandateId, 'pool:planned', 'partner:ZZ2:position', 10, { effectiveOn: '2020-05-15' }));
  const at = async (query) => (await stage.do(200, finance, 'getTrialBalance', { query })).accounts
    .find((one) => one.code === 'partner:ZZ2:position').balance.amount;
  assert.equal(await at({}), 110);
  assert.equal(await at({ effectiveOn: '2020-05-15' }), 10);
  assert.equal(await at({ effectiveOn: '2020-05-14' }), 0);
  assert.equal(await at({ recordedAt: early.recordedAt }), 100);
  assert.equal(await at({ effectiveOn: '2020-05-15', recordedAt: early.recordedAt }), 0);
  assert.ok(late.recordedAt > early.recordedAt);
  const statement = await stage.do(200, finance, 'getStatement', {
    values: { accountCode: 'partner:ZZ2:position' }, query: { from: '2020-04-01', to: '2021-04-01' } });
  assert.deepEqual(statement.months.map((one) => [one.month, one.in.amount, one.balance.amount]), [['2020-21-M02', 10, 10]]);
});

test('every fault of a posting is told at once, with its place', async () => {
  const { mandateId } = stage.values;
  const body = { mandateId, description: 'Wrong', effectiveOn: today(), entries: [
    { accountCode: 'pool:planned', amount: gbp(-5) }, { accountCode: 'pool:nowhere', amount: gbp(0) },
    { accountCode: 'pool:planned', amount: gbp(6) }] };
  const problem = await post('rule-broken', body);
  assert.deepEqual(faults(problem), ['/entries/1/amount zero-amount', '/entries/2/accountCode self-transfer', '/entries sum',
    '/entries/1/accountCode unknown-account']);
  await post('not-balanced', { ...body, entries: [{ accountCode: 'pool:planned', amount: gbp(-5) }, { accountCode: 'ring-fence:elective', amount: gbp(6) }] });
  await post('unknown-reference', posting(randomUUID(), 'pool:planned', 'ring-fence:elective', 1));
  await post('unknown-reference', posting(mandateId, 'pool:planned', 'pool:nowhere', 1));
  await post('personal-data', posting(mandateId, 'pool:planned', 'ring-fence:elective', 1, { description: patient }));
  await post('rule-broken', posting(mandateId, 'pool:planned', 'ring-fence:elective', 1, { effectiveOn: '2033-04-01' }));
  const beyond = await post('mandate-exceeded', posting(mandateId, 'ring-fence:elective', 'pool:planned', 1, { effectiveOn: today(-31) }));
  assert.deepEqual(faults(beyond), ['/effectiveOn mandate-days', '/entries/0/accountCode mandate-account', '/entries/1/accountCode mandate-account']);
});

test('a mandate is used up to the penny, by however many at once', async () => {
  const mandateId = await stage.mandate({ creditAccounts: ['partner:ZZ1:position'], limit: gbp(2500) });
  const before_ = await account('partner:ZZ1:position');
  const answers = await Promise.all(Array.from({ length: 40 }, () =>
    ask(finance, 'postTransaction', stage.at({ body: posting(mandateId, 'pool:planned', 'partner:ZZ1:position', 100) }))));
  assert.equal(answers.filter((answer) => answer.status === 201).length, 25);
  assert.equal(answers.filter((answer) => answer.slug === 'mandate-exceeded').length, 15);
  const after = await account('partner:ZZ1:position');
  assert.equal(after.balance.amount - before_.balance.amount, 2500);
  assert.equal(after.entryCount - before_.entryCount, 25);
  const mandate = await stage.do(200, finance, 'getMandate', { values: { mandateId } });
  assert.deepEqual(mandate.used, mandate.limit);
});

test('a repeated posting happens once', async () => {
  const key = randomUUID();
  const before_ = await account('ring-fence:elective');
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await expect(201, finance, 'postTransaction', stage.at({ body: stage.transactionBody(7), key })));
  assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
  assert.equal(answers[2].headers['idempotent-replayed'], 'true');
  assert.equal((await account('ring-fence:elective')).balance.amount, before_.balance.amount + 7);
});

test('money that is held is not to be moved, and a floor holds', async () => {
  const mandateId = await stage.mandate({ debitAccounts: ['ring-fence:elective'], creditAccounts: ['pool:planned', 'partner:ZZ3:position'] });
  const fence = await account('ring-fence:elective');
  const held = await stage.do(201, finance, 'placeHold', {
    body: { mandateId, accountCode: 'ring-fence:elective', beneficiary: 'ZZ3', amount: gbp(fence.available.amount - 10), title: 'Nearly all' } });
  await post('limit-exceeded', posting(mandateId, 'ring-fence:elective', 'pool:planned', 11));
  await post(201, posting(mandateId, 'ring-fence:elective', 'pool:planned', 10));
  await stage.do('insufficient-funds', finance, 'placeHold', {
    body: { mandateId, accountCode: 'ring-fence:elective', beneficiary: 'ZZ3', amount: gbp(1), title: 'One more' } });
  const bulk = { mandateId, transactions: [(({ mandateId: _, ...one }) => one)(posting(mandateId, 'ring-fence:elective', 'pool:planned', 1))] };
  await stage.do('limit-exceeded', finance, 'postBulk', { body: bulk });
  await stage.do(200, finance, 'releaseHold', { values: { holdId: held.id }, body: { reason: 'Not needed.' } });
  await stage.do('hold-resolved', finance, 'releaseHold', { values: { holdId: held.id }, body: { reason: 'Again.' } });
  await stage.do('personal-data', finance, 'releaseHold', { values: { holdId: held.id }, body: { reason: patient } });
  await post(201, stage.transactionBody(10)); // back again
});

// --- reversals ------------------------------------------------------------------------------------------------

test('a posting is reversed once, and its mandate is whole again', async () => {
  const mandateId = await stage.mandate({ limit: gbp(1000) });
  const before_ = await account('ring-fence:elective');
  const original = await post(201, posting(mandateId, 'pool:planned', 'ring-fence:elective', 1000));
  const at = { values: { transactionId: original.id }, body: { reason: 'The wrong fence.' } };
  await stage.do('personal-data', finance, 'reverseTransaction', { ...at, body: { reason: patient } });
  const reversal = await stage.do(201, finance, 'reverseTransaction', at);
  assert.deepEqual([reversal.kind, reversal.reverses, reversal.description, reversal.mandateId],
    ['reversal', original.id, 'The wrong fence.', mandateId]);
  assert.deepEqual(reversal.entries.map((entry) => entry.amount.amount), [1000, -1000]);
  assert.equal((await account('ring-fence:elective')).balance.amount, before_.balance.amount);
  const read = await stage.do(200, finance, 'getTransaction', { values: { transactionId: original.id } });
  assert.equal(read.reversedBy, reversal.id);
  await stage.do('already-reversed', finance, 'reverseTransaction', at);
  await stage.do('rule-broken', finance, 'reverseTransaction', { ...at, values: { transactionId: reversal.id } });
  await stage.do('not-found', finance, 'reverseTransaction', { ...at, values: { transactionId: randomUUID() } });
  await post(201, posting(mandateId, 'pool:planned', 'ring-fence:elective', 1000));
});

test('a reversal cannot take what is held', async () => {
  const fill = await stage.mandate({ creditAccounts: ['ring-fence:elective'] });
  const spend = await stage.mandate({ debitAccounts: ['ring-fence:elective'], creditAccounts: ['partner:ZZ3:position'] });
  const original = await post(201, posting(fill, 'pool:planned', 'ring-fence:elective', 5000));
  const { available } = await account('ring-fence:elective');
  const hold = await stage.do(201, finance, 'placeHold', {
    body: { mandateId: spend, accountCode: 'ring-fence:elective', beneficiary: 'ZZ3', amount: available, title: 'All of it' } });
  await stage.do('limit-exceeded', finance, 'reverseTransaction', { values: { transactionId: original.id }, body: { reason: 'Wrong.' } });
  await stage.do(200, finance, 'releaseHold', { values: { holdId: hold.id }, body: { reason: 'Not needed.' } });
});

// --- bulks ----------------------------------------------------------------------------------------------------

const bulkOf = (count, mandateId, changes = {}) => ({ mandateId, ...changes, transactions: Array.from({ length: count }, (_, i) =>
  (({ mandateId: _mandate, ...one }) => one)(posting(mandateId, 'pool:planned', 'ring-fence:elective', i + 1, { description: `Line ${i}` }))) });

test('ten thousand postings are one request', async () => {
  const before_ = await account('ring-fence:elective');
  const bulk = await stage.do(201, finance, 'postBulk', { body: bulkOf(10000, stage.values.mandateId) });
  assert.deepEqual([bulk.transactionCount, bulk.amount], [10000, gbp(50005000)]);
  const after = await account('ring-fence:elective');
  assert.equal(after.balance.amount - before_.balance.amount, 50005000);
  assert.equal(after.entryCount - before_.entryCount, 10000);
  assert.deepEqual(await stage.do(200, finance, 'getBulk', { values: { bulkId: bulk.id } }), bulk);
  const page = await stage.do(200, finance, 'listTransactions', { query: { bulkId: bulk.id, limit: '1000' } });
  assert.equal(page.items.length, 1000);
  assert.ok(page.items.every((one) => one.bulkId === bulk.id));
  assert.deepEqual((await stage.do(200, finance, 'getTrialBalance', {})).total, gbp(0));
  const traced = await stage.do(200, finance, 'traceTransaction', { values: { transactionId: page.items[7].id } });
  assert.ok(traced.events.some((event) => event.type === 'ledger.bulk.posted.v1'));
  // Who follows the ledger has a few hundred events to take before it answers about what comes next.
  await stage.see(finance, 'getAlliance', () => true);
  await stage.see(finance, 'listRingFences', () => true);
});

test('who reads the journal page by page can tell when a bulk is whole', async () => {
  const { head } = await stage.do(200, finance, 'listLedgerJournal', { query: { limit: '1' }, accept: 'application/json' });
  const made = await stage.do(201, finance, 'postBulk', { body: bulkOf(100, stage.values.mandateId) });
  let wanted, pages = 0;
  for await (const events of journalPages(stage, finance, 'listLedgerJournal', head, 1)) {
    for (const { subject, data } of events) {
      assert.equal(subject, `ledger/bulks/${made.id}`);
      wanted = (data.bulk?.transactionCount ?? wanted) - data.transaction.length;
      assert.equal(Boolean(data.bulk), pages === 0);
    }
    if (pages++ === 0) assert.ok(wanted > 0, 'the first page has all of it');
  }
  assert.ok(pages > 2, `${pages} pages`);
  assert.equal(wanted, 0);
});

test('one bad posting spoils the bulk, and each is named', async () => {
  const { mandateId } = stage.values;
  const before_ = await account('ring-fence:elective');
  const body = bulkOf(50, mandateId);
  body.transactions[7].entries[1].accountCode = 'pool:nowhere';
  body.transactions[31].entries[0].amount.amount = -1;
  const problem = await stage.do('unknown-reference', finance, 'postBulk', { body });
  assert.deepEqual(faults(problem), ['/transactions/7/entries/1/accountCode unknown-account', '/transactions/31/entries sum']);
  assert.deepEqual(await account('ring-fence:elective'), before_);
});

test('a bulk obeys what a posting obeys', async () => {
  const mandateId = await stage.mandate({ limit: gbp(10), startsOn: '2016-04-01' });
  const bulk = (wanted, body) => stage.do(wanted, finance, 'postBulk', { body });
  const exceeded = await bulk('mandate-exceeded', bulkOf(5, mandateId)); // 1 + 2 + 3 + 4 fit, 5 does not
  assert.deepEqual(faults(exceeded), ['/transactions/4/entries mandate-limit']);
  const unbalanced = bulkOf(1, mandateId);
  unbalanced.transactions[0].entries[0].amount.amount = -2;
  await bulk('not-balanced', unbalanced);
  const zero = bulkOf(1, mandateId);
  zero.transactions[0].entries.forEach((entry) => { entry.amount.amount = 0; });
  await bulk('rule-broken', zero);
  const named = bulkOf(1, mandateId);
  named.transactions[0].description = patient;
  assert.deepEqual(faults(await bulk('personal-data', named)), ['/transactions/0/description nhs-number']);
  await bulk('unknown-reference', bulkOf(1, randomUUID()));
  await bulk('state-conflict', bulkOf(1, await draft()));
  const late = bulkOf(1, mandateId);
  late.transactions[0].effectiveOn = '2016-04-30';
  await move(200, '2016-17-M01', 'locked');
  await bulk('period-closed', late);
  assert.equal((await bulk(201, { ...late, late: 'next-open' })).transactionCount, 1);
  await bulk(201, bulkOf(3, mandateId)); // 1 + 1 + 2 + 3 = 7
  await bulk('mandate-exceeded', bulkOf(3, mandateId));
});

// --- holds ----------------------------------------------------------------------------------------------------

test('a hold is captured in parts, and resolved once', async () => {
  const mandateId = await stage.mandate({ limit: gbp(1000) });
  const hold = await stage.do(201, finance, 'placeHold', { body: stage.holdBody({ mandateId, amount: gbp(1000) }) });
  const at = { values: { holdId: hold.id } };
  const capture = (wanted, amount, changes) => stage.do(wanted, finance, 'captureHold', { ...at, body: { amount: gbp(amount), description: 'Stage', ...changes } });
  assert.deepEqual([hold.state, hold.remaining, hold.subject], ['open', gbp(1000), `ledger/mandates/${mandateId}`]);
  assert.equal((await account('pool:planned')).held.amount >= 1000, true);
  await post('mandate-exceeded', posting(mandateId, 'pool:planned', 'ring-fence:elective', 1)); // all of it is held
  const first = await capture(201, 300);
  assert.deepEqual([first.released, first.isFinal], [gbp(0), false]);
  await capture('insufficient-funds', 701);
  await capture('personal-data', 1, { description: patient });
  const position = await account('partner:ZZ3:position');
  const last = await capture(201, 200, { final: true });
  assert.deepEqual([last.released, last.isFinal], [gbp(500), true]);
  assert.equal((await account('partner:ZZ3:position')).balance.amount, position.balance.amount + 200);
  const resolved = await stage.do(200, finance, 'getHold', at);
  assert.deepEqual([resolved.state, resolved.captured, resolved.released, resolved.remaining], ['captured', gbp(500), gbp(500), gbp(0)]);
  await capture('hold-resolved', 1);
  assert.deepEqual((await stage.do(200, finance, 'listCaptures', at)).items.map((one) => one.id), [first.id, last.id]);
  const paid = await stage.do(200, finance, 'listTransactions', { query: { holdId: hold.id } });
  assert.deepEqual(paid.items.map((one) => one.kind), ['capture', 'capture']);
  await stage.do('rule-broken', finance, 'reverseTransaction', { values: { transactionId: first.transactionId }, body: { reason: 'No.' } });
  const mandate = await stage.do(200, finance, 'getMandate', { values: { mandateId } });
  assert.deepEqual(mandate.used, gbp(500)); // what was released is free again
});

test('a hold is placed only within its mandate and on what there is', async () => {
  const { mandateId } = stage.values;
  const place = (wanted, changes) => stage.do(wanted, finance, 'placeHold', { body: stage.holdBody(changes) });
  const beyond = await place('mandate-exceeded', { accountCode: 'reserve:cost-risk', beneficiary: 'ZZ1' });
  assert.deepEqual(faults(beyond), ['/accountCode mandate-account', '/beneficiary mandate-account']);
  await place('unknown-reference', { beneficiary: 'ZZ9' });
  await place('unknown-reference', { mandateId: randomUUID() });
  await place('rule-broken', { expiresAt: '2020-01-01T00:00:00.000Z' });
  await place('personal-data', { title: patient });
  await place('state-conflict', { mandateId: await draft() });
  const mine = await stage.do(200, finance, 'listHolds', { query: { state: 'open', accountCode: 'pool:planned', beneficiary: 'ZZ3' } });
  assert.ok(mine.items.length > 0 && mine.items.every((one) => one.mandateId !== undefined));
  assert.ok(mandateId);
});

test('a hold expires by itself', async () => {
  const mandateId = await stage.mandate({ limit: gbp(100) });
  const expiresAt = inSeconds(1);
  const hold = await stage.do(201, finance, 'placeHold', { body: stage.holdBody({ mandateId, amount: gbp(100), expiresAt }) });
  const expired = await stage.see(finance, 'getHold', (body) => body.state !== 'open', { values: { holdId: hold.id } });
  assert.deepEqual([expired.state, expired.resolvedAt, expired.released], ['expired', expiresAt, gbp(100)]);
  await stage.do('hold-resolved', finance, 'captureHold', { values: { holdId: hold.id }, body: { amount: gbp(1), description: 'Late' } });
  await post(201, posting(mandateId, 'pool:planned', 'ring-fence:elective', 100));
});

test('a capture obeys the beneficiary\'s ceiling and the months', async () => {
  const mandateId = await stage.mandate({ creditAccounts: ['partner:ZZ4:position'], limit: gbp(100) });
  const hold = await stage.do(201, finance, 'placeHold', { body: stage.holdBody({ mandateId, beneficiary: 'ZZ4', amount: gbp(100) }) });
  const position = await account('partner:ZZ4:position');
  await stage.do(200, finance, 'limitAccount', { values: { accountCode: 'partner:ZZ4:position' }, match: `"${position.version}"`, body: { ceiling: gbp(50) } });
  const capture = (wanted, amount, changes) => stage.do(wanted, finance, 'captureHold', {
    values: { holdId: hold.id }, body: { amount: gbp(amount), description: 'Stage', ...changes } });
  await capture('limit-exceeded', 51);
  await until(async () => (await move0('2016-17-M01')) !== 'open', 'month 1 of 2016-17 is locked');
  await capture('period-closed', 50, { effectiveOn: '2016-04-15' });
  const made = await capture(201, 50, { effectiveOn: '2016-04-15', late: 'next-open' });
  const paid = await stage.do(200, finance, 'getTransaction', { values: { transactionId: made.transactionId } });
  assert.equal(paid.requestedOn, '2016-04-15');
});

// Locks the month if it is open; its state.
async function move0(month) {
  const { state } = await stage.do(200, finance, 'getPeriod', { values: { month } });
  return state === 'open' ? (await move(200, month, 'locked')).body.state : state;
}

test('a business case\'s hold is nobody\'s to capture or release, and one call traces the captured pound', async () => {
  await stage.caseAndDrawdown();
  const { holdId } = await stage.do(200, finance, 'getCase', {});
  const at = { values: { holdId } };
  await stage.do('rule-broken', finance, 'captureHold', { ...at, body: { amount: gbp(1), description: 'No.' } });
  await stage.do('rule-broken', finance, 'releaseHold', { ...at, body: { reason: 'No.' } });
  const before_ = await account('partner:ZZ3:position');
  await stage.do(200, stage.reps.ZZ1, 'verifyDrawdown', { body: { outcome: 'verified' } });
  const hold = await stage.see(finance, 'getHold', (body) => body.captured.amount > 0, at);
  assert.deepEqual([hold.captured, hold.remaining], [gbp(10000000), gbp(15000000)]);
  assert.equal((await account('partner:ZZ3:position')).balance.amount, before_.balance.amount + 10000000);
  const positions = await stage.do(200, stage.reps.ZZ2, 'listPositions', {});
  assert.ok(positions.items.find((one) => one.organisation === 'ZZ3').heldFor.amount >= 15000000);
  const [capture] = (await stage.do(200, finance, 'listCaptures', at)).items;
  assert.equal(capture.drawdownId, stage.values.drawdownId);
  const traced = await stage.do(200, stage.reps.ZZ4, 'traceTransaction', { values: { transactionId: capture.transactionId } });
  const kinds = new Set(traced.events.map((event) => event.type));
  for (const type of ['ledger.hold.captured.v1', 'ledger.hold.placed.v1', 'reinvestment.drawdown.verified.v1', 'reinvestment.drawdown.requested.v1',
    'reinvestment.case.proposed.v1', 'membership.decision.opened.v1', 'membership.decision.carried.v1']) {
    assert.ok(kinds.has(type), `${type} is not among ${[...kinds]}`);
  }
  const votes = traced.events.filter((event) => event.type === 'membership.vote.cast.v1' && event.subject === `decisions/${hold.decisionId}`);
  assert.deepEqual(votes.map((vote) => vote.organisation).sort(), ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4']);
  assert.equal(traced.incomplete, undefined);
});

// --- months ---------------------------------------------------------------------------------------------------

test('months lock and close in order, over no open hold of their own, and the latest is reopened by decision', async () => {
  const mandateId = await stage.mandate({ startsOn: '2016-04-01' });
  const [first, second, third] = [0, 1, 2].map(monthAt);
  assert.deepEqual([first, second, third], ['2016-17-M01', '2016-17-M02', '2016-17-M03']);
  await move0(first);
  await move('period-order', third, 'locked');
  await move('period-order', third, 'closed');
  const hold = await stage.do(201, finance, 'placeHold', { body: stage.holdBody({ mandateId, month: first }) });
  await move('state-conflict', first, 'closed');
  await stage.do(200, finance, 'releaseHold', { values: { holdId: hold.id }, body: { reason: 'Done.' } });
  const closed = await move(200, first, 'closed');
  assert.equal(closed.body.state, 'closed');
  await stage.do('state-conflict', finance, 'placeHold', { body: stage.holdBody({ mandateId, month: first }) });
  const body = posting(mandateId, 'pool:planned', 'ring-fence:elective', 1, { effectiveOn: '2016-04-30' });
  const refused = await post('period-closed', body);
  assert.deepEqual(faults(refused), ['/effectiveOn period-closed']);
  const late = await post(201, { ...body, late: 'next-open' });
  assert.deepEqual([late.effectiveOn, late.requestedOn, late.month], ['2016-05-01', '2016-04-30', second]);

  await move(200, second, 'locked');
  await move(200, second, 'closed');
  stage.share();
  await stage.do('state-conflict', stage.director, 'openDecision', { body: {
    subject: `ledger/periods/${first}`, effect: 'reopen', question: 'Reopen?', rationale: 'An invoice.', deadlineAt: inSeconds(600) } });
  const decision = await stage.open(`ledger/periods/${second}`, 'reopen');
  assert.equal(decision.kind, 'move-money');
  stage.share();
  await move('subject-frozen', second, 'locked');
  await stage.voteAll(decision.id);
  const reopened = await stage.see(finance, 'getPeriod', (one) => one.state === 'open', { values: { month: second } });
  assert.equal(reopened.reopenedBy, decision.id);
  assert.equal((await post(201, { ...body, late: 'next-open' })).effectiveOn, '2016-05-01');

  const year = await stage.do(200, finance, 'listPeriods', { query: { year: '2016-17', state: 'closed' } });
  assert.deepEqual(year.items.map((one) => one.month), [first]);
});

test('a reversal goes to the next open month, and nowhere when there is none', async () => {
  const short = new (class extends Stage {
    foundingBody(name) {
      const body = super.foundingBody(name);
      body.startsOn = body.agreement.startsOn = `${today(-31).slice(0, 8)}01`;
      body.endsOn = today(31);
      return body;
    }
  })();
  await short.found();
  await short.appointPeople();
  short.values.mandateId = await short.mandate();
  const who = short.leads.finance;
  const make = () => short.do(201, who, 'postTransaction', { body: short.transactionBody(1) });
  const [one, other] = [await make(), await make()];
  const { items } = await short.do(200, who, 'listPeriods', {});
  for (const { month } of items.filter((period) => period.month <= one.month)) await move(200, month, 'locked', who, short);
  const reversal = await short.do(201, who, 'reverseTransaction', { values: { transactionId: one.id }, body: { reason: 'Wrong.' } });
  assert.ok(reversal.month > one.month);
  assert.equal(reversal.requestedOn, one.effectiveOn);
  for (const { month } of items.filter((period) => period.month > one.month)) await move(200, month, 'locked', who, short);
  await short.do('period-closed', who, 'reverseTransaction', { values: { transactionId: other.id }, body: { reason: 'Wrong.' } });
});
