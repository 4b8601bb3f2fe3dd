// One attempt of the twin: a CloudEvent with the headers of Standard Webhooks.

const TIMEOUT_MS = 15_000;

/** Sends it; `outcome` is `delivered`, `failed` or `unreachable`. */
export async function send(destination, sign, id, body) {
  const timestamp = Math.floor(Date.now() / 1000);
  try {
    const answer = await fetch(destination.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': await sign(id, timestamp, body),
        'user-agent': 'twin',
      },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return { outcome: answer.ok ? 'delivered' : 'failed', status: answer.status };
  } catch {
    return { outcome: 'unreachable', status: null };
  }
}
