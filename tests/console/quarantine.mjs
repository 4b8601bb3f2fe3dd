// Something unreadable: seen where it broke, parsed again in vain, dropped; and what a later version can read is parsed
// again, one and then all. Four bodies are there already, of which the three oldest can be read by now.
import { check, hasRows, shows, token, visitor, withBrowser } from "./browser.mjs";
import { signIn } from "./sign-in.mjs";
import { send } from "./threescale.mjs";

const accept = (page) => page.once("dialog", (dialog) => dialog.accept());

await withBrowser(async (browser) => {
  const page = await visitor(browser);
  await signIn(page, token);
  await send("<event>\n  <action>created</action>\n  <type>user</typo>\n</event>", 422);

  // The first page says how many there are, and leads to them.
  await page.goto("/console/events");
  await shows(page, "5", ".figure.odd");
  await page.click(".figure.odd");
  await page.waitForURL("**/console/quarantine");
  await hasRows(page, 5);
  await shows(page, "line 3, column 13", "[data-row]");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await shows(page, "</typo>", ".broken .at");
  check((await page.locator(".broken mark").innerText()) === "<", "the place is marked");

  await page.click("button:has-text('Parse again')");
  await page.waitForURL("**?done=unparsable");
  await shows(page, "It cannot be parsed now either.");
  accept(page);
  await page.click("button:has-text('Drop')");
  await page.waitForURL("**/console/quarantine?done=dropped");
  await hasRows(page, 4);

  // One becomes an event.
  await page.locator("[data-open]").last().click();
  await page.click("button:has-text('Parse again')");
  await page.waitForURL("**/console/events/*?done=reparsed");
  await shows(page, "delivered", "#deliveries");

  // The others too, and what still cannot be read stays.
  await page.goto("/console/quarantine");
  await page.selectOption("select[name=code]", "malformed_xml");
  await page.click("button:text-is('Filter')");
  await hasRows(page, 3);
  await page.click("button:has-text('Parse all malformed_xml again')");
  await page.waitForURL("**done=reparsed*");
  await hasRows(page, 1);
  await page.goto("/console/events");
  await hasRows(page, 3);
  await shows(page, "1", ".figure.odd");
  await page.waitForFunction(() => document.querySelectorAll(".badge.good[title^=crm]").length === 3);
  check(page.faults.length === 0, page.faults.join("\n"));
});
