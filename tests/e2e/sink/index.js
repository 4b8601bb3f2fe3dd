// A third-party Worker: it forwards everything from a service binding or a queue to the test's origin.

const pass = (env, path, headers, body) => fetch(env.ORIGIN + path, { method: 'POST', headers, body });

export default {
  fetch: async (request, env) =>
    pass(env, new URL(request.url).pathname, request.headers, await request.text()),

  async queue(batch, env) {
    for (const message of batch.messages) {
      const headers = { 'content-type': 'application/cloudevents+json', 'webhook-id': JSON.parse(message.body).id };
      await pass(env, '/queue', headers, message.body);
    }
  },
};
