// Signing in, as an operator does.

export async function signIn(page, token) {
  // Until there are sessions: the token goes with each request.
  await page.context().setExtraHTTPHeaders({ authorization: `Bearer ${token}` });
}
