"use strict";

/* What the exported page and the served one have in common; each has its own way to ask,
   askFile(file), and may offer more below the bars, offerMore(file, picture, words). */

const about = JSON.parse(document.getElementById("about").textContent);
const $ = (id) => document.getElementById(id);
const N_SHOWN = 5;
const N_CARDS = 48; // older ones make room
let isReady = false;

function makeElement(kind, name, text) {
  const element = document.createElement(kind);
  if (name) element.className = name;
  if (text) element.textContent = text;
  return element;
}

function drawBars(place, probabilities) {
  const order = probabilities.map((p, i) => [p, i]).sort((one, other) => other[0] - one[0] || one[1] - other[1]);
  place.replaceChildren(...order.slice(0, N_SHOWN).map(([p, i]) => {
    const bar = makeElement("div", "bar"), track = makeElement("div", "track"), fill = makeElement("div", "fill");
    fill.style.width = `${100 * p}%`;
    track.append(fill);
    bar.append(makeElement("span", "", about.labels[i]), track, makeElement("b", "", `${(100 * p).toFixed(1)}%`));
    return bar;
  }));
  return about.labels[order[0][1]];
}

/* Show a file with its answer, or with the reason why there is none. */
async function show(file) {
  const card = makeElement("article", "answer"), words = makeElement("div"), bars = makeElement("div", "bars");
  const picture = makeElement("img");
  words.append(makeElement("h2", "", file.name || "pasted photo"), bars);
  card.append(picture, words);
  card.dataset.file = file.name;
  try {
    const probabilities = await askFile(file);
    picture.src = URL.createObjectURL(file);
    picture.alt = file.name;
    card.dataset.label = drawBars(bars, probabilities);
    card.dataset.probabilities = JSON.stringify(probabilities);
    if (typeof offerMore === "function") offerMore(file, picture, words);
  } catch (error) {
    card.dataset.error = String(error);
    bars.textContent = error.sentence || "Cannot be read: it is no photo that this browser knows.";
  }
  $("answers").prepend(card);
  for (const old of [...$("answers").children].slice(N_CARDS)) {
    URL.revokeObjectURL(old.querySelector("img").src);
    old.remove();
  }
}

let queue = Promise.resolve();
function showAll(files) {
  let left = files.length;
  for (const file of files) {
    queue = queue.then(async () => {
      $("status").textContent = `Looking at ${file.name || "a photo"} …${left > 1 ? ` ${left} to go` : ""}`;
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

$("files").addEventListener("change", (event) => {
  showAll([...event.target.files]);
  event.target.value = ""; // the same photo may be chosen again
});
document.addEventListener("dragover", (event) => { event.preventDefault(); $("drop").classList.add("over"); });
document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (isReady) showAll([...event.dataTransfer.files]);
});
document.addEventListener("paste", (event) => { if (isReady) showAll([...event.clipboardData.files]); });
