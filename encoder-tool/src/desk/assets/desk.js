// What every page does: tell the server that it is open, ask before something is deleted, search, and show new findings.

// A browser opens six connections to one server, so one page of all speaks for them; the others take over when it closes.
navigator.locks.request("presence", () => new Promise(() => {
  const presence = new EventSource("/presence");
  let silent;
  presence.onopen = () => { clearTimeout(silent); document.getElementById("gone").hidden = true; };
  presence.onerror = () => {
    clearTimeout(silent);
    silent = setTimeout(() => { document.getElementById("gone").hidden = false; }, 3000);
  };
}));

document.addEventListener("submit", (event) => {
  const sure = event.submitter?.dataset.sure;
  if (sure && !confirm(sure)) { event.preventDefault(); return; }
  // A second click would send the form twice. The name of the button goes with the form, so it stays until then.
  setTimeout(() => { if (event.submitter) event.submitter.disabled = true; });
});
// A page that the browser kept has its buttons again.
addEventListener("pageshow", () => document.querySelectorAll("form button:disabled").forEach((button) => { button.disabled = false; }));

const search = document.getElementById("search");
const everybody = document.getElementById("matches")?.value;
function filter() {
  if (!search) return;
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0, all = 0;
  for (const row of document.getElementById("people").children) {
    const hit = words.every((word) => row.dataset.search.includes(word));
    row.hidden = !hit;
    shown += hit;
    all += 1;
  }
  const matches = document.getElementById("matches");
  matches.value = words.length ? matches.dataset.of.replace("{}", shown).replace("{}", all) : everybody;
  document.getElementById("nobody-found").hidden = shown > 0;
}
search?.addEventListener("input", filter);
search?.form.addEventListener("submit", (event) => event.preventDefault());
if (search?.value) filter();

// What a page still waits for is given up when the user goes on: a connection must be free for that.
const leaving = new AbortController();
addEventListener("pagehide", () => leaving.abort());
document.addEventListener("submit", (event) => { if (!event.defaultPrevented) leaving.abort(); });
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='/']");
  if (link && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && !link.hasAttribute("download")) leaving.abort();
});

async function markup(address) {
  const answer = await fetch(address, { signal: leaving.signal });
  return { ok: answer.ok, text: await answer.text() };
}

// Parts that take a while, such as answers of units: two at a time.
const waiting = [...document.querySelectorAll("[data-load]")];
async function load() {
  for (let part = waiting.shift(); part; part = waiting.shift()) {
    try {
      const { ok, text } = await markup(part.dataset.load);
      if (ok) part.innerHTML = text;
      else part.replaceChildren(new DOMParser().parseFromString(text, "text/html").querySelector(".wrong") ?? text);
    } catch { return; }
  }
}
load();
load();

// Work that is under way.
for (const part of document.querySelectorAll("[data-poll]")) {
  const again = async () => {
    const { ok, text } = await markup(part.dataset.poll).catch(() => ({ ok: false }));
    if (!ok) { if (!leaving.signal.aborted) setTimeout(again, 2000); return; }
    const was = Boolean(part.querySelector("[data-running]"));
    if (part.innerHTML !== text) part.innerHTML = text;
    if (part.querySelector("[data-running]")) setTimeout(again, 500);
    else if (was) look();
  };
  if (part.querySelector("[data-running]")) setTimeout(again, 300);
}

// New findings about photos replace the parts that show them.
const findings = document.getElementById("findings");
async function look() {
  if (!findings || leaving.signal.aborted) return;
  try {
    const state = JSON.parse((await markup("/state")).text);
    if (String(state.version) !== findings.dataset.version || !state.is_looking) await refresh();
  } catch { /* The next try may have more success. */ }
  if ("looking" in findings.dataset) setTimeout(look, 700);
}

async function refresh() {
  const { ok, text } = await markup(findings.dataset.page);
  if (!ok) return;
  const next = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = next.getElementById(part.id);
    // What somebody is using stays as it is, until it is looked at again.
    if (!other || part.contains(document.activeElement)) continue;
    part.innerHTML = other.innerHTML;
    for (const name of ["version", "looking"]) {
      if (name in other.dataset) part.dataset[name] = other.dataset[name]; else delete part.dataset[name];
    }
  }
  filter();
}
if (findings && "looking" in findings.dataset) setTimeout(look, 300);
