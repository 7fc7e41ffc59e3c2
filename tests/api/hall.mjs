// An alliance for membership's tests alone: nobody waits for the other services.
import { expect, issuer } from './harness.mjs';
import { Stage, inSeconds } from './stage.mjs';

export const person = (subject) => ({ issuer, subject, name: `Name of ${subject}` });

export class Hall extends Stage {
  async found(changes = {}) {
    const alliance = await this.do(201, this.reps.ZZ1, 'foundAlliance', { body: { ...this.foundingBody(), ...changes } });
    this.values.allianceId = alliance.id;
    this.values.decisionId = alliance.foundingDecisionId;
    return alliance;
  }

  static async founded(changes) {
    const hall = new Hall();
    await hall.found(changes);
    await hall.voteAll(hall.values.decisionId);
    return hall;
  }

  get(operationId, values, who = this.director) {
    return this.do(200, who, operationId, { values });
  }

  decision(decisionId, who) {
    return this.get('getDecision', { decisionId }, who);
  }

  closed(decisionId) {
    return this.see(this.director, 'getDecision', (body) => body.state !== 'open', { values: { decisionId } });
  }

  resolve(topic, seconds) {
    return this.open('alliance', `resolve-${topic}`, this.director, seconds);
  }

  refuse(wanted, who, operationId, options) {
    this.share();
    return expect(wanted, who, operationId, this.at(options));
  }

  openBody(subject, effect, changes = {}) {
    return { subject, effect, question: 'Shall it?', rationale: 'Best for project.', deadlineAt: inSeconds(3600), ...changes };
  }

  async admit(code) {
    await this.apply(code);
    const { id } = await this.open(`partners/${code}`, 'admit');
    return id;
  }

  async tallyOf(decisionId) {
    const { tally, state } = await this.decision(decisionId);
    return { state, ...tally };
  }
}

export const faultsAt = (answer) => answer.problem.errors.map((fault) => fault.pointer).sort();
