// What both providers need: keys, client assertions (RFC 7523), and looking until something holds.
import { randomUUID } from 'node:crypto';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';

export async function until(condition, what, seconds = 30) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((next) => setTimeout(next, 50)); // between two looks at a condition
  }
}

// A private key as JWK, as a provider keeps it.
export async function newKey(kid, alg, options = {}) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
  return { ...(await exportJWK(privateKey)), kid, alg, use: 'sig' };
}

export function publicOf({ d, p, q, dp, dq, qi, ...open }) { return open; }

// How a client proves who it is without a secret: a short-lived statement signed by its own key.
export async function assertion(client, key, audience, alg) {
  const statement = await new SignJWT({}).setProtectedHeader({ alg, kid: key.kid, typ: 'JWT' }).setIssuer(client).setSubject(client)
    .setAudience(audience).setJti(randomUUID()).setIssuedAt().setExpirationTime('2m').sign(await importKey(key, alg));
  return { client_id: client, client_assertion: statement, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' };
}

async function importKey(jwk, alg) {
  const { importJWK } = await import('jose');
  return importJWK({ ...jwk, alg }, alg);
}
