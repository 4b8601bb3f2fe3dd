// The live tail: a client's socket, joined to one of each inbox that it listens to. `admitTail`, in Rust, decides who
// may listen to which.

export async function callTail(entry, request) {
  const inboxes = await entry.admitTail(entry.env, request);
  if (!Array.isArray(inboxes)) return inboxes;
  let answers;
  try {
    const headers = { upgrade: "websocket" };
    const ask = (name) => entry.env.INBOX.getByName(name).fetch("https://inbox/tail", { headers });
    answers = await Promise.all(inboxes.map(ask));
  } catch (error) {
    return entry.tailUnavailable(String(error));
  }
  // The inbox's own socket: nothing of this Worker stays between.
  if (answers.length === 1) return answers[0];
  const sockets = answers.map(({ webSocket }) => webSocket).filter(Boolean);
  sockets.forEach((socket) => socket.accept());
  const refusal = answers.find(({ webSocket }) => !webSocket);
  if (refusal === undefined) return join(sockets);
  sockets.forEach((socket) => close(socket, 1000));
  return refusal;
}

// What rings in one of these rings at the client. A ping is answered once every inbox has answered it.
function join(sockets) {
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  const end = (code) => [server, ...sockets].forEach((socket) => close(socket, code));
  let pongs = 0;
  for (const socket of sockets) {
    socket.addEventListener("message", ({ data }) => {
      if (data !== "pong" || ++pongs % sockets.length === 0) send(server, data);
    });
    // "Service restart": the client connects again.
    socket.addEventListener("close", () => end(1012));
    socket.addEventListener("error", () => end(1012));
  }
  server.addEventListener("message", ({ data }) => {
    if (data === "ping") sockets.forEach((socket) => send(socket, data));
  });
  server.addEventListener("close", () => end(1000));
  server.addEventListener("error", () => end(1000));
  return new Response(null, { status: 101, webSocket: client });
}

// A socket that has closed meanwhile throws.
function send(socket, data) {
  try {
    socket.send(data);
  } catch {}
}

function close(socket, code) {
  try {
    socket.close(code);
  } catch {}
}
