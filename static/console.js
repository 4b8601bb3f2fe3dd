// What moves in the console. Every page works without this: it adds the keyboard, the bell that says that something new
// has come, times that stay true, copying, and the switch between light and dark.
"use strict";

const root = document.documentElement;
root.classList.add("js");

const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const one = (selector, within = document) => within.querySelector(selector);

// Times.

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

function inWords(seconds) {
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS.at(-1);
  return `${Math.floor(seconds / size)} ${unit}`;
}

function tick() {
  for (const time of all("time[data-ago], time[data-until]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const isPast = "ago" in time.dataset;
    const passed = isPast ? seconds : -seconds;
    const words = passed < 1 ? "now" : isPast ? `${inWords(passed)} ago` : `in ${inWords(passed)}`;
    if (time.textContent !== words) time.textContent = words;
  }
}

// What only works with this script shows itself.

function enhance(within = document) {
  for (const element of all("[data-copy], [data-theme-switch], [data-keys], [data-all]", within)) element.hidden = false;
  for (const time of all("time[datetime]", within)) {
    time.title = `${new Date(time.dateTime).toLocaleString()} here, ${time.dateTime} UTC`;
  }
  tick();
  countPicked();
}

// Light and dark.

function switchTheme() {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const next = (root.dataset.theme || (isDark ? "dark" : "light")) === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  document.cookie = `theme=${next}; path=/console; max-age=31536000; samesite=strict`;
}

// Selecting.

const picks = () => all(".pick input[name=id]");

function countPicked() {
  const place = one("[data-picked]");
  if (!place) return;
  const picked = picks().filter((pick) => pick.checked).length;
  place.textContent = picked === 0 ? "" : `${picked} selected`;
  const whole = one("[data-all]");
  if (whole) whole.checked = picked > 0 && picked === picks().length;
}

// The row that the keyboard is at.

let at = -1;

function move(by) {
  const rows = all("[data-row]");
  if (rows.length === 0) return;
  at = Math.max(0, Math.min(rows.length - 1, at + by));
  rows.forEach((row, index) => row.classList.toggle("at", index === at));
  rows[at].scrollIntoView({ block: "nearest" });
  one("a[data-open], a, button", rows[at])?.focus({ preventScroll: true });
}

const current = () => all("[data-row]")[at];

const isWriting = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");

const KEYS = {
  "/": () => one("[data-search], input[type=search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  x: () => {
    const pick = current() && one(".pick input", current());
    if (pick) pick.checked = !pick.checked;
    countPicked();
  },
  n: () => one("[data-fresh]")?.click(),
  "?": () => one("#keys")?.showModal(),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") return leave(event);
  if (isWriting(event.target) || one("dialog[open]")) return;
  if (event.key === "Enter" && event.target === document.body && current()) {
    one("[data-open]", current())?.click();
    return;
  }
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function leave(event) {
  if (one("dialog[open]")) return;
  if (isWriting(event.target)) {
    // A browser would empty a search by it, and the list would no longer be what was searched for.
    event.preventDefault();
    return event.target.blur();
  }
  const picked = picks().filter((pick) => pick.checked);
  if (picked.length > 0) {
    for (const pick of picked) pick.checked = false;
    return countPicked();
  }
  const back = one("[data-back]");
  // If one came from there: with its filter, and where one was in it.
  const isWhence = back && document.referrer && new URL(document.referrer).pathname === back.pathname;
  if (isWhence && history.length > 1) history.back();
  else back?.click();
}

// Clicks.

async function onClick(event) {
  const target = event.target.closest("[data-copy], [data-theme-switch], [data-keys], [data-fresh]");
  if (!target) return;
  if ("themeSwitch" in target.dataset) return switchTheme();
  if ("keys" in target.dataset) return one("#keys")?.showModal();
  if ("fresh" in target.dataset) return refresh("#list, #strip");
  const text = documentText(one(`#${CSS.escape(target.dataset.copy)}`));
  await navigator.clipboard.writeText(text);
  const words = target.lastChild;
  const before = words.textContent;
  words.textContent = "Copied";
  setTimeout(() => (words.textContent = before), 1500);
}

// What is copied: of a document, a line for each of its lines, indented by its blocks.
function documentText(element) {
  if (!element.matches("div.code")) return element.textContent;
  const lines = [];
  const write = (node, depth) => {
    const children = [...node.children];
    children.forEach((child, index) => {
      if (child.tagName === "DETAILS") return write(child, depth + 1);
      const isEdge = node.tagName === "DETAILS" && (index === 0 || index === children.length - 1);
      lines.push("  ".repeat(Math.max(0, isEdge ? depth - 1 : depth)) + child.textContent);
    });
  };
  write(element, 0);
  return lines.join("\n");
}

function onSubmit(event) {
  const question = event.submitter?.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
}

// Empty fields make long addresses.
function leaveOutEmpty(event) {
  const { body } = event.detail.ctx.request;
  for (const [name, value] of [...(body ?? [])]) {
    if (value === "") body.delete(name);
  }
}

// Something new. The bell says only that: the page asks for its own address again, and takes what it needs of it.

let isFetching = false;

async function fetched() {
  const answer = await fetch(location.href, { headers: { "HX-Request": "true" } });
  if (answer.redirected || !answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function replace(selector, page) {
  for (const place of all(selector)) {
    const fresh = one(`#${place.id}`, page);
    if (!fresh) continue;
    const unfolded = all("details", place).map((details) => details.open);
    all("details", fresh).forEach((details, index) => (details.open = unfolded[index] ?? details.open));
    place.replaceWith(fresh);
    htmx?.process?.(fresh);
    enhance(fresh);
  }
}

async function refresh(selector) {
  const page = await fetched();
  if (page) replace(selector, page);
  at = -1;
}

// Events that were not there when the list was made: they are announced, and the list stays as it is.
async function look() {
  if (isFetching || document.hidden) return;
  isFetching = true;
  try {
    const list = one("#list");
    const moving = all("[data-refresh]");
    if (!list && moving.length === 0) return;
    const asked = location.href;
    const page = await fetched();
    if (!page) return;
    // Somebody is searching meanwhile: htmx drops an answer whose place was replaced, and this one is about another list.
    if (one(".htmx-request") || location.href !== asked) return ring();
    replace("#strip", page);
    for (const part of moving) {
      // Not under somebody's hand.
      if (!part.contains(document.activeElement)) replace(`#${part.id}`, page);
    }
    if (list && list.dataset.live === "true") announce(list, one("#list", page));
  } catch {
    // The next bell tries again.
  } finally {
    isFetching = false;
  }
}

function announce(list, fresh) {
  if (!fresh) return;
  for (const link of all("[data-open]", fresh)) {
    // What is known of the rows that are there is kept true; none moves.
    const row = one(`[data-open][href="${CSS.escape(link.getAttribute("href"))}"]`, list)?.closest("tr");
    const cell = row && one(".deliveries", row);
    const news = one(".deliveries", link.closest("tr"));
    if (cell && cell.innerHTML !== news.innerHTML) cell.replaceWith(news);
  }
  if (fresh.dataset.newest === list.dataset.newest) return;
  const known = new Set(picks().map((pick) => pick.value).concat(all("[data-open]", list).map((link) => link.pathname)));
  const links = all("[data-open]", fresh);
  const news = links.filter((link) => !known.has(new URL(link.href, location).pathname)).length;
  if (known.size === 0) return replace("#list", fresh.ownerDocument);
  const button = one("[data-fresh]", list);
  one("span", button).textContent = news === links.length ? `${news}+ new` : `${news} new`;
  button.parentElement.hidden = news === 0;
}

let bell = 0;

function ring() {
  clearTimeout(bell);
  bell = setTimeout(look, 250);
}

let poll = 0;

function say(state) {
  const place = one("[data-live-state]");
  if (place) {
    place.hidden = false;
    place.dataset.liveState = state;
    one("span", place).textContent = state === "open" ? "live" : "looks every 5 s";
  }
  clearInterval(poll);
  if (state !== "open") poll = setInterval(look, 5000);
}

function listen(wait = 1000) {
  if (!one("#list, [data-refresh]")) return;
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/v1/tail`);
  socket.onopen = () => {
    wait = 1000;
    say("open");
    ring();
  };
  socket.onmessage = ring;
  socket.onclose = () => {
    say("polling");
    setTimeout(() => listen(Math.min(wait * 2, 60000)), wait);
  };
}

// `make dev` prints a link with the laptop's token after its #, which no server sees.
const token = one("#token");
if (token && location.hash.length > 1) {
  token.value = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-all]")) for (const pick of picks()) pick.checked = event.target.checked;
  countPicked();
});
document.addEventListener("htmx:config:request", leaveOutEmpty);
document.addEventListener("htmx:after:swap", () => {
  at = -1;
  enhance();
});
document.addEventListener("visibilitychange", () => document.hidden || ring());
setInterval(tick, 1000);
enhance();
listen();
