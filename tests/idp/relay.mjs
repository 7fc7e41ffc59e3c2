// Stands between Accord and the providers' keys, and does what networks, portals and broken providers do.
// Each provider has a path of its own; what is answered there is a function, `pass` unless a test says more.
import http from 'node:http';

export class Relay {
  ways = new Map();
  counts = new Map();
  strayed = 0; // requests to where a redirect pointed

  static async start() {
    const relay = new Relay();
    relay.server = http.createServer((request, response) => relay.answer(request, response));
    relay.server.keepAliveTimeout = 1;
    await new Promise((done) => relay.server.listen(0, '127.0.0.1', done));
    relay.base = `http://127.0.0.1:${relay.server.address().port}`;
    return relay;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  // Where Accord is told to find this provider's keys.
  address(provider) {
    this.ways.set(`/${provider.name}`, (_, response) => pass(provider, response));
    return `${this.base}/${provider.name}`;
  }

  count(provider) { return this.counts.get(`/${provider.name}`) ?? 0; }

  // From now until the function that is returned is called.
  behave(provider, way) {
    const path = `/${provider.name}`;
    const before = this.ways.get(path);
    this.ways.set(path, (request, response) => way(response, provider, this, request));
    return () => this.ways.set(path, before);
  }

  async answer(request, response) {
    const way = this.ways.get(request.url);
    this.counts.set(request.url, (this.counts.get(request.url) ?? 0) + 1);
    if (!way) {
      this.strayed++;
      response.writeHead(404).end();
      return;
    }
    try { await way(request, response); } catch { response.destroy(); }
  }
}

async function pass(provider, response) {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(await provider.document()));
}

const json = (response, value) => response.writeHead(200,
  { 'Content-Type': 'application/json' }).end(typeof value === 'string' ? value : JSON.stringify(value));

// Each as an outage: what was known before goes on.
export const outages = {
  'a connection that is cut': (response) => response.destroy(),
  'an answer that is cut': (response) => { response.writeHead(200,
    { 'Content-Length': 1000 }); response.write('{"keys":['); setImmediate(() => response.destroy()); },
  'silence': () => {},
  'an answer by drops': (response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const drip = setInterval(() => (response.destroyed ? clearInterval(drip) : response.write(' ')), 200);
  },
  'status 500 with keys': async (response, provider) => response.writeHead(500).end(JSON.stringify(await provider.document())),
  'a page to log in': (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>Log in</title>'),
  'something huge': (response) => json(response, `{"keys":[],"padding":"${'x'.repeat(4 << 20)}"}`),
  'something that unpacks to huge': (response) => response.writeHead(200, { 'Content-Encoding': 'gzip',
    'Content-Type': 'application/json' }).end(Buffer.from('1f8b0800000000000003', 'hex')),
  'a redirect to elsewhere': (response, provider, relay) => response.writeHead(302, { Location: `${relay.base}/elsewhere` }).end(),
  'a redirect to a file': (response) => response.writeHead(307, { Location: 'file:///etc/passwd' }).end(),
  'no object': (response) => json(response, '[]'),
  'an object without keys': (response) => json(response, '{"error":"temporarily_unavailable"}'),
  'keys named twice': async (response, provider) => {
    const keys = JSON.stringify((await provider.document()).keys);
    json(response, `{"keys":[],"keys":${keys}}`);
  },
  'what ends in the middle': async (response, provider) => json(response, JSON.stringify(await provider.document()).slice(0, -2)),
};

// These keys beside the provider's own.
export const beside = (...keys) => async (response, provider) => {
  const known = await provider.document();
  json(response, { ...known, keys: [...keys.slice(0, keys.length / 2), ...known.keys, ...keys.slice(keys.length / 2)] });
};
