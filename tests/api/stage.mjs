// An alliance in which everything can happen, made through the API: four partners, an applicant, one
// that left, people in every role, and one of each resource, so that every path has its values.
import { randomUUID } from 'node:crypto';
import { ask, expect, until } from './client.mjs';
import { Person, issuer } from './people.mjs';
import { resolve } from './spec.mjs';

export const gbp = (amount) => ({ amount, currency: 'GBP' });
export const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000).toISOString();
export const today = (days = 0) => new Date(Date.now() + days * 86400000).toISOString().slice(0, 10);
// The financial month of a day: 2026-05-31 -> 2026-27-M02.
export function monthOf(day) {
  const [year, month] = day.split('-').map(Number);
  const start = month >= 4 ? year : year - 1;
  return `${start}-${String(start + 1).slice(2)}-M${String(((month + 8) % 12) + 1).padStart(2, '0')}`;
}

const person = (subject) => ({ issuer, subject, name: subject });
const partners = ['ZZ1', 'ZZ2', 'ZZ3', 'ZZ4'];

export class Stage {
  constructor() {
    this.reps = Object.fromEntries([...partners, 'ZZ5', 'ZZ6'].map((code) => [code, new Person(`rep.${code.toLowerCase()}`, code)]));
    this.director = new Person('dana.director', 'ZZ1');
    this.clerk = new Person('clerk.zz1', 'ZZ1'); // of a partner, without any appointment
    this.stranger = new Person('nobody', 'ZZ9');
    this.values = { organisation: 'ZZ1', number: 1, specificationNumber: 1, ringFence: 'elective', hostFunction: 'activity-coding', accountCode: 'ring-fence:elective' };
  }

  static async set({ only = 'everything' } = {}) {
    const stage = new this();
    await stage.found();
    if (only === 'founded') return stage;
    await stage.appointPeople();
    await stage.groups();
    await stage.host();
    await stage.applicants();
    await stage.money();
    await stage.settlement();
    await stage.caseAndDrawdown();
    await stage.riskAndIndicator();
    await stage.openDecision();
    return stage;
  }

  // One that stays open, with one vote.
  async openDecision() {
    this.values.decisionId = (await this.open('partners/ZZ5', 'admit', this.director, 80000)).id;
    await this.vote(this.values.decisionId, 'ZZ1');
    this.share();
  }

  foundingBody(name = 'Elective Care Alliance') {
    const shares = [3000, 2500, 2500, 2000];
    return {
      name, purpose: 'Planned care, closer to home.', objectives: ['Treat within 18 weeks'], principles: ['Best for project'],
      startsOn: '2016-04-01', endsOn: '2033-04-01', foundingDeadlineAt: inSeconds(3600),
      founders: partners.map((organisation, i) => ({
        organisation, name: `Organisation ${organisation}`, role: i % 2 === 0 ? 'provider' : 'commissioner', isVoting: true,
        representative: person(`rep.${organisation.toLowerCase()}`),
      })),
      director: { ...person('dana.director'), organisation: 'ZZ1' },
      agreement: {
        startsOn: '2016-04-01',
        parameters: {
          rules: [{ kind: 'general', rule: 'simple-majority' }, { kind: 'agree-specification', rule: 'simple-majority' }],
          shares: partners.map((organisation, i) => ({ organisation, shareBp: shares[i] })),
          pools: [{ code: 'planned', name: 'Planned care' }, { code: 'community', name: 'Community care', mechanism: 'activity',
            provider: 'ZZ1', commissioner: 'ZZ2', parameters: { per: 'month', pricePence: 25000 } }], reserve: { capPence: 500000000 },
          ringFences: [{ code: 'elective', purpose: 'Elective care', categories: ['equipment'], settings: ['community'] }],
        },
      },
    };
  }

  // What an operation's query cannot do without.
  queryOf(op) {
    return Object.fromEntries(op.parameters.filter((p) => p.in === 'query' && p.required).map((p) => [p.name,
      p.example ?? this.values[p.name] ?? this.values[`${p.name}Code`] ?? (resolve(p.schema).format === 'date' ? today() : undefined)]));
  }

