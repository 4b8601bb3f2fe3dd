// The twin of `make bench`: our job as a good JavaScript developer writes it, for the comparison with ours.
// This file is the way in: who may call, what was sent, and the answer once the inbox has stored it.
//
// Where a choice was open, the cheaper one was taken: the digest is of the body as it came, and what leaves is made
// once, on arrival, in place of the document. Ours ignores spelling in the digest and keeps the document.

import { WorkerEntrypoint } from 'cloudflare:workers';

import { notification } from './notification.js';
import { isEqual } from './secrets.js';

export { Inbox } from './inbox.js';

const MAX_BODY_BYTES = 1024 * 1024;
const MEDIA_TYPES = ['application/xml', 'text/xml'];

export default class extends WorkerEntrypoint {
  async fetch(request) {
    const began = Date.now();
    const url = new URL(request.url);
    const [, first, ...rest] = url.pathname.split('/');
    if (first === 'hooks') return this.hook(request, url, rest[0], began);
    if (url.pathname.startsWith('/api/v1/destinations')) return this.operate(request, rest[2], rest[3]);
    return problem(404, 'not_found');
  }

  async hook(request, url, source, began) {
    const { SOURCES, [`SOURCE_${source.toUpperCase()}_SECRET`]: secret } = this.env;
    if (!SOURCES[source] || !secret || !isEqual(url.searchParams.get('token') ?? '', secret)) {
      return problem(401, 'unauthorized');
    }
    if (request.method === 'GET') return new Response('ok\n');
    if (request.method !== 'POST') return problem(405, 'method_not_allowed');
    const mediaType = (request.headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase();
    if (!MEDIA_TYPES.includes(mediaType)) return problem(415, 'unsupported_media_type');
    if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES) return problem(413, 'payload_too_large');
    const body = await request.arrayBuffer();
    if (body.byteLength > MAX_BODY_BYTES) return problem(413, 'payload_too_large');

    const parsed = notification(new TextDecoder().decode(body));
    if (!parsed) return problem(422, 'not_a_notification');
    const digest = await crypto.subtle.digest('SHA-256', body);
    const receipt = await this.env.INBOX.getByName(source).push({ ...parsed, digest, base: url.origin });
    const { type, action, object } = parsed;
    console.log(
      JSON.stringify({
        source,
        outcome: receipt.status,
        status: 200,
        id: receipt.id,
        kind: `${type}.${action}`,
        object: object.id,
        bytes: body.byteLength,
        ms: Date.now() - began,
      }),
    );
    return Response.json(receipt);
  }

  /** The part of our API that the measurement needs: the list of destinations, pause and resume. */
  async operate(request, destination, action) {
    const token = (request.headers.get('authorization') ?? '').replace(/^Bearer /, '');
    if (!isEqual(token, this.env.CONSOLE_TOKEN)) return problem(401, 'unauthorized');
    const inboxes = Object.keys(this.env.SOURCES).map((source) => this.env.INBOX.getByName(source));
    if (action) {
      await Promise.all(inboxes.map((inbox) => inbox.pause(destination, action === 'pause')));
    }
    return Response.json(await Promise.all(inboxes.map((inbox) => inbox.destinations())));
  }
}

function problem(status, code) {
  return Response.json({ status, code }, { status, headers: { 'content-type': 'application/problem+json' } });
}
