// The page Door check: asks what a door would say about the webcam's picture, or about a photo.

import { files, picture, send, showFace, start, stop } from "./camera.js";

const by = (id) => document.getElementById(id);
const { noCamera, cameraOn } = by("check").dataset;
const query = () => "?" + new URLSearchParams(new FormData(by("rules")));

function say(text) {
  if (by("verdict").textContent !== text) by("verdict").textContent = text;
}

function show(checked) {
  say(checked.words);
  by("verdict").classList.toggle("opens", checked.opens);
  by("why").replaceChildren(...checked.why.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
}

// The photo that was checked last.
let last = null;
// Each start begins a run; what an earlier run still waits for is dropped.
let run = 0;
by("start").addEventListener("click", async () => {
  const hadFocus = document.activeElement === by("start");
  by("start").disabled = true;
  by("camera-says").textContent = "";
  try {
    await start(by("video"));
  } catch {
    by("start").disabled = false;
    by("camera-says").textContent = noCamera;
    return;
  }
  by("start").hidden = true;
  by("stop").hidden = false;
  if (hadFocus) by("stop").focus();
  show({ words: cameraOn, opens: false, why: [] });
  last = null;
  const own = ++run;
  while (own === run) {
    try {
      const checked = await send(`/check/look${query()}`, await picture(by("video")));
      if (own !== run) break;
      showFace(by("box"), checked.face);
      show(checked);
    } catch (error) {
      if (own === run) say(error.message);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
});
function off() {
  run += 1;
  stop(by("video"));
  showFace(by("box"), null);
  by("stop").hidden = true;
  by("start").hidden = false;
  by("start").disabled = false;
}
by("stop").addEventListener("click", () => {
  off();
  show({ words: "", opens: false, why: [] });
  by("start").focus();
});

let asked = 0;
async function checkPhoto() {
  const own = ++asked;
  try {
    const checked = await send(`/check/photo${query()}`, last.bytes);
    // The rules may have changed meanwhile.
    if (own === asked) show({ ...checked, words: `${last.name}: ${checked.words}` });
  } catch (error) {
    say(error.message);
  }
}
files(by("drop-zone"), by("files"), async (file) => {
  off();
  // Its bytes, because the field is emptied for the next one.
  last = { name: file.name, bytes: await file.arrayBuffer() };
  await checkPhoto();
});
// Another time, card or door: the verdict on the photo is another one.
by("rules").addEventListener("input", () => { if (last) checkPhoto(); });
by("rules").addEventListener("submit", (event) => event.preventDefault());