  // What an operation is asked about, where it is not what the others are.
  valuesOf(op) {
    return ['getOutcomeStatement', 'writeOutcomeStatement', 'publishDecision'].includes(op.id) ? this.ended ?? {} : {};
  }

  interestBody(changes = {}) {
    return { organisation: 'ZZ1', type: 'financial', description: 'Shares in a supplier.', inReference: 'reinvestment/portfolio',
      startsOn: today(-30), ...changes };
  }

  // Options for a request of this alliance.
  at(options = {}) {
    return { ...options, values: { ...this.values, ...options.values } };
  }

  do(wanted, who, operationId, options) {
    return expect(wanted, who, operationId, this.at(options)).then((answer) => answer.body);
  }

  // Looks until the resource is as wanted.
  see(who, operationId, condition, options) {
    return until(async () => {
      const answer = await ask(who, operationId, this.at(options));
      return answer.status === 200 && condition(answer.body) && answer.body;
    }, `${operationId} as ${who.subject}`);
  }

  // Everybody has seen what one has.
  share() {
    const all = this.director.after(...Object.values(this.reps), ...Object.values(this.leads ?? {}));
    for (const one of [...Object.values(this.reps), this.director, this.clerk, ...Object.values(this.leads ?? {})]) one.remember(all);
  }

  async found() {
    const alliance = await this.do(201, this.reps.ZZ1, 'foundAlliance', { body: this.foundingBody() });
    this.values.allianceId = alliance.id;
    this.values.decisionId = alliance.foundingDecisionId;
    await this.voteAll(alliance.foundingDecisionId);
    await this.see(this.director, 'listAccounts', (body) => body.items.length > 0);
    await this.see(this.director, 'listRingFences', (body) => body.items.length > 0);
  }

  vote(decisionId, organisation, body = { choice: 'agree' }) {
    return this.do(200, this.reps[organisation], 'castVote', { values: { decisionId, organisation }, body });
  }

  async voteAll(decisionId, organisations = partners) {
    this.share();
    for (const organisation of organisations) await this.vote(decisionId, organisation);
    this.share();
  }

  open(subject, effect, who = this.director, seconds = 3600) {
    this.share();
    return this.do(201, who, 'openDecision', {
      body: { subject, effect, question: `Shall ${subject} be carried?`, rationale: 'Best for project.', deadlineAt: inSeconds(seconds) },
    });
  }

  async decide(subject, effect, who) {
    const decision = await this.open(subject, effect, who);
    await this.voteAll(decision.id);
    const done = await this.see(this.director, 'getDecision',
      (body) => body.state === 'carried' && body.effects.every((one) => one.state !== 'pending'), { values: { decisionId: decision.id } });
    this.share();
    return done;
  }

  async appointPeople() {
    const leads = [['finance', 'fin.zz1', 'finance-lead', 'ZZ1'], ['quality', 'qual.zz3', 'quality-lead', 'ZZ3'],
      ['nurse', 'nurse.zz3', 'lead-nurse', 'ZZ3'], ['medical', 'medical.zz1', 'senior-medical-lead', 'ZZ1'],
      ['chair', 'chair.zz2', 'chair', 'ZZ2']];
    this.leads = {};
    for (const [name, subject, role, organisation] of leads) {
      const by = role === 'chair' ? this.director : this.reps[organisation];
      const made = await this.do(201, by, 'makeAppointment', { body: { person: person(subject), role, organisation } });
      this.values.appointmentId ??= made.id;
      this.leads[name] = new Person(subject, organisation);
      this.share();
    }
  }

  // A board, and two organisations with a seat in it.
  // A function hosted by ZZ1, and a draft that would hand it over.
  async host() {
    const draft = (code) => this.do(201, this.reps[code], 'draftHostVersion', { body: { organisation: code, summary: `${code} has the coders.` } });
    const { number } = await draft('ZZ1');
    await this.decide(`hosts/${this.values.hostFunction}/versions/${number}`, 'appoint');
    await draft('ZZ2');
    this.share();
  }

