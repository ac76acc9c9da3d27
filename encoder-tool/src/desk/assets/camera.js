// The webcam, and files that are dropped: what the pages Enrol and Door check have in common.

const LONGER_SIDE = 640;

/** Starts the webcam; its pictures are mirrored on the page, and sent as they are. */
export async function start(video) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1280 }, facingMode: "user" }, audio: false });
  video.srcObject = stream;
  try {
    await video.play();
  } catch (error) {
    stop(video);
    throw error;
  }
  addEventListener("pagehide", () => stop(video));
}

/** Switches the webcam off. */
export function stop(video) {
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
}

/** The picture of this moment, as a JPEG. */
export function picture(video) {
  const scale = Math.min(1, LONGER_SIDE / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

/** Sends bytes; the answer is JSON, or an error with the server's text. */
export async function send(address, bytes) {
  const answer = await fetch(address, { method: "POST", body: bytes, headers: { "Content-Type": "application/octet-stream" } });
  if (!answer.ok) throw new Error(textOf(await answer.text()));
  return answer.json();
}

/** Sends a form; the answer is JSON. */
export async function sendForm(address, fields) {
  const answer = await fetch(address, { method: "POST", body: new URLSearchParams(fields) });
  if (!answer.ok) throw new Error(textOf(await answer.text()));
  return answer.json();
}

function textOf(page) {
  const parsed = new DOMParser().parseFromString(page, "text/html");
  return (parsed.querySelector(".wrong") ?? parsed.body).textContent.trim();
}

/** Moves the box to a face; the picture is mirrored, so the box is too. */
export function showFace(box, face) {
  box.hidden = !face;
  if (!face) return;
  const [left, top, width, height] = face;
  box.style.left = `${100 * (1 - left - width)}%`;
  box.style.top = `${100 * top}%`;
  box.style.width = `${100 * width}%`;
  box.style.height = `${100 * height}%`;
}

/** Calls `take` with each file that is chosen or dropped, one after the other. */
export function files(zone, input, take) {
  const each = async (list) => { for (const file of list) await take(file); };
  input.addEventListener("change", async () => { await each([...input.files]); input.value = ""; });
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    each([...event.dataTransfer.files]);
  });
}
