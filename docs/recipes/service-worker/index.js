// A Worker that threescale-edge calls by a service binding: no address, no network, and so no signature to verify.
export default {
  async fetch(request, env) {
    if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
    const event = await request.json();
    // A repeat writes the same again.
    if (event.type === "net.3scale.application.deleted") {
      await env.APPLICATIONS.delete(event.subject);
    } else if (event.type.startsWith("net.3scale.application.")) {
      await env.APPLICATIONS.put(event.subject, JSON.stringify(event.data.object));
    }
    // Stored, so that it may be answered.
    return new Response(null, { status: 204 });
  },
};