  async groups() {
    this.values.groupCode = 'leadership';
    await this.do(201, this.director, 'makeGroup', { body: { code: 'leadership', kind: 'leadership-board', name: 'Leadership board' } });
    this.share();
    for (const organisation of ['ZZ1', 'ZZ2']) await this.seat(organisation, 'leadership');
    const decisionId = await this.escalate('alliance', 'resolve-escalated');
    const statement = { text: 'Nobody decided it.', audience: 'All staff', publishOn: today(300) };
    await this.do(200, this.director, 'writeOutcomeStatement', { values: { decisionId }, body: statement });
    this.ended = { decisionId };
    this.values.interestId = (await this.do(201, this.reps.ZZ1, 'declareInterest', { body: this.interestBody() })).id;
    this.values.agendaItemId = (await this.do(200, this.director, 'listAgendaItems')).items[0].id;
  }

  // Both commissioners stand aside, and a decision without one is escalated.
  async escalate(subject, effect) {
    const { id: decisionId } = await this.open(subject, effect);
    this.share();
    for (const organisation of ['ZZ2', 'ZZ4']) {
      await this.do(201, this.reps[organisation], 'declareRecusal', { values: { decisionId }, body: { organisation, reason: 'It owns the building.' } });
    }
    this.share();
    return decisionId;
  }

  // The representative of an organisation takes its seat.
  seat(organisation, group) {
    return this.do(201, this.reps[organisation], 'makeAppointment', {
      body: { person: person(`rep.${organisation.toLowerCase()}`), role: 'group-member', organisation, group } });
  }

  apply(code) {
    return this.do(201, this.reps[code], 'applyForPartnership', {
      body: { name: `Organisation ${code}`, role: 'provider', isVoting: true, representative: person(`rep.${code.toLowerCase()}`) },
    });
  }

  async applicants() {
    await this.apply('ZZ5'); // stays an applicant
    await this.apply('ZZ6');
    await this.decide('partners/ZZ6', 'admit');
    await this.do(200, this.reps.ZZ6, 'leaveAlliance', { values: { organisation: 'ZZ6' }, body: { reason: 'Our services moved.' } });
    this.share();
  }

  mandateBody(changes = {}) {
    return { title: 'Ring-fence the surplus', debitAccounts: ['pool:planned'], creditAccounts: ['ring-fence:elective', 'partner:ZZ3:position'],
      limit: gbp(1000000000000), startsOn: today(-30), endsOn: today(30), ...changes };
  }

  async mandate(changes) {
    const { finance } = this.leads;
    const mandate = await this.do(201, finance, 'draftMandate', { body: this.mandateBody(changes) });
    this.share();
    await this.decide(`ledger/mandates/${mandate.id}`, 'grant', finance);
    await this.see(finance, 'getMandate', (body) => body.state === 'active', { values: { mandateId: mandate.id } });
    return mandate.id;
  }

  transactionBody(pence = 64000000, changes = {}) {
    return { mandateId: this.values.mandateId, description: 'Surplus', effectiveOn: today(),
      entries: [{ accountCode: 'pool:planned', amount: gbp(-pence) }, { accountCode: 'ring-fence:elective', amount: gbp(pence) }], ...changes };
  }

  holdBody(changes = {}) {
    return { mandateId: this.values.mandateId, accountCode: 'pool:planned', beneficiary: 'ZZ3', amount: gbp(1000000),
      title: 'Waiting list initiative', expiresAt: inSeconds(5 * 86400), ...changes };
  }

  async money() {
    const { finance } = this.leads;
    await this.see(finance, 'listPeriods', (body) => body.items.length > 0);
    this.values.month = monthOf(today());
    this.values.mandateId = await this.mandate();
    this.values.transactionId = (await this.do(201, finance, 'postTransaction', { body: this.transactionBody() })).id;
    const { mandateId, ...one } = this.transactionBody(1000);
    this.values.bulkId = (await this.do(201, finance, 'postBulk', { body: { mandateId, transactions: [one] } })).id;
    this.values.holdId = (await this.do(201, finance, 'placeHold', { body: this.holdBody() })).id;
    this.share();
  }

