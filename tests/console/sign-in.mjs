// Signing in, as an operator does.

export async function signIn(page, token) {
  await page.goto("/console/sign-in");
  await page.fill("#token", token);
  await page.press("#token", "Enter");
  await page.waitForURL("**/console/events");
}
