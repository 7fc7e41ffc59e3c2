// Charts as data: limits, signals, icons, gaps, re-bases, targets, small numbers.
import assert from 'node:assert/strict';
import { before } from 'node:test';
import { test, ask } from './harness.mjs';
import { Stage } from './stage.mjs';
import { agreed, indicator, month, receive } from './measures.mjs';

let stage, quality, reader;
const nhsNumber = '943 476 5919';
const eighteen = [1, 2, 1, 2, 10, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1];
const steady = (count, low = 40, high = 60) => Array.from({ length: count }, (_, i) => (i % 2 === 0 ? low : high));

before(async () => {
  stage = await Stage.set({ only: 'founded' });
  await stage.appointPeople();
  quality = stage.leads.quality;
  reader = stage.reps.ZZ2;
  await stage.see(quality, 'listIndicators', () => true);
  await stage.see(reader, 'listIndicators', () => true);
});

const chart = (code, query = {}, wanted = 200) => stage.do(wanted, reader, 'getChart', { query: { indicator: code, ...query } })
  .then((body) => (reader.remember(quality.after(quality)), body));
const signalled = (body) => body.points.filter((point) => point.signals?.length).map((point) => [point.month, ...point.signals]);

async function received(figures, changes = { unit: 'count' }) {
  const code = await agreed(stage, changes);
  await receive(stage, code, figures);
  await stage.see(reader, 'listObservations', (body) => body.items.length > 0, { query: { indicator: code } });
  return code;
}

test('the series of eighteen has its mean, its limits and its point outside', async () => {
  const code = await received({ ZZ1: eighteen });
  const plain = await chart(code, { organisation: 'ZZ1' });
  assert.equal(plain.phases.length, 1);
  assert.deepEqual([plain.phases[0].mean, plain.phases[0].lowerLimit, plain.phases[0].upperLimit], ['1.944', '-3.063', '6.952']);
  assert.deepEqual(signalled(plain), [[month(4), 'outside-limits']]);
  assert.deepEqual([plain.points[4].value, plain.points[4].side, plain.points[4].revision], ['10', 'high', 1]);
  assert.equal(plain.variation, 'common-cause');
  assert.equal(plain.specification, 1);
  const screened = await chart(code, { organisation: 'ZZ1', screening: 'true' });
  assert.deepEqual([screened.phases[0].lowerLimit, screened.phases[0].upperLimit], ['-0.716', '4.604']);
  assert.equal(screened.method.screening, true);
});

test('without an agreed specification there is no chart, nor of what does not exist', async () => {
  const code = await indicator(stage);
  await stage.see(reader, 'getIndicator', () => true, { values: { indicatorCode: code } });
  await chart(code, {}, 'rule-broken');
  await chart('no-such-indicator', {}, 'unknown-reference');
  const there = await agreed(stage);
  await stage.see(reader, 'getIndicator', (body) => body.agreedSpecification === 1, { values: { indicatorCode: there } });
  await chart(there, { from: '2024-26-M01' }, 'rule-broken');
  assert.deepEqual((await chart(there)).points, []);
});

test('a missing month is a gap and never zero', async () => {
  const code = await received({ ZZ1: [...steady(6), undefined, ...steady(7)] });
  const body = await chart(code, { organisation: 'ZZ1' });
  assert.equal(body.points.length, 14);
  assert.deepEqual(body.points[6], { month: month(6), state: 'not-received', received: 0, expected: 1 });
  assert.deepEqual([body.phases[0].points, body.phases[0].baselinePoints], [13, 13]);
  const { text } = await ask(reader, 'getChart', stage.at({ query: { indicator: code, organisation: 'ZZ1' }, accept: 'text/csv' }));
  const lines = text.trim().split('\r\n');
  assert.equal(lines.length, 15);
  assert.match(lines[0], /^month,state,numerator,denominator,value,/);
  assert.match(lines[7], new RegExp(`^${month(6)},not-received,,,,`));
});

