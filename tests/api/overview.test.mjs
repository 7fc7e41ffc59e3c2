// The alliance on one page: what is on it, what is never on it.
import { before } from 'node:test';
import assert from 'node:assert/strict';
import { test, expect, until } from './harness.mjs';
import { Stage, gbp, today } from './stage.mjs';
import { agreed, month, receive } from './measures.mjs';

let stage;
before(async () => { stage = await Stage.set(); });
// Whole: whoever is slow is asked again.
const overview = (who = stage.director) => stage.see(who, 'getOverview', (body) => !body.incomplete);
const html = () => until(async () => {
  const answer = await expect(200, stage.director, 'getOverview', stage.at({ accept: 'text/html' }));
  return !answer.text.includes('class="missing"') && answer;
}, 'the page is whole');

test('overview: each service tells its own part, and the figures are those of the resources', async () => {
  const page = await overview();
  assert.equal(page.alliance.status, 'active');
  assert.equal(page.alliance.agreementVersion, 1);
  assert.ok(page.decisions.items.some(({ id, eligible, voted }) => id === stage.values.decisionId && eligible === 4 && voted === 1));
  const { items: positions } = await stage.do(200, stage.director, 'listPositions');
  assert.deepEqual(page.money.partners, positions.map(({ organisation, name, position, owed }) => ({ organisation, name, position, owed })));
  const account = await stage.do(200, stage.director, 'getAccount', { values: { accountCode: 'ring-fence:elective' } });
  assert.deepEqual(page.money.funds.find(({ code }) => code === account.code),
    { code: account.code, balance: account.balance, held: account.held, available: account.available });
  const { items: cases } = await stage.do(200, stage.director, 'listCases', { query: { state: 'in-delivery' } });
  const total = (amounts) => gbp(amounts.reduce((sum, { amount }) => sum + amount, 0));
  const inDelivery = page.cases.find(({ state }) => state === 'in-delivery');
  assert.equal(inDelivery.count, cases.length);
  assert.deepEqual(inDelivery.award, total(cases.map(({ award }) => award)));
  assert.ok(page.indicators.items.length > 0);
});

// What the page says of an indicator.
const shown = ({ indicators }, code) => indicators.items.filter((one) => one.code === code)
  .map(({ organisation, unit, latestMonth, value, received, expected }) => [organisation, unit, latestMonth, value, received, expected]);

test('overview: a figure says of how many organisations it is, and every unit is there', async () => {
  const share = await agreed(stage, {});
  await receive(stage, share, { ZZ1: [[90, 100], [80, 100]], ZZ3: [[10, 300]] });
  const [counts, days, silent] = [await agreed(stage, { unit: 'count' }), await agreed(stage, { unit: 'days' }), await agreed(stage, { unit: 'days' })];
  await receive(stage, counts, { ZZ1: [1200, 7], ZZ3: [34] });
  await receive(stage, days, { ZZ1: [5, 6], ZZ3: [7] });
  const money = await agreed(stage, { unit: 'money' });
  await receive(stage, money, { ZZ1: [-123456] });
  await stage.do(201, stage.leads.quality, 'setTarget', { values: { indicatorCode: days },
    body: { fromMonth: month(0), value: '6', source: 'local', reason: 'Agreed between us.' } });
  stage.share();
  const page = await overview();
  assert.deepEqual(shown(page, share), [[undefined, 'percentage', month(1), '80.000', 1, 2]]);
  assert.deepEqual(shown(page, counts), [[undefined, 'count', month(0), '1234', 2, 2]]);
  assert.deepEqual(shown(page, days), [['ZZ1', 'days', month(1), '6', 1, 1], ['ZZ3', 'days', month(0), '7', 1, 1]]);
  assert.deepEqual(shown(page, silent), [[undefined, 'days', undefined, undefined, undefined, undefined]]);
  assert.deepEqual(shown(page, money), [[undefined, 'money', month(0), '-123456', 1, 1]]);
  assert.equal(page.indicators.total, page.indicators.items.length);
  const { text } = await html();
  for (const row of [
    /<time datetime="2024-05">May 2024<\/time><\/td><td>1 of 2<\/td><td class="n">80\.000%<\/td>/,
    /<time datetime="2024-04">April 2024<\/time><\/td><td>2 of 2<\/td><td class="n">1234<\/td>/,
    /<td>ZZ1<\/td><td class="n">6 days<\/td><td class="n">6 days<\/td>/,
    /<td>1 of 1<\/td><td class="n">−£1,234\.56<\/td>/]) assert.match(text, row);
});