  // The alliance's first month, settled but for the decision; a release of the reserve, in draft.
  async settlement() {
    const { finance } = this.leads;
    const first = { month: '2016-17-M01' };
    const submission = await this.do(201, finance, 'submitActuals', { body: this.actualsBody(first) });
    this.values.submissionId = submission.id;
    const agree = (who) => this.do(200, who, 'agreeActuals', { body: { revision: 1 } });
    await agree(finance);
    await agree(this.reps.ZZ2);
    const { version } = await this.do(200, finance, 'getPeriod', { values: first });
    await this.do(200, finance, 'movePeriodOn', { values: first, match: `"${version}"`, body: { state: 'locked' } });
    this.values.settlementId = (await this.do(201, finance, 'computeSettlement', { body: first })).id;
    const mandateId = await this.mandate({ title: 'Fill the reserve', creditAccounts: ['reserve:cost-risk'], limit: gbp(500000000) });
    await this.do(201, finance, 'postTransaction', { body: { mandateId, description: 'The reserve', effectiveOn: today(),
      entries: [{ accountCode: 'pool:planned', amount: gbp(-1000000) }, { accountCode: 'reserve:cost-risk', amount: gbp(1000000) }] } });
    this.values.releaseId = (await this.do(201, finance, 'draftReserveRelease', { body: this.releaseBody() })).id;
    this.share();
  }

  actualsBody(changes = {}) {
    return { pool: 'community', month: this.values.month, planUnits: 1000, actualUnits: 1060, price: gbp(25000), planCost: gbp(25000000), cost: gbp(26500000), ...changes };
  }

  releaseBody(changes = {}) {
    return { year: '2016-17', purpose: 'transformation', toAccount: 'ring-fence:elective', amount: gbp(1000), reason: 'The year draws no more.', ...changes };
  }

  caseBody(changes = {}) {
    return { title: 'Hernia hub', summary: 'Day surgery in the community.', ringFence: 'elective', category: 'equipment', setting: 'community',
      service: 'Hernia repair', specialty: 'General surgery', beneficiary: 'ZZ3', award: gbp(25000000), oneOffCost: gbp(25000000),
      recurrentCost: gbp(0), milestones: [{ code: 'ready', title: 'Ready', dueOn: today(60), amount: gbp(10000000) }], benefits: [], ...changes };
  }

  async caseInDelivery(changes) {
    const sponsor = this.reps.ZZ3;
    const award = changes?.award?.amount ?? 25000000;
    await this.see(sponsor, 'listRingFences', (body) => body.items.some((one) => one.available.amount >= award));
    const { id: caseId } = await this.do(201, sponsor, 'draftCase', { body: this.caseBody(changes) });
    await this.do(200, sponsor, 'submitCase', { values: { caseId } });
    await this.appraise(caseId);
    await this.decide(`reinvestment/cases/${caseId}`, 'approve', sponsor);
    await this.see(sponsor, 'getCase', (body) => body.state === 'in-delivery', { values: { caseId } });
    this.share();
    return caseId;
  }

  appraisalBody(changes = {}) {
    const scores = { 'strategic-fit': 5, 'patient-benefit': 4, value: 4, deliverability: 3 };
    return { scores: Object.entries(scores).map(([criterion, score]) => ({ criterion, score })), comment: 'The theatre is there.', ...changes };
  }

  // By somebody of neither its sponsor nor its beneficiary, by the default criteria.
  appraise(caseId, who = this.reps.ZZ2) {
    return this.do(201, who, 'appraiseCase', { values: { caseId }, body: this.appraisalBody() });
  }

  leftShiftBody(changes = {}) {
    return { specialty: 'General surgery', fromSetting: 'acute-theatre', toSetting: 'community', monthlyVolume: 120, unitCostBefore: gbp(43500),
      unitCostAfter: gbp(35000), evidence: 'Patient-level costing.', ...changes };
  }

