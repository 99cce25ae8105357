"use strict";

/* Shared by the exported page and the served one. Each defines predictFile(file, photo), and may define
   offerMore(file, card, words) to add controls below the bars. photos.js opens photos. */

const about = JSON.parse(document.getElementById("about").textContent);
const $ = (id) => document.getElementById(id);
const N_SHOWN = 5;
const N_CARDS = 50; // older ones are removed
const THUMBNAIL_PX = 400; // the larger side, for screens with two pixels per CSS pixel
let isReady = false;

function makeElement(kind, name, text) {
  const element = document.createElement(kind);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}

/* Draw the answer and the most probable other classes. Return the answer. */
function drawBars(place, probabilities) {
  const answer = decide(probabilities, about.decision);
  const order = probabilities.map((p, i) => [p, i]).sort(
    (one, other) => (other[1] === answer) - (one[1] === answer) || other[0] - one[0] || one[1] - other[1],
  );
  place.replaceChildren(...order.slice(0, N_SHOWN).map(([p, i]) => {
    const bar = makeElement("div", "bar"), track = makeElement("div", "track"), fill = makeElement("div", "fill");
    fill.style.width = `${100 * p}%`;
    track.append(fill);
    bar.append(makeElement("span", "", about.labels[i]), track, makeElement("b", "", `${(100 * p).toFixed(1)}%`));
    return bar;
  }));
  const why = explainDecision(probabilities, about.decision, answer);
  if (why) place.append(makeElement("p", "soft why", `${why[0].toUpperCase()}${why.slice(1)}.`));
  return { label: about.labels[answer], probability: probabilities[answer] };
}

/* Draw a thumbnail: whole photos would fill the memory of a phone. */
function drawThumbnail(photo) {
  const canvas = makeElement("canvas"), scale = Math.min(1, THUMBNAIL_PX / Math.max(photo.width, photo.height));
  canvas.width = Math.max(1, Math.round(photo.width * scale));
  canvas.height = Math.max(1, Math.round(photo.height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  photo.draw(context, scale);
  return canvas;
}

/* A card shows only the answer until it is opened. */
function makeCard(name) {
  const card = makeElement("article", "answer"), frame = makeElement("button", "frame"), words = makeElement("div");
  frame.type = "button";
  frame.title = name;
  frame.setAttribute("aria-label", `More about ${name}`);
  frame.addEventListener("click", () => setOpen(card, !card.classList.contains("open")));
  words.append(makeElement("h2", "", name), makeElement("p", "verdict"), makeElement("div", "bars"));
  card.append(frame, words);
  return card;
}

function setOpen(card, isOpen) {
  card.classList.toggle("open", isOpen);
  card.firstChild.setAttribute("aria-expanded", String(isOpen));
}

/* Show a file with its prediction, or with the reason why there is none. */
async function show(file) {
  const name = file.name || "pasted photo", card = makeCard(name);
  const frame = card.firstChild, verdict = card.querySelector(".verdict"), bars = card.querySelector(".bars");
  card.dataset.file = file.name;
  const photo = await openPhoto(file).catch(() => null); // a server may decode files that the browser cannot
  try {
    const probabilities = await predictFile(file, photo);
    const { label, probability } = drawBars(bars, probabilities);
    card.dataset.label = label;
    card.dataset.probabilities = JSON.stringify(probabilities);
    verdict.append(makeElement("b", "", label), ` ${(100 * probability).toFixed(1)}%`);
    if (typeof offerMore === "function") offerMore(file, card, card.lastChild);
  } catch (error) {
    card.dataset.error = String(error);
    bars.textContent = error.sentence || "Cannot be read: this browser cannot decode it as a photo.";
    verdict.textContent = "Not read.";
  }
  if (photo) {
    frame.append(drawThumbnail(photo));
    photo.close();
  }
  document.querySelectorAll(".answer.newest").forEach((before) => {
    before.classList.remove("newest");
    setOpen(before, false);
  });
  card.classList.add("newest");
  setOpen(card, true);
  $("answers").prepend(card);
  for (const old of [...$("answers").children].slice(N_CARDS)) old.remove();
  showCount(nPhotos + 1);
}

let nPhotos = 0;
function showCount(n) {
  nPhotos = n;
  const shown = n > N_CARDS ? `; only the last ${N_CARDS} are shown` : "";
  $("count").hidden = n === 0;
  $("count").firstChild.textContent = `${n.toLocaleString("en")} photo${n === 1 ? "" : "s, newest first"}${shown}.`;
}

let queue = Promise.resolve();
function showAll(files) {
  let left = files.length;
  for (const file of files) {
    queue = queue.then(async () => {
      $("status").textContent = `Classifying ${file.name || "a photo"} …${left > 1 ? ` ${left} left` : ""}`;
      await show(file);
      left -= 1;
      if (!left) $("status").textContent = "Ready.";
    });
  }
}

function setReady() {
  isReady = true;
  $("files").disabled = false;
  $("status").textContent = "Ready.";
  document.body.dataset.state = "ready";
}

$("clear").addEventListener("click", () => {
  $("answers").replaceChildren();
  showCount(0);
});
$("files").addEventListener("change", (event) => {
  showAll([...event.target.files]);
  event.target.value = ""; // so that the same photo can be chosen again
});
document.addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over"); });
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (isReady) showAll([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => { if (isReady) showAll([...event.clipboardData.files]); });