test('overview: signals of single organisations are there, those of the latest months first', async () => {
  const code = await agreed(stage, { unit: 'count', direction: 'down' });
  const name = (await stage.do(200, stage.leads.quality, 'getIndicator', { values: { indicatorCode: code } })).name;
  const steady = Array.from({ length: 13 }, (_, i) => 10 + (i % 2));
  await receive(stage, code, { ZZ1: [...steady, 99], ZZ3: [...steady, 10] });
  stage.share();
  const { signals } = await overview();
  assert.deepEqual(signals.items.map(({ id, ...rest }) => rest).find(({ indicator }) => indicator === code),
    { indicator: code, name, organisation: 'ZZ1', month: month(13), kind: 'outside-limits', value: '99', unit: 'count' });
  const { items: told } = await stage.do(200, stage.leads.quality, 'listSignals');
  assert.equal(signals.total, told.length);
  const months = signals.items.map((one) => one.month);
  assert.deepEqual(months, [...months].sort().reverse());
  const { text } = await html();
  assert.match(text, new RegExp(`<th scope="row">${name}</th><td>ZZ1</td><td><time datetime="2025-05">May 2025</time></td>`
    + '<td class="n">99</td><td>Outside the limits</td>'));
});

test('overview: what does not fit is counted', async () => {
  const { indicators: { items: { length: there } } } = await overview();
  const organisations = ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4'];
  const days = Math.ceil((51 - there) / organisations.length);
  for (let i = 0; i < days; i++)
    await receive(stage, await agreed(stage, { unit: 'days' }), Object.fromEntries(organisations.map((code) => [code, [i]])));
  stage.share();
  const { indicators } = await overview();
  assert.deepEqual([indicators.items.length, indicators.total], [50, there + days * organisations.length]);
  const { text } = await html();
  assert.ok(text.includes(`<p>Shown are 50 of ${indicators.total}.</p>`));
});

test('overview: a restricted risk is neither shown nor counted, not even to who may know of it', async () => {
  const before = await overview();
  const risk = await stage.do(201, stage.leads.quality, 'logRisk', {
    body: stage.riskBody({ likelihood: 5, consequence: 5, restrictedTo: ['ZZ3', 'ZZ2'] }) });
  for (const who of [stage.leads.quality, stage.reps.ZZ2, stage.director]) {
    who.remember(stage.leads.quality.after());
    const { risks } = await overview(who);
    assert.deepEqual(risks.bands, before.risks.bands);
    assert.ok(!risks.highest.some(({ id }) => id === risk.id));
  }
});

test('overview: as a page it is whole in itself, and says words as they are', async () => {
  const title = 'Beds & <script>alert("x")</script>';
  await stage.do(201, stage.leads.quality, 'logRisk', { body: stage.riskBody({ title, likelihood: 5, consequence: 5 }) });
  const page = await html();
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.headers['content-security-policy'], /style-src 'unsafe-inline'/);
  assert.ok(page.text.includes('Beds &amp; &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;'));
  assert.doesNotMatch(page.text, /<script|https?:|src=|href=/);
  for (const heading of ['Decisions due', 'Money', 'Reinvestment', 'Risks', 'Indicators']) assert.ok(page.text.includes(`<h2>${heading}</h2>`), heading);
  assert.match(page.text, /<html lang="en">/);
});

test('overview: as a page it says words, scrolls what is wide, and keeps a sign with its amount', async () => {
  const { text } = await html();
  for (const words of ['<th scope="row">Ring-fence: elective</th>', '<td>Admit</td>', '<th scope="row">In delivery</th>', '<td>Extreme</td>',
    '<th scope="col" class="n">Owes</th>']) assert.ok(text.includes(words), words);
  for (const code of ['ring-fence:', 'in-delivery', 'common-cause', 'hit-or-miss', '-M0']) assert.ok(!text.includes(code), code);
  const tables = text.match(/<table>/g).length;
  assert.equal(text.match(/<div class="wide" role="region" aria-label="[^"]+" tabindex="0"><table>/g).length, tables);
  assert.match(text, /\.wide\{overflow-x:auto/);
  assert.match(text, /\.n,time,td:last-child\{white-space:nowrap\}/);
  assert.match(text, /@page\{size:A4/);
});

test('overview: as a page it shows a debt as what is owed, and what is below zero with its sign', async () => {
  const mandateId = await stage.mandate({ title: 'What is left of a claw-back', debitAccounts: ['partner:ZZ2:owed'] });
  await stage.do(201, stage.leads.finance, 'postTransaction', { body: { mandateId, description: 'Owed', effectiveOn: today(), entries: [
    { accountCode: 'partner:ZZ2:owed', amount: gbp(-1234) }, { accountCode: 'ring-fence:elective', amount: gbp(1234) }] } });
  const { money } = await overview();
  assert.deepEqual(money.partners.find(({ organisation }) => organisation === 'ZZ2').owed, gbp(-1234));
  const { text } = await html();
  assert.match(text, /<td>ZZ2<\/td><td class="n">[^<]*<\/td><td class="n">£12\.34<\/td>/);
  assert.match(text, /<th scope="row">Pool: planned<\/th><td class="n">−£[0-9,]+\.[0-9]{2}<\/td>/);
});
