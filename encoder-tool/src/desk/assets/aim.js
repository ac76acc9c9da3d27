// The page that aims a camera: asks for the newest picture, and shows it with the faces and the unit's advice.

import { sendForm } from "./camera.js";

const by = (id) => document.getElementById(id);
const at = by("aim").dataset.at;
let shown = 0;

function show(state) {
  by("start").hidden = state.is_running;
  by("stop").hidden = !state.is_running;
  by("lines").classList.toggle("bad", !state.is_running);
  by("lines").replaceChildren(...state.lines.map((line) => {
    const item = document.createElement("li");
    item.textContent = line;
    return item;
  }));
  by("boxes").replaceChildren(...(state.is_running ? state.boxes : []).map(([left, top, width, height]) => {
    const box = document.createElement("div");
    box.className = "box";
    Object.assign(box.style, { left: `${100 * left}%`, top: `${100 * top}%`, width: `${100 * width}%`, height: `${100 * height}%` });
    return box;
  }));
  by("picture").hidden = !state.is_running || state.picture === 0;
  if (state.picture !== shown && state.picture > 0) {
    shown = state.picture;
    by("picture").src = `${at}/picture?number=${shown}`;
  }
}

async function follow() {
  for (;;) {
    const state = await fetch(`${at}/state`).then((answer) => answer.json(), () => null);
    if (state) show(state);
    if (state && !state.is_running) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

by("start").addEventListener("click", async () => {
  show(await sendForm(`${at}/start`, {}));
  follow();
});
by("stop").addEventListener("click", async () => show(await sendForm(`${at}/stop`, {})));
