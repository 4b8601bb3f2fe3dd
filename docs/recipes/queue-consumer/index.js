// A consumer of the queue that threescale-edge fills: it hands each event to a service, and drops repeats.
//
// A message is a CloudEvent as text. A batch's messages are acknowledged one by one, so that one which fails is the only
// one that comes again.
export default {
  async queue(batch, env) {
    for (const message of batch.messages) {
      const event = JSON.parse(message.body);
      try {
        if (await env.SEEN.get(event.id)) {
          message.ack();
          continue;
        }
        const answer = await fetch(env.TARGET, {
          method: "POST",
          headers: { "content-type": "application/cloudevents+json; charset=utf-8", "webhook-id": event.id },
          body: message.body,
        });
        if (!answer.ok) throw new Error(`the service answers ${answer.status}`);
        // KV is up to a minute behind elsewhere: the service has to expect a repeat, too.
        await env.SEEN.put(event.id, "1", { expirationTtl: 7 * 86_400 });
        message.ack();
      } catch (error) {
        console.error(`${event.id}: ${error.message}`);
        message.retry({ delaySeconds: Math.min(30 * 2 ** message.attempts, 3600) });
      }
    }
  },
};