test('twelve points show no limits, the thirteenth does', async () => {
  const code = await received({ ZZ1: steady(12) });
  const before12 = await chart(code, { organisation: 'ZZ1' });
  assert.equal('mean' in before12.phases[0] || 'variation' in before12, false);
  await receive(stage, code, { ZZ1: steady(13) });
  const body = await stage.see(reader, 'getChart', (one) => one.points.length === 13, { query: { indicator: code, organisation: 'ZZ1' } });
  assert.equal(body.phases[0].baselinePoints, 13);
  assert.equal(body.variation, 'common-cause');
});

test('the system is the sum of numerators over the sum of denominators', async () => {
  const code = await received({ ZZ1: [[90, 100], [80, 100]], ZZ3: [[10, 300]] }, {});
  const { points, organisation } = await chart(code);
  assert.equal(organisation, undefined);
  assert.deepEqual([points[0].numerator, points[0].denominator, points[0].value], [100, 400, '25.000']);
  assert.deepEqual([points[1].value, points[1].received, points[1].expected], ['80.000', 1, 2]);
});

test('a sum that lacks an organisation is no value, and days make no sum', async () => {
  const counts = await received({ ZZ1: [5, 6], ZZ3: [7] });
  const { points } = await chart(counts);
  assert.deepEqual(points.map((point) => [point.state, point.value]), [['received', '12'], ['incomplete', undefined]]);
  const days = await received({ ZZ1: [5, 6] }, { unit: 'days' });
  await chart(days, {}, 'rule-broken');
  assert.equal((await chart(days, { organisation: 'ZZ1' })).points.length, 2);
});

test('nothing crosses a re-base', async () => {
  const code = await received({ ZZ1: [...steady(13, 1, 2), ...steady(13, 8, 9)] });
  assert.ok(signalled(await chart(code, { organisation: 'ZZ1' })).length > 0);
  const at = { values: { indicatorCode: code } };
  const made = await stage.do(201, quality, 'rebaseIndicator', { ...at, body: { month: month(13), reason: 'A unit opened.' } });
  await stage.do('already-exists', quality, 'rebaseIndicator', { ...at, body: { month: month(13), reason: 'Again.' } });
  await stage.do('rule-broken', quality, 'rebaseIndicator', { ...at, body: { month: '2024-26-M01', reason: 'No such month.' } });
  await stage.do('personal-data', quality, 'rebaseIndicator', { ...at, body: { month: month(14), reason: nhsNumber } });
  const body = await stage.see(reader, 'getChart', (one) => one.phases.length === 2, { query: { indicator: code, organisation: 'ZZ1' } });
  assert.deepEqual(signalled(body), []);
  assert.deepEqual(body.phases.map((phase) => [phase.fromMonth, phase.toMonth, phase.mean]),
    [[month(0), month(12), '1.462'], [month(13), month(25), '8.462']]);
  const { items } = await stage.do(200, reader, 'listRebases', at);
  assert.deepEqual(items.map((one) => [one.id, one.reason]), [[made.id, 'A unit opened.']]);
});

test('a baseline freezes the limits, runs may be six long, the third of three may lie anywhere', async () => {
  const code = await received({ ZZ1: [...steady(14, -50 + 200, 50 + 200), 209, 208, 209, 208, 209, 208] });
  const query = { organisation: 'ZZ1', baseline: 14 };
  const seven = await chart(code, query);
  assert.deepEqual([seven.phases[0].mean, seven.phases[0].upperLimit, seven.phases[0].baselinePoints], ['200.000', '466.000', 14]);
  assert.equal(seven.variation, 'improving'); // with the 250 before them they are seven
  const other = await received({ ZZ1: [...steady(15, 250, 150), 209, 208, 209, 208, 209, 208].map((value, i) => (i === 14 ? 190 : value)) });
  assert.equal((await chart(other, query)).variation, 'common-cause');
  assert.equal((await chart(other, { ...query, runLength: 6 })).variation, 'improving');
  const third = await received({ ZZ1: [...steady(14, 150, 250), 190, 378, 197, 400] });
  assert.deepEqual(signalled(await chart(third, query)), []);
  assert.deepEqual(signalled(await chart(third, { ...query, twoOfThree: 'either-side' })), [[month(15), 'two-of-three'], [month(17), 'two-of-three']]);
});

