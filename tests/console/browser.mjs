// A browser for the tests of the console: Debian's Chromium, driven by Playwright. It is told by the environment where
// the Worker is (URL), the token of its operator (TOKEN), and where pictures go (PICTURES).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

export const base = process.env.URL;
export const token = process.env.TOKEN;
export const pictures = process.env.PICTURES;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function withBrowser(test) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    // The tests run as root in a container, and load nothing but our own pages.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  try {
    await test(browser);
  } catch (error) {
    // What somebody would have seen who looked on.
    for (const page of browser.contexts().flatMap((context) => context.pages())) {
      const text = await page.evaluate(() => document.body.innerText).catch((error) => String(error));
      console.error(`${page.url()}:\n${text.slice(0, 2000)}\n`);
    }
    throw error;
  } finally {
    await browser.close();
  }
}

/// A page of a new visitor. What the browser refuses for the policy's sake, and errors in scripts, fail the test.
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ baseURL: base, locale: "en-GB", timezoneId: "UTC", ...options });
  context.setDefaultTimeout(15000);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(`an error in a script: ${error}`));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) faults.push(message.text());
  });
  page.faults = faults;
  return page;
}

export function check(is, words) {
  if (!is) throw new Error(words);
}

/// Waits until an element says this.
export const shows = (page, text, selector = "main") =>
  page.waitForFunction(([selector, text]) => document.querySelector(selector)?.innerText.includes(text), [selector, text]);

/// Waits until the list has so many rows.
export const hasRows = (page, count) =>
  page.waitForFunction((count) => document.querySelectorAll("[data-row]").length === count, count);

/// What axe finds wrong with the page as it is.
export async function violations(page) {
  // Into the page's own world by the debugger, which the policy does not govern.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((one) => {
    const places = one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} (${node.failureSummary})`);
    return `${one.id}: ${one.help}: ${places.join("; ")}`;
  });
}
