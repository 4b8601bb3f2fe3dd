// Secrets of the twin: compared in constant time, and used to sign as Standard Webhooks says.

const encoder = new TextEncoder();

/** Whether both texts are the same, in a time that depends on their lengths only. */
export function isEqual(presented, secret) {
  const [left, right] = [encoder.encode(presented), encoder.encode(secret)];
  return left.byteLength === right.byteLength && crypto.subtle.timingSafeEqual(left, right);
}

/** A function that makes the header `webhook-signature`, for a secret of the form `whsec_…`. */
export async function signer(secret) {
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return async (id, timestamp, body) => {
    const signature = await crypto.subtle.sign('HMAC', key, encoder.encode(`${id}.${timestamp}.${body}`));
    return `v1,${btoa(String.fromCharCode(...new Uint8Array(signature)))}`;
  };
}
