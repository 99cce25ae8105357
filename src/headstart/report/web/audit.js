/* Keys, decisions and the start of the page. */

let nSaved = 0; // number of the last decision that was saved to a file

function move(step) {
  if (!order.length) return;
  const row = rowOf.get(place) ?? -step;
  showFinding(order[Math.max(0, Math.min(order.length - 1, row + step))]);
}

/* Go to the next undecided finding of the list, from the start again at its end. */
function moveOn() {
  const row = rowOf.get(place) ?? -1;
  const next = [...order.slice(row + 1), ...order.slice(0, Math.max(0, row))].find(isOpen);
  if (next !== undefined) place = next;
  if (onlyOpen) filterList();
  showFinding(place);
  if (next !== undefined) return;
  const nSkipped = order.filter(isSkipped).length, rest = nSkipped ? `, ${nSkipped.toLocaleString("en")} skipped` : "";
  say(kindShown === null ? `All findings are looked at${rest}. Save the decisions.` : `All findings of this kind are looked at${rest}.`, undoButton());
}

/* Rows of decisions.csv: one decision for a photo, and another for the others of its finding. */
function splitRows(paths, at, own, others) {
  return paths.map((path, n) => [path, ...(n === at ? own : others)]);
}

/* Of copies one stays with a label: the marked one if it has the label, else the last one that has it. */
function keepOne(finding, paths, label) {
  const hasLabel = (n) => photos[n].label === label;
  const isMarked = chosen >= 0 && hasLabel(finding.photos[chosen]);
  const found = isMarked ? chosen : finding.photos.findLastIndex(hasLabel);
  const at = found >= 0 ? found : chosen >= 0 ? chosen : paths.length - 1;
  return splitRows(paths, at, found >= 0 ? ["keep", "", ""] : ["relabel", label, ""], ["drop", "", `copy of ${paths[at]}`]);
}

/* The rows of a decision; null: none is taken. */
function listDecision(finding, paths, act, label) {
  const keep = ["keep", "", ""], drop = ["drop", "", ""], all = (decision) => paths.map((path) => [path, ...decision]);
  if (act === "right" && finding.photos.length === 1 && photos[finding.photos[0]].label === null) {
    say("This file is no photo of the set. Leave it out, or skip it.");
    return null;
  }
  if (act === "right") return all(keep);
  if (act === "skip") return all(["skip", "", ""]);
  if (act === "drop-all") return paths.length ? all(drop) : null;
  if (!paths.length || (act === "duplicate" && paths.length < 2)) return null;
  if (act !== "wrong" && chosen < 0) {
    say("These copies have several labels. First mark the photo with the right label: click it, or press c.");
    return null;
  }
  if (act === "drop") return splitRows(paths, chosen, drop, keep);
  if (act === "duplicate") return splitRows(paths, chosen, keep, ["drop", "", `copy of ${paths[chosen]}`]);
  if (!canRelabel(finding)) return null;
  const name = label ?? (hasSeveralLabels(finding) ? null : finding.suggested);
  if (!name) { askForClass(); return null; }
  if (ONE_STAYS.has(finding.kind)) return keepOne(finding, paths, name);
  return name === chosenPhoto(finding).label ? all(keep) : splitRows(paths, chosen, ["relabel", name, ""], keep);
}

function take(act, label) {
  const finding = findings[place], isSet = ABOUT_SET.has(finding.kind) || !finding.photos.length;
  const paths = isSet ? [] : finding.photos.map((n) => photos[n].path);
  const rows = listDecision(finding, paths, act, label);
  if (rows === null) return;
  decide(place, rows, act === "skip");
  drawProgress();
  const who = isSet ? finding.name : paths.length > 1 ? countOf(paths.length, "photo") : nameOf(paths[0]);
  say(`${who}: ${describeRecord(recordOf(place))}`, undoButton());
  moveOn();
}

function askForClass() {
  const first = $("class-field") ?? $("finding").querySelector('[data-act^="wrong-"], .classes button:not(:disabled)');
  first?.focus();
  say(data.classes.length <= MAX_KEYS ? "Choose the class: press its number." : "Choose the class.");
}

function undoButton() {
  return makeButton("plain", undo, "Undo ", makeElement("kbd", "", "u"));
}

function undo() {
  const at = undoLast();
  if (at < 0) { say("There is nothing to undo."); return; }
  if (!rowOf.has(at)) { kindShown = null; drawKinds(); }
  place = at;
  filterList();
  drawProgress();
  showFinding(at);
  say(`Undone: ${findings[at].name}.`);
}

