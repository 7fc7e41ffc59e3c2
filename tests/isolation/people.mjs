// The stage of the API tests with everybody who must be kept out, or in bounds: another alliance beside
// it, who left, lapsed, was suspended or comes from outside, and people without the post that it takes.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { audience, issuer, Person } from '../api/harness.mjs';
import { Stage } from '../api/stage.mjs';

const person = (subject) => ({ issuer, subject, name: subject });

// A Bearer token as services prove themselves with to each other.
class ServiceToken {
  #token;

  subject = 'membership';

  token() {
    this.#token ??= this.mint();
    return this.#token;
  }

  async mint() {
    const key = createPrivateKey(readFileSync(`${process.env.ACCORD_KEYS}/membership.pem`));
    const { keys } = JSON.parse(readFileSync(`${process.env.ACCORD_KEYS}/cluster.jwks`, 'utf8'));
    const { kid } = keys.find((one) => one.kid.startsWith('membership-'));
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ iss: issuer, aud: audience, sub: 'membership', client_id: 'membership', jti: randomUUID(), iat: now, nbf: now, exp: now + 3000,
      scope: 'membership:read ledger:read risk:read kpi:read reinvestment:read journals:read' })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(key);
  }

  remember() {}

  after() { return ''; }
}

export class Held extends Stage {
  constructor() {
    super();
    for (const code of ['ZZ7', 'ZZ8', 'ZZ10']) this.reps[code] = new Person(`rep.${code.toLowerCase()}`, code);
    this.auditor = new Person('ada.auditor', 'ZY1');
    this.member = new Person('mia.member', 'ZZ2');
    this.former = new Person('flo.former');
    this.neighbour = new Person('rep.zx1', 'ZX1');
    this.service = new ServiceToken();
    this.scopeless = new Map(); // who, and the scope that is missing -> the person without it
  }

  static async set(options) {
    const stage = await super.set(options);
    await stage.lookers();
    await stage.besides();
    stage.share();
    return stage;
  }

  // Whoever changes who votes comes before anything is put to the vote for good.
  async applicants() {
    await super.applicants();
    await this.apply('ZZ8');
    await this.decide('partners/ZZ8', 'admit');
    await this.decide('partners/ZZ8', 'suspend');
    await this.do(201, this.reps.ZZ7, 'applyForPartnership', {
      body: { name: 'Organisation ZZ7', role: 'provider', isVoting: false, representative: person('rep.zz7') } });
    await this.decide('partners/ZZ7', 'admit');
    await this.apply('ZZ10');
    await this.do(200, this.reps.ZZ10, 'leaveAlliance', { values: { organisation: 'ZZ10' }, body: { reason: 'We are too busy.' } });
    this.share();
  }

  async openDecision() {
    await super.openDecision();
    await this.do(201, this.reps.ZZ4, 'declareRecusal', { body: { organisation: 'ZZ4', reason: 'It owns the building.' } });
    this.share();
  }

  async lookers() {
    const appoint = (by, who, role, organisation, group) => this.do(201, by, 'makeAppointment', { body: { person: person(who), role, organisation, group } });
    await appoint(this.director, 'ada.auditor', 'auditor', 'ZY1');
    await this.do(201, this.director, 'makeGroup', { body: { code: 'quality', kind: 'performance-and-quality-group', name: 'Quality' } });
    this.share();
    await appoint(this.reps.ZZ2, 'mia.member', 'group-member', 'ZZ2', 'quality');
    const { id: appointmentId } = await appoint(this.reps.ZZ3, 'flo.former', 'finance-lead', 'ZZ3');
    await this.do(200, this.reps.ZZ3, 'endAppointment', { values: { appointmentId }, body: {} });
    this.share();
  }

  // Another alliance, of others alone.
  async besides() {
    const body = this.foundingBody('Another alliance');
    const codes = ['ZX1', 'ZX2'];
    body.founders = body.founders.slice(0, 2).map((founder, i) => ({ ...founder, organisation: codes[i], name: `Organisation ${codes[i]}`,
      representative: person(`rep.${codes[i].toLowerCase()}`) }));
    body.director = { ...person('rep.zx1'), organisation: 'ZX1' };
    body.agreement.parameters = { rules: body.agreement.parameters.rules, shares: codes.map((organisation) => ({ organisation, shareBp: 5000 })),
      pools: [], reserve: { capPence: 0 }, ringFences: [] };
    const { id: allianceId, foundingDecisionId: decisionId } = await this.do(201, this.neighbour, 'foundAlliance', { body });
    for (const organisation of codes) {
      await this.do(200, new Person(`rep.${organisation.toLowerCase()}`, organisation), 'castVote', { values: { allianceId, decisionId, organisation },
        body: { choice: 'agree' } });
    }
    this.besideId = allianceId;
    this.neighbour = new Person('rep.zx1', 'ZX1');
  }

  // A person of each kind of expected.txt; `scopeless` is somebody who may, without the scope.
  people(op) {
    const { reps } = this;
    return { outsider: this.stranger, neighbour: this.neighbour, lapsed: reps.ZZ10, former: this.former, applicant: reps.ZZ5, left: reps.ZZ6,
      associate: reps.ZZ7, auditor: this.auditor, suspended: reps.ZZ8, system: this.clerk, member: this.member, recused: reps.ZZ4,
      none: null, service: this.service, scopeless: this.without(this.whoMay(op), op.scopes) };
  }

  without(who, scopes) {
    const key = `${who.subject} ${scopes}`;
    if (!this.scopeless.has(key)) this.scopeless.set(key, who.with({ scopes: who.scopes.filter((scope) => !scopes.includes(scope)) }));
    return this.scopeless.get(key);
  }
}