test('a target holds from its month, moves along its trajectory, and gives the assurance icon', async () => {
  const code = await received({ ZZ1: steady(13).map((value) => [value, 100]) }, {});
  const at = { values: { indicatorCode: code } };
  const set = (wanted, body) => stage.do(wanted, quality, 'setTarget', { ...at, body: { source: 'local', ...body } });
  await set('rule-broken', { fromMonth: month(0), value: '101' });
  await set('rule-broken', { fromMonth: '2024-26-M01', value: '50' });
  await set('rule-broken', { fromMonth: month(3), value: '50', trajectory: [{ month: month(2), value: '60' }] });
  await set('personal-data', { fromMonth: month(0), value: '50', reason: nhsNumber });
  const made = await set(201, { fromMonth: month(1), value: '50.5', trajectory: [{ month: month(3), value: '60' }] });
  assert.deepEqual([made.value, made.trajectory], ['50.500', [{ month: month(3), value: '60.000' }]]);
  const body = await stage.see(reader, 'getChart', (one) => one.target === '60.000', { query: { indicator: code, organisation: 'ZZ1' } });
  assert.deepEqual(body.points.slice(0, 4).map((point) => point.target), [undefined, '50.500', '50.500', '60.000']);
  assert.equal(body.assurance, 'hit-or-miss');
  await set(201, { fromMonth: month(1), value: '99.9' });
  assert.equal((await stage.see(reader, 'getChart', (one) => one.target === '99.900', { query: { indicator: code, organisation: 'ZZ1' } })).assurance, 'hit-or-miss');
  await set(201, { fromMonth: month(2), value: '0' });
  const passes = await stage.see(reader, 'getChart', (one) => one.target === '0.000', { query: { indicator: code, organisation: 'ZZ1' } });
  assert.equal(passes.assurance, 'hit-or-miss'); // 49.231 -+ 53.2
  assert.equal((await stage.do(200, reader, 'listTargets', at)).items.length, 3);
  await stage.do('rule-broken', quality, 'setTarget', { values: { indicatorCode: await indicator(stage) }, body: { source: 'local', fromMonth: month(0), value: '1' } });
});

test('a process far above its target passes it, one below fails it', async () => {
  const code = await received({ ZZ1: steady(13, 90, 91).map((value) => [value, 100]), ZZ3: steady(13, 10, 11).map((value) => [value, 100]) }, {});
  await stage.do(201, quality, 'setTarget', { values: { indicatorCode: code }, body: { source: 'local', fromMonth: month(0), value: '50' } });
  const seen = (organisation) => stage.see(reader, 'getChart', (one) => one.target, { query: { indicator: code, organisation } });
  assert.equal((await seen('ZZ1')).assurance, 'passes');
  assert.equal((await seen('ZZ3')).assurance, 'fails');
});

test('national standards are proposed for the indicators that everybody has', async () => {
  await stage.do(201, quality, 'createIndicator', { body: { code: 'ae-4-hours', name: 'A&E within four hours', theme: 'urgent-care' } });
  const { proposals } = await stage.do(200, quality, 'getTargetProposals', { values: { indicatorCode: 'ae-4-hours' } });
  assert.deepEqual(proposals.map((one) => [one.kind, one.value]), [['standard', '95'], ['interim', '78']]);
  const none = await stage.do(200, quality, 'getTargetProposals', { values: { indicatorCode: await indicator(stage) } });
  assert.deepEqual(none.proposals, []);
});

