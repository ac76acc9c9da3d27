// What every page does: tell the server that it is open, ask before something is deleted, search, and show new findings.

const presence = new EventSource("/presence");
let silent;
presence.onopen = () => { clearTimeout(silent); document.getElementById("gone").hidden = true; };
presence.onerror = () => {
  clearTimeout(silent);
  silent = setTimeout(() => { document.getElementById("gone").hidden = false; }, 3000);
};

document.addEventListener("submit", (event) => {
  const sure = event.submitter?.dataset.sure;
  if (sure && !confirm(sure)) { event.preventDefault(); return; }
  // A second click would send the form twice. The name of the button goes with the form, so it stays until then.
  setTimeout(() => { if (event.submitter) event.submitter.disabled = true; });
});
// A page that the browser kept has its buttons again.
addEventListener("pageshow", () => document.querySelectorAll("form button:disabled").forEach((button) => { button.disabled = false; }));

const search = document.getElementById("search");
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
  matches.value = matches.dataset.of.replace("{}", shown).replace("{}", all);
  document.getElementById("nobody-found").hidden = shown > 0;
}
search?.addEventListener("input", filter);
search?.form.addEventListener("submit", (event) => event.preventDefault());
if (search?.value) filter();

async function markup(address) {
  const answer = await fetch(address);
  return { ok: answer.ok, text: await answer.text() };
}

// Parts that take a while, such as answers of units.
for (const part of document.querySelectorAll("[data-load]")) {
  markup(part.dataset.load).then(({ text }) => { part.innerHTML = text; part.dataset.loaded = "yes"; }, () => {});
}

// Work that is under way.
for (const part of document.querySelectorAll("[data-poll]")) {
  const again = async () => {
    const { ok, text } = await markup(part.dataset.poll).catch(() => ({ ok: false }));
    if (!ok) return;
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
  if (!findings) return;
  const state = await (await fetch("/state")).json();
  if (String(state.version) !== findings.dataset.version || !state.is_looking) {
    const { ok, text } = await markup(location.href);
    if (!ok) return;
    const next = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const other = next.getElementById(part.id);
      if (!other) continue;
      if (!part.contains(document.activeElement)) part.innerHTML = other.innerHTML;
      for (const name of ["version", "looking"]) {
        if (name in other.dataset) part.dataset[name] = other.dataset[name]; else delete part.dataset[name];
      }
    }
    filter();
  }
  if ("looking" in findings.dataset) setTimeout(look, 700);
}
if (findings && "looking" in findings.dataset) setTimeout(look, 300);
