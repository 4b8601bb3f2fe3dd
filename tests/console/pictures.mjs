// Pictures of each page: light and dark, wide and narrow. On each, axe looks for what keeps people out.
import { mkdirSync } from "node:fs";
import { base, check, pictures, token, violations, visitor, withBrowser } from "./browser.mjs";
import { signIn } from "./sign-in.mjs";

const pages = JSON.parse(process.env.PAGES);
mkdirSync(pictures, { recursive: true });

await withBrowser(async (browser) => {
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const [width, height] of [[1360, 900], [390, 844]]) {
      const page = await visitor(browser, { colorScheme, viewport: { width, height } });
      const shape = width > 600 ? "wide" : "narrow";
      for (const [name, path] of [["sign-in", "/console/sign-in"], ...pages]) {
        if (name !== "sign-in" && !page.isSignedIn) {
          await signIn(page, token);
          page.isSignedIn = true;
        }
        const answer = await page.goto(path);
        check(answer.status() === 200, `${path}: ${answer.status()}`);
        await page.waitForTimeout(300);
        await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${shape}.png`, fullPage: true });
        for (const one of await violations(page)) found.push(`${name}, ${colorScheme}, ${shape}: ${one}`);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) found.push(`${name}, ${shape}: is ${overflow} px wider than the window`);
      }
      found.push(...page.faults);
      await page.context().close();
    }
  }
  check(found.length === 0, found.join("\n"));
});