function drawProgress() {
  const nDone = findings.filter((_, at) => isDecided(at)).length, nSkipped = findings.filter((_, at) => isSkipped(at)).length;
  $("done-bar").style.width = `${(100 * nDone) / Math.max(1, findings.length)}%`;
  const skipped = nSkipped ? makeElement("span", "skipped", `, ${nSkipped.toLocaleString("en")} skipped`) : "";
  $("done-text").replaceChildren(`${nDone.toLocaleString("en")} of ${findings.length.toLocaleString("en")} decided`, skipped);
  $("save").disabled = !Object.keys(records).length;
}

async function openFile(file) {
  if (!file) return;
  let text;
  try {
    text = await file.text();
  } catch {
    say(`Cannot read '${file.name}'. Choose another file.`);
    return;
  }
  const [sentence, rest] = readDecisions(text);
  filterList();
  drawProgress();
  showFinding(place);
  say(sentence);
  if (rest) tell(`${sentence} ${rest}`);
  $("help").close();
}

/* A swipe shows the next or the previous finding. */
function followSwipes(element) {
  let from = null;
  element.addEventListener("touchstart", (event) => {
    const isFree = event.touches.length === 1 && !event.target.closest(".strip");
    from = isFree ? event.touches[0] : null;
  }, { passive: true });
  element.addEventListener("touchend", (event) => {
    if (!from) return;
    const to = event.changedTouches[0], across = to.clientX - from.clientX, down = to.clientY - from.clientY;
    from = null;
    if (Math.abs(across) > 70 && Math.abs(across) > 2 * Math.abs(down)) move(across < 0 ? 1 : -1);
  }, { passive: true });
}

const ACTIONS = { r: "right", w: "wrong", d: "duplicate", x: "drop", X: "drop-all", s: "skip" };

function handleKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const { key } = event;
  if ($("help").open || $("map").open) {
    if ((key === "?" && $("help").open) || (key === "o" && $("map").open)) document.querySelector("dialog[open]").close();
    return;
  }
  if (key === "j" || key === "ArrowRight") move(1);
  else if (key === "k" || key === "ArrowLeft") move(-1);
  else if (event.target === $("list") && (key === "ArrowDown" || key === "ArrowUp")) move(key === "ArrowDown" ? 1 : -1);
  else if (event.target === $("list") && (key === "Home" || key === "End")) showFinding(order.at(key === "Home" ? 0 : -1) ?? place);
  else if (key in ACTIONS) { if (!event.repeat) take(ACTIONS[key]); }
  else if (key === "u") undo();
  else if (key === "c") chooseNext();
  else if (key === "z") { if ($("zoom").open) $("zoom").close(); else zoomPhoto(findings[place]?.photos[Math.max(0, chosen)]); }
  else if (key === "o") openMap();
  else if (key === "?") $("help").showModal();
  else if (/^[1-9]$/.test(key) && data.classes.length <= MAX_KEYS && data.classes[key - 1]) { if (!event.repeat) take("wrong", data.classes[key - 1].label); }
  else return;
  event.preventDefault();
}

function start() {
  $("title").textContent = data.title;
  $("sentences").textContent = data.sentences.join(" ");
  loadRecords();
  if (!canStore) warnAboutStorage();
  drawKinds();
  filterList();
  prepareMap();
  prepareDialogs();
  document.addEventListener("keydown", handleKey);
  $("only-open").addEventListener("change", (event) => { onlyOpen = event.target.checked; filterList(); drawFinding(); followList(); });
  $("close-list").addEventListener("click", () => $("side").classList.remove("open"));
  $("open-map").addEventListener("click", openMap);
  $("open-help").addEventListener("click", () => $("help").showModal());
  $("save").addEventListener("click", () => {
    const n = saveDecisions();
    nSaved = lastDecision;
    tell(`decisions.csv has ${countOf(n, "photo")}. Apply it in a terminal: `, makeElement("code", "", data.command));
  });
  $("open-file").addEventListener("change", (event) => { openFile(event.target.files[0]); event.target.value = ""; });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => { event.preventDefault(); openFile(event.dataTransfer.files[0]); });
  addEventListener("beforeunload", (event) => { if (!canStore && nSaved < lastDecision) event.preventDefault(); });
  addEventListener("pagehide", storeRecords);
  addEventListener("storage", (event) => { // another tab decided
    if (event.key !== STORE || event.newValue === null) return;
    records = JSON.parse(event.newValue).records;
    lastDecision = Math.max(0, ...Object.values(records).map((record) => record.n));
    settlePhotos();
    drawProgress();
    followList();
  });
  followSwipes($("finding"));
  followSwipes($("zoom"));
  drawProgress();
  showFinding(place);
  document.body.dataset.state = "ready";
}

start();
