// What an agreement may say about money (domain.md A15, B7-B9): through the edge.
import assert from 'node:assert/strict';
import { test } from './harness.mjs';
import { Hall, faultsAt } from './hall.mjs';
import { today } from './stage.mjs';

const split = () => [{ organisation: 'ZZ1', shareBp: 5000 }, { organisation: 'ZZ2', shareBp: 3000 }, { organisation: 'ZZ3', shareBp: 2000 }];
const pool = (code, mechanism, parameters, changes = {}) => ({ code, name: code, mechanism, provider: 'ZZ1', commissioner: 'ZZ2', parameters, ...changes });
const gainLoss = (changes = {}) => pool('planned', 'gain-loss', { per: 'month', expectedPence: 1000000000, favourable: 'lower', deadband: 'excess-only',
  deadbandPence: 10000000, gainCapPence: 40000000, lossCapPence: 60000000, qualityGate: true, split: split(), gainResidualTo: 'ring-fence:elective',
  lossResidualTo: 'ZZ2', ...changes });

const whole = () => ({
  rules: [], shares: [], reserve: { capPence: 500000000 },
  ringFences: [{ code: 'elective', purpose: 'Elective care', categories: [], settings: [] }],
  guarantee: [{ organisation: 'ZZ1', commissioner: 'ZZ2', baselinePence: 28000000000, tariffImpactPence: 280000000, growthPence: 420000000, cquinBp: 250 }],
  contracts: [{ provider: 'ZZ3', commissioner: 'ZZ4', yearPence: 12000000000 }],
  pools: [
    gainLoss(),
    pool('urgent', 'cost-risk-share', { baselinePence: 9000000000, rateBp: 5000 }),
    pool('drugs', 'cost-reduction-incentive', { baselinePence: 3000000000, rateBp: 5000, surplusTo: 'elective' }),
    pool('community', 'activity', { pricePence: 8500, planUnits: 1200, surplusTo: 'elective' }),
    { code: 'later', name: 'Not settled yet' },
  ],
});

const body = (parameters) => ({ startsOn: today(30), summary: 'With its terms of money.', parameters });

test('agreement: its terms of money are kept as they were drafted', async () => {
  const hall = await Hall.founded();
  const made = await hall.do(201, hall.reps.ZZ2, 'draftAgreementVersion', { body: body(whole()) });
  assert.deepEqual(made.parameters, whole());
  hall.share();
  const { id } = await hall.open(`agreement/versions/${made.number}`, 'adopt');
  await hall.voteAll(id);
  assert.deepEqual((await hall.get('getAgreementVersion', { number: made.number })).parameters, whole());
});

test('agreement: terms that can\'t be computed with are refused, each fault at its place', async () => {
  const hall = await Hall.founded();
  const refused = async (change, faults, slug = 'rule-broken') => {
    const parameters = whole();
    change(parameters);
    const answer = await hall.refuse(slug, hall.reps.ZZ2, 'draftAgreementVersion', { body: body(parameters) });
    assert.deepEqual(faultsAt(answer), faults);
  };
  await refused((p) => {
    delete p.reserve;
    delete p.pools[0].parameters.lossResidualTo;
    p.pools[0].parameters.split[0].shareBp = 4999;
    p.pools[0].parameters.gainCapPence = 1;
    p.pools[3].parameters.rateBp = 1;
    p.pools[4].parameters = {};
    p.contracts.push(p.contracts[0]);
    p.guarantee[0].growthPence = -28280000001;
  }, ['/parameters/contracts/1/provider', '/parameters/guarantee/0/baselinePence', '/parameters/pools/0/parameters/gainCapPence',
    '/parameters/pools/0/parameters/lossResidualTo', '/parameters/pools/0/parameters/split', '/parameters/pools/1/mechanism',
    '/parameters/pools/2/mechanism', '/parameters/pools/3/parameters/rateBp', '/parameters/pools/4/parameters']);
  await refused((p) => {
    p.pools[0].provider = 'ZZ2';
    p.pools[0].commissioner = 'ZZ4';
    p.pools[1].commissioner = 'ZZ3';
    delete p.pools[2].provider;
  }, ['/parameters/pools/0/provider', '/parameters/pools/1/commissioner', '/parameters/pools/2/provider']);
  await refused((p) => { p.pools[0].parameters.gainResidualTo = 'ring-fence:nowhere'; }, ['/parameters/pools/0/parameters/gainResidualTo']);
  await refused((p) => {
    p.pools[0].parameters.split[2].organisation = 'ZZ9';
    p.contracts[0].provider = 'ZZ9';
  }, ['/parameters/contracts/0/provider', '/parameters/pools/0/parameters/split/2/organisation'], 'unknown-reference');
});

test('founding: terms of money name founders', async () => {
  const hall = new Hall();
  const founding = hall.foundingBody();
  founding.agreement.parameters.pools = [gainLoss()];
  founding.agreement.parameters.pools[0].provider = 'ZZ9';
  const answer = await hall.refuse('unknown-reference', hall.reps.ZZ1, 'foundAlliance', { body: founding });
  assert.deepEqual(faultsAt(answer), ['/agreement/parameters/pools/0/provider']);
});
