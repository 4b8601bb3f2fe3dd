// What 3scale sends in these tests: applications of one account.
import { check } from "./browser.mjs";

const hook = process.env.HOOK;

export const account = "771144";

/// Sends a document to the hook, which has to answer with this status.
export async function send(document, status = 200) {
  const answer = await fetch(hook, { method: "POST", headers: { "content-type": "application/xml" }, body: document });
  check(answer.status === status, `the hook answers ${answer.status}`);
}

/// An event of an application.
export function application(id, action, time, more = "") {
  return `<?xml version="1.0" encoding="UTF-8"?><event><action>${action}</action><type>application</type><object><application>
    <id>${id}</id><created_at>2026-11-20T09:00:00Z</created_at><updated_at>${time}</updated_at>
    <state>live</state><user_account_id>${account}</user_account_id>${more}</application></object></event>`;
}

/// So many new applications, one after another.
export async function sendApplications(count) {
  for (let number = 0; number < count; number++) {
    await send(application(4000 + number, "created", "2026-11-20T09:00:00Z"));
  }
}
