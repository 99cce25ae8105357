"use strict";

/* Shared by the exported page and the served one. Each defines showDrift() and predictFile(file, photo), which returns
   the probabilities and the novelty of a photo, or null in place of the novelty. It may define
   offerMore(file, card, words) to add controls below the bars. photos.js opens photos, rules.js makes answers. */

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

/* Return the rules' answer for a photo, with the label set of the level that is chosen. */
function judge({ probabilities, novelty }) {
  const chosen = about.sets.find(({ level }) => String(level) === $("level").value);
  return answerPhoto(probabilities, novelty, about, chosen ? chosen.threshold : null);
}

/* Draw the answer, the most probable other classes, and what else is known of the photo. */
function drawAnswer(place, found) {
  const { ranked, probabilities, why, labelSet, novelty, isKnown } = found, parts = [];
  const say = (text, name = "soft note") => parts.push(makeElement("p", name, text));
  if (!isKnown) {
    say(found.answer, "none");
    say(describeNovelty(novelty));
    say("Nearest classes:");
  }
  for (const i of ranked.slice(0, N_SHOWN)) {
    const bar = makeElement("div", "bar"), track = makeElement("div", "track"), fill = makeElement("div", "fill");
    const share = `${(100 * probabilities[i]).toFixed(1)}%`;
    fill.style.width = share;
    track.append(fill);
    bar.append(makeElement("span", "", about.labels[i]), track, makeElement("b", "", share));
    parts.push(bar);
  }
  if (why) say(`${why[0].toUpperCase()}${why.slice(1)}.`);
  if (isKnown && labelSet && labelSet.length > 1) say(`Label set: ${joinLabels(labelSet)}.`);
  if (isKnown && novelty !== null) say(describeNovelty(novelty));
  place.classList.toggle("refused", !isKnown);
  place.replaceChildren(...parts);
}

/* Note the answer on a card or the camera's view, for programs. */
function noteAnswer(element, { label, answer, novelty, labelSet }) {
  Object.assign(element.dataset, { label, answer });
  if (novelty !== null) element.dataset.novelty = novelty;
  if (labelSet) element.dataset.labelSet = JSON.stringify(labelSet);
  else delete element.dataset.labelSet;
}

const judged = new WeakMap(); // probabilities and novelty of the photos of cards

/* Write the answer on a card. */
function writeAnswer(card) {
  const found = judge(judged.get(card)), { label, probability, labelSet, isKnown } = found;
  const others = isKnown && labelSet ? labelSet.filter((one) => one !== label) : [];
  const more = isKnown ? ` ${(100 * probability).toFixed(1)}%` : ` nearest: ${label}`;
  const verdict = card.querySelector(".verdict");
  verdict.replaceChildren(makeElement("b", "", found.answer), isKnown ? more : makeElement("span", "soft", more));
  if (others.length) verdict.append(makeElement("span", "soft", `, or ${joinLabels(others)}`));
  drawAnswer(card.querySelector(".bars"), found);
  noteAnswer(card, found);
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
    const found = await predictFile(file, photo);
    judged.set(card, found);
    card.dataset.probabilities = JSON.stringify(found.probabilities);
    writeAnswer(card);
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

/* Show whether the photos are like the training photos. */
function writeDrift(sentence, isDrifting) {
  $("drift").hidden = !sentence;
  $("drift").classList.toggle("alarm", Boolean(isDrifting));
  $("drift").firstChild.textContent = sentence;
}

let queue = Promise.resolve();
function showAll(files) {
  let left = files.length;
  for (const file of files) {
    queue = queue.then(async () => {
      $("status").textContent = `Classifying ${file.name || "a photo"} …${left > 1 ? ` ${left} left` : ""}`;
      await show(file);
      left -= 1;
      if (left) return;
      await showDrift();
      $("status").textContent = "Ready.";
    });
  }
}

function setReady() {
  isReady = true;
  $("files").disabled = false;
  $("status").textContent = "Ready.";
  document.body.dataset.state = "ready";
}

$("level").append(new Option("no", ""), ...about.sets.map(
  ({ level }) => new Option(`with the right label for ${Number((100 * level).toPrecision(6))}% of photos`, String(level)),
));
$("level").value = about.level === null ? "" : String(about.level);
$("levels").hidden = !about.sets.length;
$("level").addEventListener("change", () => {
  for (const card of $("answers").children) if (judged.has(card)) writeAnswer(card);
});
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
