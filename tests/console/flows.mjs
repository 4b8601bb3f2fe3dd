// A day of an operator, once with the keyboard and once without scripts. The Worker's origin `billing` fails once for each
// event and then takes it.
import { check, shows, token, visitor, withBrowser } from "./browser.mjs";
import { signIn } from "./sign-in.mjs";
import { account, application, send } from "./threescale.mjs";

await withBrowser(async (browser) => {
  const page = await visitor(browser, { viewport: { width: 1360, height: 900 } });

  // Signing in: first with a wrong token.
  await page.goto("/console/events?account=1");
  await page.waitForURL("**/console/sign-in*");
  await page.keyboard.type("not-the-token-at-all");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  await page.fill("#token", token);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console/events?account=1");
  check((await page.context().cookies()).some((cookie) => cookie.httpOnly && cookie.sameSite === "Strict"), "the session");

  // The first event shows up by itself; once there is a list, it does not jump: what is new is announced.
  await page.goto("/console/events");
  await page.waitForSelector("[data-live-state=open]");
  await send(application(90377, "created", "2026-11-20T09:00:00Z", "<user_key>first-key-0001</user_key><name>Shop</name>"));
  await page.waitForFunction(() => document.querySelectorAll("[data-row]").length === 1);
  // What comes of its deliveries shows in its row.
  await page.waitForFunction(() => document.querySelector(".deliveries .badge.good[title^=billing]"));
  await send(application(90377, "updated", "2026-11-20T10:00:00Z", "<user_key>second-key-0002</user_key><name>Shop 2</name>"));
  await shows(page, "1 new");
  check((await page.locator("[data-row]").count()) === 1, "the list has jumped");
  await page.keyboard.press("n");
  await page.waitForFunction(() => document.querySelectorAll("[data-row]").length === 2);

  // It is found by its account, and opened, by keyboard.
  await page.keyboard.press("/");
  await page.keyboard.type(account);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/console/events?*q=${account}*`);
  await page.waitForFunction(() => document.querySelectorAll("[data-row]").length === 2);
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  check((await page.locator(".pick input[name=id]:checked").count()) === 1, "x selects");
  await page.keyboard.press("Escape");
  check((await page.locator(".pick input[name=id]:checked").count()) === 0, "Esc clears the selection");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#changes");

  // What changed, without the keys.
  await shows(page, "Shop 2", "#changes");
  check(!(await page.content()).includes("second-key-0002"), "a key is shown");
  await page.click("text=Show credentials");
  await shows(page, "second-key-0002", "#json");
  await page.click("text=Mask them");
  check(!(await page.content()).includes("second-key-0002"), "a key is shown again");

  // The origin fails, and recovers while one looks.
  await shows(page, "503", "#deliveries");
  await page.waitForFunction(() => [...document.querySelectorAll(".delivery")].some((one) =>
    one.innerText.includes("billing") && one.innerText.includes("delivered") && one.innerText.includes("204")));

  // Sent once more, to one.
  await page.click(".delivery:has-text('crm') button");
  await page.waitForURL("**?done=replayed#deliveries");
  await page.waitForFunction(() => {
    const crm = [...document.querySelectorAll(".delivery")].find((one) => one.innerText.includes("crm"));
    return crm.querySelectorAll(".attempts li").length === 2;
  });

  // Esc goes back to the list.
  await page.keyboard.press("Escape");
  await page.waitForURL("**/console/events");

  // Paused, what comes waits; resumed, it goes.
  await page.goto("/console/destinations");
  await page.click(".card:has(h2:text-is('crm')) button:has-text('Pause')");
  await shows(page, "Paused.");
  await page.click(".card:has(h2:text-is('crm')) button:has-text('Resume')");
  await shows(page, "Resumed.");

  // A test event, of a kind that one chooses.
  await page.selectOption(".card:has(h2:text-is('crm')) select", "user.deleted");
  await page.click(".card:has(h2:text-is('crm')) button:has-text('Send a test')");
  await page.waitForURL("**?done=tested");
  await shows(page, "deleted");

  // Which keys there are.
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");

  await page.click("text=Sign out");
  await page.waitForURL("**/console/sign-in");
  await page.goto("/console/events");
  await page.waitForURL("**/console/sign-in*");
  check(page.faults.length === 0, page.faults.join("\n"));

  // Without scripts: signing in, reading, filtering, folding.
  const reader = await visitor(browser, { javaScriptEnabled: false });
  await signIn(reader, token);
  await reader.selectOption("select[name=type]", "application");
  await reader.click("button:has-text('Filter')");
  await reader.waitForURL("**type=application*");
  check((await reader.locator("[data-row]").count()) === 2, "the filtered list without scripts");
  await reader.locator("[data-open]").first().click();
  await reader.waitForSelector("#xml details[open]");
  await reader.locator("#xml summary").first().click();
  check((await reader.locator("#xml > details[open]").count()) === 0, "a block folds without scripts");
  check((await reader.locator("#changes td ins").count()) > 0, "the difference without scripts");
});
