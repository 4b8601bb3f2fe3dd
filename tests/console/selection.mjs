// Several events are selected and sent again, and those that match a filter are exported.
import { readFileSync } from "node:fs";
import { check, hasRows, shows, token, visitor, withBrowser } from "./browser.mjs";
import { signIn } from "./sign-in.mjs";
import { application, send, sendApplications } from "./threescale.mjs";

const selected = (page) => page.locator(".pick input[name=id]:checked").count();

await withBrowser(async (browser) => {
  const page = await visitor(browser, { acceptDownloads: true });
  await signIn(page, token);
  await sendApplications(3);
  await send(application(5000, "suspended", "2026-11-20T10:00:00Z"));
  await page.goto("/console/events");
  await hasRows(page, 4);
  await page.waitForFunction(() => document.querySelectorAll(".badge.good[title^=crm]").length === 4);

  // All, none, and then two of them by key.
  await page.check("[data-all]");
  check((await selected(page)) === 4, "the box on top selects all");
  await page.keyboard.press("Escape");
  check((await selected(page)) === 0, "Esc clears the selection");
  for (const key of ["j", "x", "j", "j", "x"]) await page.keyboard.press(key);
  await shows(page, "2 selected", ".picked");
  const ids = await page.locator(".pick input[name=id]:checked").evaluateAll((picks) => picks.map((pick) => pick.value));
  await page.click("text=Send the selected again");
  await page.waitForURL("**done=replayed-some*");
  await shows(page, "are being sent again");
  check((await selected(page)) === 0, "nothing is selected after it");
  for (const id of ids) {
    await page.goto(`/console/events/${id}`);
    await page.waitForFunction(() => {
      const crm = [...document.querySelectorAll(".delivery")].find((one) => one.innerText.includes("crm"));
      return crm.querySelectorAll(".attempts li").length === 2;
    });
  }

  // The export has what the filter shows.
  await page.goto("/console/events?action=created");
  await hasRows(page, 3);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=NDJSON")]);
  const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
  const objects = lines.map((line) => JSON.parse(line).subject).sort();
  check(objects.join() === "application/4000,application/4001,application/4002", `exported: ${objects}`);
  check(page.faults.length === 0, page.faults.join("\n"));

  // What is copied is what is shown.
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/console/sources");
  await page.click("[data-copy^=url-]");
  await shows(page, "Copied");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  check(/^http:\S+\/hooks\/\w+\?token=…$/.test(copied), `our URL is copied: ${copied}`);
});
