// Many events are sent again: first their count, then the progress, then what it touched. Another replay is cancelled.
import { check, hasRows, shows, token, visitor, withBrowser } from "./browser.mjs";
import { signIn } from "./sign-in.mjs";
import { sendApplications } from "./threescale.mjs";

/// Counts the deliveries of all applications to `crm`, and begins.
async function replay(page) {
  await page.goto("/console/replays");
  await page.click("text=Replay many…");
  await page.selectOption("select[name=type]", "application");
  await page.check("input[name=to][value=crm]");
  await page.click("button:text-is('Count')");
  await shows(page, "5 events, 5 deliveries", "#count");
  await page.click("button:has-text('Send 5 deliveries again')");
  await page.waitForURL(/\/console\/replays\/[0-9a-f-]{36}$/);
}

await withBrowser(async (browser) => {
  const page = await visitor(browser);
  await signIn(page, token);
  await sendApplications(5);
  await page.goto("/console/events");
  await hasRows(page, 5);

  // Counting has sent nothing.
  await page.goto("/console/replays/new?type=application");
  await shows(page, "5 events", "#count");
  await page.goto("/console/replays");
  await shows(page, "No replay yet");

  await replay(page);
  await shows(page, "done", "#progress");
  await shows(page, "5 of 5", "#progress");
  await page.click("text=The events that match now");
  await page.waitForURL("**/console/events?*type=application*");
  await hasRows(page, 5);

  // To a destination that waits, it goes on until it is cancelled.
  const crm = ".card:has(h2:text-is('crm'))";
  await page.goto("/console/destinations");
  await page.click(`${crm} button:has-text('Pause')`);
  await shows(page, "Paused.");
  await replay(page);
  await shows(page, "going on", "#progress");
  page.once("dialog", (dialog) => dialog.accept());
  await page.click("button:has-text('Cancel')");
  await page.waitForURL("**?done=cancelled");
  await shows(page, "cancelled", "#progress");
  await shows(page, "0\ndeliveries handed over", "#progress");
  check((await page.locator("button:has-text('Cancel')").count()) === 0, "what is cancelled can be cancelled");
  await page.goto("/console/destinations");
  await page.click(`${crm} button:has-text('Resume')`);
  await shows(page, "Resumed.");

  await page.goto("/console/replays");
  await hasRows(page, 2);
  await shows(page, "cancelled", "[data-row]");
  await page.click("[data-row]:has-text('done') [data-open]");
  await shows(page, "5 of 5", "#progress");
  check(page.faults.length === 0, page.faults.join("\n"));
});
