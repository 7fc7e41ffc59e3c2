// Two providers, the relay before their keys, and a cluster that believes both: Glewlwyd speaks for ZZ1,
// oidc-provider for ZZ2. Nobody else issues tokens here.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { ask, expect, send, pathOf, operation, services, Person, allScopes, audience } from '../api/harness.mjs';
import { Stage, inSeconds } from '../api/stage.mjs';
import { Glewlwyd } from './glewlwyd.mjs';
import { OidcProvider } from './oidc-provider.mjs';
import { Relay } from './relay.mjs';
import { newKey, publicOf, until } from './shared.mjs';

export const refreshSeconds = 5;
export const outageSeconds = { Glewlwyd: 3600, 'oidc-provider': 20 };
export const organisations = { Glewlwyd: 'ZZ1', 'oidc-provider': 'ZZ2' };
export const secret = 'no-secret-in-a-test-0123456789';
const run = promisify(execFile);
const status = async (folder) => (await run('s6-svstat', ['-o', 'pid,ready', folder])).stdout.trim().split(' ');
// One list of each service: whoever may read it has a token that this service believes.
export const lists = { membership: 'getAlliance', ledger: 'listAccounts', reinvestment: 'listCases', risk: 'listRisks', kpi: 'listIndicators' };

// A system that is a client of one of the providers, with a fresh token whenever one is wanted.
export class Client extends Person {
  #token;

  constructor(provider, id, credentials, organisation = organisations[provider.name]) {
    super(id, organisation);
    Object.assign(this, { provider, id, credentials });
  }

