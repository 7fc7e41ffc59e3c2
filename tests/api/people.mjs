// People and systems with tokens of the development issuer, minted here with jose: an implementation
// that is not ours.
import { readFileSync } from 'node:fs';
import { randomUUID, createPrivateKey, createPublicKey } from 'node:crypto';
import { SignJWT } from 'jose';

export const issuer = process.env.ACCORD_ISSUER ?? 'https://issuer.accord.example';
export const audience = process.env.ACCORD_AUDIENCE ?? 'https://accord.example';
export const allScopes = ['alliances:found', 'membership:read', 'membership:write', 'decisions:open', 'decisions:vote',
  'ledger:read', 'ledger:write', 'ledger:post', 'reinvestment:read', 'reinvestment:write', 'risk:read', 'risk:write',
  'kpi:read', 'kpi:write', 'kpi:submit', 'journals:read'];

let signing;

function signingKey() {
  if (!signing) {
    const folder = process.env.ACCORD_KEYS;
    if (!folder) throw new Error('ACCORD_KEYS names no folder of keys (see tests/api/README.md)');
    const key = createPrivateKey(readFileSync(`${folder}/issuer.pem`));
    const { x } = createPublicKey(key).export({ format: 'jwk' });
    const published = JSON.parse(readFileSync(`${folder}/issuer.jwks`, 'utf8')).keys.find((k) => k.x === x);
    if (!published) throw new Error(`${folder}/issuer.jwks does not publish issuer.pem`);
    signing = { key, kid: published.kid };
  }
  return signing;
}

// Signs claims over the usual ones; undefined leaves one out.
export async function mint(claims, header = {}) {
  const { key, kid } = signingKey();
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: issuer, aud: audience, client_id: 'api-tests', jti: randomUUID(), iat: now, nbf: now, exp: now + 3000, ...claims };
  return new SignJWT(JSON.parse(JSON.stringify(all))).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header }).sign(key);
}

export class Person {
  #token;

  constructor(subject, organisation, { scopes = allScopes, client = 'api-tests' } = {}) {
    Object.assign(this, { subject, organisation, scopes, client, seen: new Map() });
  }

  // The same person with other scopes, by another client, with a token of another organisation ...
  with(changes) {
    const organisation = 'organisation' in changes ? changes.organisation : this.organisation;
    const other = new Person(this.subject, organisation, { scopes: this.scopes, client: this.client, ...changes });
    other.seen = this.seen;
    return other;
  }

  token() {
    this.#token ??= mint({ sub: this.subject, client_id: this.client, organisation: this.organisation, scope: this.scopes.join(' ') });
    return this.#token;
  }

  // What the services told this person about their journals, for Accord-After.
  remember(positions) {
    for (const position of (positions ?? '').split(',').filter(Boolean)) {
      const [service, number] = position.trim().split('=');
      this.seen.set(service, Math.max(Number(number), this.seen.get(service) ?? 0));
    }
  }

  after(...others) {
    const all = new Map(this.seen);
    for (const other of others) for (const [service, n] of other.seen) all.set(service, Math.max(n, all.get(service) ?? 0));
    return [...all].map(([service, n]) => `${service}=${n}`).join(', ');
  }
}
