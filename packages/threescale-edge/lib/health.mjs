// Whether the Worker answers, and what stands between it and 3scale.
import { setTimeout as delay } from "node:timers/promises";

export const ACCESS =
  "Cloudflare Access answers in its place, and would answer 3scale so too. In the dashboard, Zero Trust → Access: " +
  "let the application cover only /console and /api, or add one for /hooks with the policy Bypass → Everyone";

// One answer: `{ status, body, cutOff, problem }`.
export async function call(url, { token, method = "GET", body } = {}) {
  const headers = { "user-agent": "threescale-edge-cli" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body) headers["content-type"] = "application/json";
  try {
    const response = await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(20_000),
    });
    const text = await response.text();
    const location = response.headers.get("location") ?? "";
    const cutOff = location.includes("cloudflareaccess.com") || text.includes("cloudflareaccess.com");
    return { status: response.status, body: parsed(text), cutOff };
  } catch (error) {
    return { status: 0, problem: error.cause?.code ?? error.cause?.message ?? error.message };
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// The token for the API, without its name: `name:write:secret` is presented as `secret`.
export const presented = (token) => token?.split(/\s+/)[0].split(":").at(-1);

// Waits until this version answers and is sound; without a token `/healthz` says only whether one is. Returns its last
// answer.
export async function waitUntilSound(url, { token, versionId, seconds = 120 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await call(`${url}/healthz`, { token });
    const version = answer.body?.deployment;
    const isNew = !version || !versionId || version === versionId;
    if (answer.cutOff || (answer.status === 200 && isNew)) return { ...answer, isNew };
    if (Date.now() > deadline) return { ...answer, isNew };
    await delay(1000);
  }
}

// Why an answer of `/healthz` is none that we want, or `undefined`.
export function complaint({ status, body, cutOff, problem, isNew = true }) {
  if (cutOff) return ACCESS;
  if (status === 0) return `cannot be reached (${problem}): a new workers.dev name may take some minutes`;
  const mistakes = body?.mistakes?.map(({ item, problem }) => `\n  mistake: ${item} ${problem}`) ?? [];
  if (status !== 200) return `answers ${status} ${body?.status ?? body?.code ?? ""}${mistakes.join("")}`;
  if (body?.status !== "ok") return "answers, but not as this Worker does: another service may be at this address";
  if (!isNew) return "still has the earlier version: look again in a minute";
  return undefined;
}