  async caseAndDrawdown() {
    this.values.milestone = 'ready';
    this.values.leftShiftId = (await this.do(201, this.reps.ZZ3, 'recordLeftShift', { body: this.leftShiftBody() })).id;
    this.values.caseId = await this.caseInDelivery();
    this.values.drawdownId = (await this.do(201, this.reps.ZZ3, 'requestDrawdown', {
      body: { amount: gbp(10000000), milestone: 'ready', evidence: 'Invoice 2201.' } })).id;
    this.share();
  }

  riskBody(changes = {}) {
    return { title: 'Theatre staffing', cause: 'Two teams are short.', event: 'Lists are cancelled.', effect: 'Waits grow.',
      category: 'workforce', likelihood: 4, consequence: 4, ...changes };
  }

  async riskAndIndicator() {
    const { quality } = this.leads;
    await this.see(quality, 'listRisks', () => true);
    this.values.riskId = (await this.do(201, quality, 'logRisk', { body: this.riskBody() })).id;
    await this.do(201, quality, 'closeReview', { body: { findings: 'Nothing new.' } });
    this.values.indicatorCode = 'ae-4-hours';
    await this.do(201, quality, 'createIndicator', { body: { code: 'ae-4-hours', name: 'A&E within four hours', theme: 'urgent-care' } });
    await this.do(201, quality, 'draftSpecification', { body: this.specificationBody() });
    await this.decide('kpi/indicators/ae-4-hours/specifications/1', 'agree', quality);
    await this.see(quality, 'getIndicator', (body) => 'agreedSpecification' in body);
    this.values.observationId = (await this.do(201, quality, 'recordObservation', {
      body: { indicator: 'ae-4-hours', organisation: 'ZZ1', month: '2025-26-M01', numerator: 17278, denominator: 22999 } })).id;
    this.values.importId = (await this.do(201, quality, 'importObservations', {
      query: { indicator: 'ae-4-hours' }, type: 'application/json',
      body: { rows: [{ organisation: 'ZZ1', month: '2025-26-M02', numerator: 15384, denominator: 21059 }] } })).id;
    this.values.queryId = (await this.do(201, this.reps.ZZ1, 'raiseQuery', {
      body: { observationId: this.values.observationId, question: 'Are the walk-in centres in it?' } })).id;
    await this.do(201, quality, 'rebaseIndicator', { body: { month: '2025-26-M02', reason: 'A unit opened.' } });
    await this.do(201, quality, 'setTarget', { body: { fromMonth: '2025-26-M01', value: '95', source: 'national' } });
    this.share();
  }

  specificationBody(changes = {}) {
    return { definition: 'Seen within four hours.', numerator: 'In time', denominator: 'All', unit: 'percentage', direction: 'up',
      source: 'national', sourceReason: 'Published monthly.', owner: 'ZZ1', ...changes };
  }

  // Somebody who may do this.
  whoMay(op) {
    const own = { reviseLeftShift: 'ZZ3', appraiseCase: 'ZZ2', completeMilestone: 'ZZ3', reviseCase: 'ZZ3', submitCase: 'ZZ3', closeCase: 'ZZ3', requestDrawdown: 'ZZ3', verifyDrawdown: 'ZZ2', queryActuals: 'ZZ2' }[op.id];
    if (own) return this.reps[own];
    const holders = { representative: this.reps.ZZ1, partner: this.reps.ZZ1, 'alliance-director': this.director, 'finance-lead': this.leads?.finance,
      'quality-lead': this.leads?.quality, 'lead-nurse': this.leads?.nurse, 'senior-medical-lead': this.leads?.medical,
      chair: this.leads?.chair, anyone: this.reps.ZZ1 };
    if (!op.hasAlliance) return this.reps.ZZ1;
    const role = op.roles.find((name) => holders[name]);
    if (!role) throw new Error(`${op.id}: nobody on the stage has one of ${op.roles}`);
    return holders[role];
  }

  // Somebody whom the alliance knows, but who may not do this; undefined when everybody known may.
  whoMayNot(op) {
    if (op.roles.includes('anyone')) return undefined;
    if (!op.roles.includes('applicant')) return this.reps.ZZ5;
    return op.roles.includes('partner') ? undefined : this.clerk;
  }
}

export const newId = randomUUID;
