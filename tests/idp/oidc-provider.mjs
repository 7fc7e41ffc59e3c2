// npm's oidc-provider in this process, on a free port of loopback. Its keys are fixed when it is made, so
// that a rotation is a new provider behind the same address; deploy/IDENTITY.md has the settings in words.
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { assertion } from './shared.mjs';

export class OidcProvider {
  name = 'oidc-provider';
  clients = new Map();

  static async start({ audience, scopes }) {
    const provider = Object.assign(new OidcProvider(), { audience, scopes });
    provider.server = createServer((request, response) => provider.answer(request, response));
    await new Promise((done) => provider.server.listen(0, '127.0.0.1', done));
    provider.issuer = `http://127.0.0.1:${provider.server.address().port}`;
    provider.jwks = `${provider.issuer}/jwks`;
    return provider;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async document() { return (await fetch(this.jwks)).json(); }

  // Publishes these keys; the first one signs, from now on.
  async keys(keys) {
    this.published = keys;
    this.make();
  }

  async addClient(id, { secret, jwks, organisation, ...more }) {
    this.clients.set(id, { organisation, metadata: { client_id: id, grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
      ...(secret ? { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' }
        : { jwks, token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'RS512' }), ...more } });
    this.make();
  }

  make() {
    if (!this.published) return;
    const { audience, scopes, clients, published } = this;
    const settings = {
      clients: [...clients.values()].map(({ metadata }) => ({ ...metadata, id_token_signed_response_alg: published[0].alg })),
      jwks: { keys: published },
      scopes,
      enabledJWA: { clientAuthSigningAlgValues: ['RS512'], idTokenSigningAlgValues: published.map(({ alg }) => alg) },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({ audience, scope: scopes.join(' '), accessTokenFormat: 'jwt', accessTokenTTL: 300,
            jwt: { sign: { alg: published[0].alg, kid: published[0].kid } } }),
        },
      },
      extraTokenClaims: (_, token) => ({ organisation: clients.get(token.clientId)?.organisation }),
    };
    this.answer = new Provider(this.issuer, settings).callback();
  }

  async token(client, { secret, key, scopes = this.scopes, alg = 'RS512' }) {
    const form = new URLSearchParams({ grant_type: 'client_credentials', scope: scopes.join(' '), resource: this.audience });
    const headers = {};
    if (secret) headers.Authorization = `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`;
    else for (const [name, value] of Object.entries(await assertion(client, key, this.issuer, alg))) form.set(name, value);
    const answer = await fetch(`${this.issuer}/token`, { method: 'POST', headers, body: form });
    if (!answer.ok) throw new Error(`oidc-provider: token for ${client}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).access_token;
  }
}
