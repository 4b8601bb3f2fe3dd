// All by keyboard: nothing here clicks, and the page has to say where the keyboard is.
import { check, hasRows, shows, token, visitor, withBrowser } from "./browser.mjs";
import { account, application, send, sendApplications } from "./threescale.mjs";

/// Goes to what says this, as one who sees the page does, and checks that it can be seen there.
async function goTo(page, words) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { words: document.activeElement.innerText?.trim(), outline: `${outlineStyle} ${outlineWidth}` };
    });
    if (at.words !== words) continue;
    check(!/^none|^\S+ 0px/.test(at.outline), `${words} has the focus, and looks as if it had not`);
    return;
  }
  throw new Error(`60 times Tab does not lead to ${words}`);
}

async function press(page, words) {
  await goTo(page, words);
  await page.keyboard.press("Enter");
}

const isAt = (page) => page.locator("[data-row]").evaluateAll((rows) => rows.findIndex((row) => row.matches(".at")));

await withBrowser(async (browser) => {
  const page = await visitor(browser, { viewport: { width: 1360, height: 900 } });
  await page.goto("/");
  await page.waitForURL("**/console/sign-in*");
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/console/events");
  await sendApplications(3);
  await send(application(5000, "suspended", "2026-11-20T10:00:00Z").replaceAll(account, "42"));

  // The keys are told, and Esc closes the list.
  await page.keyboard.press("?");
  await shows(page, "next and previous row", "dialog[open]");
  await page.keyboard.press("Escape");
  check((await page.locator("dialog[open]").count()) === 0, "Esc closes the list of keys");

  // Searched, and walked through.
  await page.keyboard.press("/");
  await page.keyboard.type(account);
  await page.keyboard.press("Enter");
  await page.waitForURL(`**/console/events?q=${account}`);
  await hasRows(page, 3);
  // Esc leaves the field, and does not empty it.
  await page.keyboard.press("Escape");
  check((await page.inputValue("input[name=q]")) === account, "Esc empties the search");
  for (const [key, row] of [["j", 0], ["j", 1], ["j", 2], ["k", 1]]) {
    await page.keyboard.press(key);
    check((await isAt(page)) === row, `${key} leads to row ${row}`);
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console\/events\/[0-9a-f-]{36}$/);
  await shows(page, "4001", "h1");

  // Esc leads back to the list as it was left.
  await page.keyboard.press("Escape");
  await page.waitForURL(`**/console/events?q=${account}`);
  await hasRows(page, 3);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await shows(page, "4002", "h1");
  await shows(page, "delivered", "#deliveries");

  await press(page, "Send again to all");
  await page.waitForURL("**?done=replayed#deliveries");
  await page.waitForFunction(() => {
    const crm = [...document.querySelectorAll(".delivery")].find((one) => one.innerText.includes("crm"));
    return crm.querySelectorAll(".attempts li").length === 2;
  });

  await press(page, "Destinations");
  await page.waitForURL("**/console/destinations");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const crm = await page.locator(".at h2").innerText();
  await press(page, "Pause");
  await shows(page, "Paused.");
  await shows(page, "paused", `.card:nth-of-type(2)`);
  check((await page.locator(".card:has(.badge.calm) h2").innerText()) === crm, "the card at which the keyboard was is paused");
  await press(page, "Resume");
  await shows(page, "Resumed.");

  await press(page, "Sign out");
  await page.waitForURL("**/console/sign-in");
  check(page.faults.length === 0, page.faults.join("\n"));
});
