// The page Door check: asks what a door would say about the webcam's picture, or about a photo.

import { files, picture, send, showFace, start } from "./camera.js";

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

by("start").addEventListener("click", async () => {
  by("start").disabled = true;
  try {
    await start(by("video"));
  } catch {
    by("start").disabled = false;
    say(noCamera);
    return;
  }
  by("start").hidden = true;
  say(cameraOn);
  for (;;) {
    try {
      const checked = await send(`/check/look${query()}`, await picture(by("video")));
      showFace(by("box"), checked.face);
      show(checked);
    } catch (error) {
      say(error.message);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
});

let last = null;
async function checkPhoto() {
  try {
    show(await send(`/check/photo${query()}`, last));
  } catch (error) {
    say(error.message);
  }
}
files(by("drop-zone"), by("files"), async (file) => {
  // Its bytes, because the field is emptied for the next one.
  last = await file.arrayBuffer();
  await checkPhoto();
});
// Another time, card or door: the verdict on the photo is another one.
by("rules").addEventListener("input", () => { if (last) checkPhoto(); });
by("rules").addEventListener("submit", (event) => event.preventDefault());
