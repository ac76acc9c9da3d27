// The page Enrol: five poses before the webcam, dropped photos, and the photos so far.

import { files, picture, send, sendForm, showFace, start, stop } from "./camera.js";

const part = document.getElementById("enrol");
const { draft, person, noCamera, cameraOn, cameraOff } = part.dataset;
const by = (id) => document.getElementById(id);
const query = `?draft=${draft}&person=${person}`;
let isDone = false;
// Whether the webcam is on. Each start begins a run; what an earlier run still waits for is dropped.
let isOn = false;
let isLooking = false;
let run = 0;

function say(text) {
  // Screen readers read each change: the same text again is none.
  if (text && by("advice").textContent !== text) by("advice").textContent = text;
}

function show(looked) {
  if (looked.photos !== undefined) by("photos").innerHTML = looked.photos;
  by("poses").value = looked.posed;
  isDone = looked.is_done;
  by("again").hidden = isLooking || !isOn;
}

/// Does something that a page may fail to do, and says so.
async function attempt(what) {
  try { await what(); } catch (error) { say(error.message); }
}

async function look() {
  const own = ++run;
  isLooking = true;
  while (!isDone && own === run) {
    try {
      const looked = await send(`/enrol/look${query}`, await picture(by("video")));
      show(looked);
      if (own !== run) return;
      showFace(by("box"), looked.face);
      say(looked.words);
    } catch (error) {
      if (own === run) say(error.message);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
  if (own !== run) return;
  isLooking = false;
  showFace(by("box"), null);
  by("again").hidden = !isOn;
}

by("start").addEventListener("click", async () => {
  const hadFocus = document.activeElement === by("start");
  by("start").disabled = true;
  try {
    await start(by("video"));
    isOn = true;
    by("start").hidden = true;
    by("stop").hidden = false;
    if (hadFocus) by("stop").focus();
    say(cameraOn);
  } catch {
    by("start").disabled = false;
    say(noCamera);
    return;
  }
  again();
});
by("again").addEventListener("click", again);
by("stop").addEventListener("click", () => {
  isOn = isLooking = false;
  run += 1;
  stop(by("video"));
  showFace(by("box"), null);
  by("stop").hidden = by("again").hidden = true;
  by("start").hidden = false;
  by("start").disabled = false;
  by("start").focus();
  say(cameraOff);
});

/// The time for the first pose begins now.
function again() {
  attempt(async () => {
    show(await sendForm("/enrol/again", { draft, person }));
    if (isOn) look();
  });
}

/// A line for each file, so that no refusal is overwritten by the next one.
files(by("drop-zone"), by("files"), async (file) => {
  const line = document.createElement("p");
  line.textContent = `${file.name}: …`;
  by("dropped").append(line);
  try {
    const looked = await send(`/enrol/photo${query}`, file);
    line.textContent = `${file.name}: ${looked.words}`;
    line.classList.toggle("bad", looked.is_refused);
    show(looked);
  } catch (error) {
    line.textContent = `${file.name}: ${error.message}`;
    line.className = "bad";
  }
});

by("photos").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-draft]");
  if (!button) return;
  button.disabled = true;
  attempt(async () => show(await sendForm(`/enrol/${button.dataset.draft}`, { draft, person, photo: button.dataset.photo ?? "" })));
});

// A photo that misses its place must not replace the page, and photos that are not saved must not be lost by a click.
addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", (event) => event.preventDefault());
let isSaving = false;
by("save").addEventListener("submit", () => { isSaving = true; });
// The photos go along to the person that they are added to.
by("photos").addEventListener("click", (event) => {
  if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.shiftKey) isSaving = true;
});
addEventListener("beforeunload", (event) => {
  if (!isSaving && by("photos").querySelector("img")) event.preventDefault();
});