  token() { return (this.#token ??= this.provider.token(this.id, this.credentials)); }

  renew() {
    this.#token = undefined;
    return this.token();
  }
}

export class World {
  static async make(folder) {
    const world = new World();
    try { await world.begin(folder); } catch (error) {
      world.end();
      throw error;
    }
    return world;
  }

  async begin(folder) {
    const options = { audience, scopes: allScopes };
    this.relay = await Relay.start();
    this.a = await Glewlwyd.start(folder, options);
    this.b = await OidcProvider.start(options);
    this.providers = [this.a, this.b];
    // the same kid at both, with keys of their own
    this.keysA = [await newKey('key-1', 'ES256'), await newKey('rsa-1', 'RS256')];
    this.keysB = [await newKey('key-1', 'RS512', { modulusLength: 2048 }), await newKey('es-1', 'ES256')];
    await this.a.keys(this.keysA);
    await this.b.keys(this.keysB);
    await this.clients();
    await this.configure();
    await this.found();
  }

  end() {
    for (const one of [this.relay, this.a, this.b]) one?.stop();
  }

  async client(provider, id, credentials, organisation) {
    const { key } = credentials;
    await provider.addClient(id, { ...(key ? { jwks: { keys: [publicOf(key)] } } : credentials),
      organisation: organisation ?? organisations[provider.name] });
    return new Client(provider, id, credentials, organisation);
  }

  async clients() {
    const [keyA, keyB] = [await newKey('client', 'RS512'), await newKey('client', 'RS512')];
    this.signedA = await this.client(this.a, 'zz1-signed', { key: keyA });
    this.signedB = await this.client(this.b, 'zz2-signed', { key: keyB });
    this.twinA = await this.client(this.a, 'twin', { secret });
    this.twinB = await this.client(this.b, 'twin', { secret });
  }

  async configure() {
    const issuers = this.providers.map((provider) => ({
      issuer: provider.issuer, jwks: this.relay.address(provider), algorithms: ['RS256', 'RS512', 'ES256'],
      organisationClaim: 'organisation', organisations: [organisations[provider.name]], refreshSeconds, outageSeconds: outageSeconds[provider.name],
    }));
    writeFileSync(`${process.env.ACCORD_KEYS}/issuers.json`, JSON.stringify(issuers, null, 2));
    await this.restart();
  }

  async restart(...names) {
    await Promise.all((names.length ? names : services).map(async (name) => {
      const folder = `${process.env.ACCORD_SERVICES}/${name}`;
      const [before] = await status(folder);
      await run('s6-svc', ['-r', folder]);
      await until(async () => {
        const [pid, isReady] = await status(folder);
        return pid !== before && isReady === 'true';
      }, `${name} is ready again`, 90);
    }));
  }

  // ZZ1 and ZZ2 found an alliance; each is represented by its provider's client.
  async found() {
    const body = new Stage().foundingBody('Two providers');
    const represented = (client) => ({ issuer: client.provider.issuer, subject: client.id, name: client.id });
    body.founders = body.founders.slice(0, 2).map((founder, i) => ({ ...founder, representative: represented([this.twinA, this.signedB][i]) }));
    body.director = { ...represented(this.signedA), organisation: 'ZZ1' };
    body.foundingDeadlineAt = inSeconds(3600);
    body.agreement.parameters.shares = [{ organisation: 'ZZ1', shareBp: 5000 }, { organisation: 'ZZ2', shareBp: 5000 }];
    const { body: alliance } = await expect(201, this.twinA, 'foundAlliance', { body });
    this.values = { allianceId: alliance.id, decisionId: alliance.foundingDecisionId };
    this.signedB.remember(this.twinA.after());
    for (const client of [this.twinA, this.signedB]) {
      await expect(200, client, 'castVote', { values: { ...this.values, organisation: client.organisation }, body: { choice: 'agree' } });
    }
    await until(async () => (await this.statuses(this.twinA)).every((status) => status === 200), 'the alliance is known everywhere');
  }

  // What each service answers to this client, or this token.
  async statuses(who, { problems = false } = {}) {
    const token = typeof who === 'string' ? who : await who.token();
    return Promise.all(Object.values(lists).map(async (operationId) => {
      const answer = await ask(null, operationId, { values: this.values, headers: { Authorization: `Bearer ${token}` } });
      return problems ? answer.problem : answer.slug ?? answer.status;
    }));
  }

  // A sum over the services, or each one's, of a metric about a provider's keys.
  async metric(name, provider) {
    const { services: configured } = JSON.parse(readFileSync(process.env.ACCORD_CONFIG, 'utf8'));
    return Promise.all(services.map(async (service) => {
      const page = await (await fetch(`http://${configured[service].instances[0].http}/metrics`)).text();
      const line = page.split('\n').find((one) => one.startsWith(`${name}{issuer="${provider.issuer}"}`));
      return line ? Number(line.split(' ')[1]) : undefined;
    }));
  }

  // Asks until each service has read this provider's keys `times` more, `name` says how it went.
  async readAgain(client, name = 'accord_issuer_keys_reads_total', times = 1) {
    const before = await this.metric(name, client.provider);
    await until(async () => {
      await this.statuses(client);
      return (await this.metric(name, client.provider)).every((count, i) => count >= before[i] + times);
    }, `${name} of ${client.provider.name} grows at every service`, 60);
  }

  // Requests without end, to every service in turn, by tokens new and used; what is not 200 is lost.
  work(client) {
    const load = { done: 0, lost: [], ended: false };
    const path = (id) => pathOf(operation(id), this.values);
    load.running = (async () => {
      while (!load.ended || load.done < 2 * services.length) {
        if (load.done % 10 === 0) await client.renew();
        const id = Object.values(lists)[load.done % 5];
        const answer = await send('GET', path(id), { Authorization: `Bearer ${await client.token()}`, Accept: '*/*' });
        if (answer.status !== 200) load.lost.push(`${id}: ${answer.status} ${answer.problem?.detail ?? ''}`);
        load.done++;
        await new Promise((next) => setTimeout(next, 5)); // a share of the machine, not all of it
      }
    })();
    load.running.catch((error) => load.lost.push(error.message));
    return async () => {
      load.ended = true;
      await load.running.catch(() => {});
      return load;
    };
  }
}
