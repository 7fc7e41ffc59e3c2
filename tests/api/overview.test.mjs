// The alliance on one page: what is on it, what is never on it.
import { before } from 'node:test';
import assert from 'node:assert/strict';
import { test, expect, until } from './harness.mjs';
import { Stage, gbp } from './stage.mjs';

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
  assert.ok(page.indicators.length > 0);
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
  assert.match(text, /\.n,time\{white-space:nowrap\}/);
  assert.match(text, /@page\{size:A4/);
});