test('small numbers of people are not shown, and percentages come from what is shown', async () => {
  const code = await received({ ZZ1: [[13, 22], [7, 22], [0, 22], [3, 6]] }, { suppressesSmallNumbers: true });
  const { items } = await stage.do(200, reader, 'listObservations', { query: { indicator: code } });
  items.sort((a, b) => a.month.localeCompare(b.month));
  assert.deepEqual(items.map((one) => [one.numerator, one.denominator, one.percentage]),
    [[15, 20, '75.000'], ['*', 20, '*'], [0, 20, '0.000'], ['*', '*', '*']]);
  const csv = await ask(reader, 'listObservations', stage.at({ query: { indicator: code }, accept: 'text/csv' }));
  assert.ok(!/[^0-9](13|22|7|3|6),/.test(csv.text.replace(/[0-9a-f]{8}-[0-9a-f-]+|20[0-9]{2}-[^,]*/g, '')), csv.text);
  const one = await stage.do(200, reader, 'getObservation', { values: { observationId: items[1].id } });
  assert.equal(one.numerator, '*');
  const revisions = await stage.do(200, reader, 'listObservationRevisions', { values: { observationId: items[1].id } });
  assert.equal(revisions.items[0].percentage, '*');
  const { points } = await chart(code, { organisation: 'ZZ1' });
  assert.deepEqual(points.map((point) => [point.state, point.value]), [['received', '75.000'], ['suppressed', '*'], ['received', '0.000'], ['suppressed', '*']]);
  assert.equal('signals' in points[1], false);
  const days = await indicator(stage, { unit: 'count' });
  const { numerator, denominator, ...rest } = stage.specificationBody({ unit: 'days', suppressesSmallNumbers: true });
  await stage.do('rule-broken', quality, 'draftSpecification', { values: { indicatorCode: days }, body: rest });
});

test('a concern at the latest point is a signal, once for each point and rule', async () => {
  const code = await agreed(stage, { unit: 'count', direction: 'down' });
  const found = () => stage.do(200, quality, 'listSignals', { query: { indicator: code } }).then((body) => body.items);
  await receive(stage, code, { ZZ1: steady(14), ZZ3: steady(14) });
  assert.deepEqual(await found(), []);
  const observation = (figures) => stage.do(201, quality, 'recordObservation', { body: { indicator: code, organisation: 'ZZ1', ...figures } });
  const made = await observation({ month: month(14), value: 300 });
  const [signal, ...rest] = await found();
  assert.equal(rest.length, 0);
  assert.deepEqual([signal.organisation, signal.month, signal.kind, signal.value, signal.revision], ['ZZ1', month(14), 'outside-limits', '300', 1]);
  await stage.do(200, quality, 'reviseObservation', { values: { observationId: made.id }, match: '"1"', body: { value: 301, reason: 'Recounted.' } });
  assert.equal((await found()).length, 1);
  await observation({ month: month(15), value: 0 }); // better, not worse
  assert.equal((await found()).length, 1);
  await receive(stage, code, { ZZ3: [...steady(14), 400] });
  const all = await found();
  assert.deepEqual(all.map((one) => [one.organisation, one.month]), [['ZZ1', month(14)], ['ZZ3', month(14)]]);
  assert.equal((await stage.do(200, quality, 'listSignals', { query: { organisation: 'ZZ3', indicator: code } })).items.length, 1);
  const { items } = await stage.do(200, quality, 'listKpiJournal', { query: { limit: 1000 } });
  const told = items.filter((event) => event.type === 'kpi.signal.found.v1' && event.data.signal.indicator === code);
  assert.deepEqual(told.map((event) => event.data.signal.id), all.map((one) => one.id));
});

test('neutral indicators give no signal', async () => {
  const code = await agreed(stage, { unit: 'count', direction: 'neutral' });
  await receive(stage, code, { ZZ1: [...steady(14), 900] });
  assert.equal((await stage.do(200, quality, 'listSignals', { query: { indicator: code } })).items.length, 0);
  const body = await stage.do(200, quality, 'getChart', { query: { indicator: code, organisation: 'ZZ1' } });
  assert.deepEqual([body.variation, 'assurance' in body], ['high', false]);
});

test('what was measured in another unit is no part of the chart', async () => {
  const code = await received({ ZZ1: [5, 6] });
  await stage.do(201, quality, 'draftSpecification', { values: { indicatorCode: code }, body: stage.specificationBody() });
  await stage.decide(`kpi/indicators/${code}/specifications/2`, 'agree', quality);
  await stage.see(reader, 'getIndicator', (body) => body.agreedSpecification === 2, { values: { indicatorCode: code } });
  await stage.do(201, quality, 'recordObservation', { body: { indicator: code, organisation: 'ZZ1', month: month(2), numerator: 1, denominator: 2 } });
  const { points } = await stage.see(reader, 'getChart', (body) => body.points.length === 3, { query: { indicator: code, organisation: 'ZZ1' } });
  assert.deepEqual(points.map((point) => [point.state, point.value]), [['not-received', undefined], ['not-received', undefined], ['received', '50.000']]);
});
