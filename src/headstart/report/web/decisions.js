/* Decisions on findings: they are kept in local storage, and become one row of decisions.csv for each photo.

   A record of a finding is {n, rows, before}: n counts the decisions, rows are [path, decision, new label, note], and
   before is the record that it replaced, for undo. A finding about the whole set has no rows: it was seen, or skipped
   (isSkipped). */

const data = JSON.parse(document.getElementById("data").textContent);
const { photos, findings } = data;
const STORE = `headstart-audit:${data.id}`;
const COLUMNS = ["path", "digest", "decision", "label", "new_label", "kind", "note"];
const STRENGTH = { skip: 0, keep: 1, relabel: 2, drop: 3 }; // of decisions on one photo in several findings
const COPIES = new Set(["copy", "near_copy", "lookalike"]);
const ONE_STAYS = new Set(["copy", "near_copy"]); // their last photo is the one to keep
const ABOUT_PICTURE = new Set(["wrong_label", "odd_one", "outlier", "blank", ...ONE_STAYS]); // and not about the file
const ABOUT_SET = new Set(["shortcut", "few_photos", "same_classes", "split_class"]); // their photos are examples

const N_NAMED = 5; // rows or labels that a message names

const keys = nameFindings();
const positions = new Map(keys.map((key, at) => [key, at]));
const photoOf = new Map(photos.map((photo) => [photo.path, photo]));
const copied = new Set(findings.filter((finding) => ONE_STAYS.has(finding.kind)).flatMap((finding) => finding.photos));
let records = {}, place = 0, lastDecision = 0, canStore = true;
let pictures = new Map(); // path -> last decision about what the photo shows, of it or of a copy
let settledPhotos = new Map(); // path -> strongest row of any finding, with its finding

/* Name findings so that a later page of the same photos knows them again. */
function nameFindings() {
  const seen = new Map();
  return findings.map((finding) => {
    const first = photos[finding.photos[0]];
    const isSet = ABOUT_SET.has(finding.kind) || !first;
    const parts = [finding.kind, finding.label, finding.suggested, isSet ? "" : first.digest.slice(0, 16) || first.path];
    const name = parts.map((part) => part ?? "").join("|"), n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return n === 1 ? name : `${name}|${n}`;
  });
}

function loadRecords() {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) ?? "{}");
    records = kept.records ?? {};
    place = Math.min(kept.place ?? 0, Math.max(0, findings.length - 1));
    localStorage.setItem(`${STORE}?`, "1");
    localStorage.removeItem(`${STORE}?`);
  } catch {
    canStore = false;
  }
  lastDecision = Math.max(0, ...Object.values(records).map((record) => record.n));
  settlePhotos();
}

const LONG_MS = 5;
let storeTimer = 0, storeMs = 0; // storeMs: time that the last writing took
/* Store at once, or soon if that takes long: 10,000 decisions take 20 ms to write. A page that is closed stores, too,
   but the next page may have read the store by then. */
function storeSoon() {
  clearTimeout(storeTimer);
  if (storeMs < LONG_MS) storeRecords();
  else storeTimer = setTimeout(storeRecords, 200);
}

function storeRecords() {
  clearTimeout(storeTimer);
  if (!canStore) return;
  try {
    const start = performance.now();
    localStorage.setItem(STORE, JSON.stringify({ records, place }));
    storeMs = performance.now() - start;
  } catch {
    canStore = false;
    warnAboutStorage();
  }
}

function settlePhotos() {
  settledPhotos = new Map();
  const order = Object.entries(records).filter(([key]) => positions.has(key)).sort((a, b) => a[1].n - b[1].n);
  for (const [key, record] of order) settleRows(record.rows, positions.get(key));
  sharePictures(order);
}

function settleRows(rows, at) {
  for (const row of rows) {
    const before = settledPhotos.get(row[0]);
    if (before && STRENGTH[before.row[1]] > STRENGTH[row[1]]) continue;
    settledPhotos.set(row[0], { row, at });
  }
}

/* Copies show one picture: the last decision about what one of them shows holds for the file that stays. */
function sharePictures(order) {
  const groups = [];
  pictures = new Map();
  for (const [key, { n, rows }] of order) {
    const finding = findings[positions.get(key)], nLeft = rows.filter((row) => row[1] !== "drop").length;
    const isCopy = COPIES.has(finding.kind), isSkipped = rows.some((row) => row[1] === "skip");
    const isOne = ONE_STAYS.has(finding.kind) && nLeft === 1 && rows.length > 1;
    if (isOne || (finding.kind === "copy" && !hasSeveralLabels(finding) && !isSkipped)) groups.push([finding.kind, rows]);
    for (const [path, decision, label] of rows) {
      const isKnown = decision === "keep" && (finding.kind === "wrong_label" || (isOne && hasSeveralLabels(finding)));
      const known = decision === "relabel" ? label : isKnown ? photoOf.get(path)?.label : null;
      const ofFile = !ABOUT_PICTURE.has(finding.kind); // such as blurred: a near copy may be sharp
      if (known) pictures.set(path, { n, known, path, ofFile: false });
      else if (decision === "drop" && !isCopy && !(ofFile && pictures.has(path))) pictures.set(path, { n, known: "", path, ofFile });
    }
  }
  for (let isNew = pictures.size > 0; isNew;) { // a photo may be in several groups
    isNew = false;
    for (const [kind, rows] of groups) {
      const some = rows.map((row) => pictures.get(row[0])).filter((one) => one && !(kind === "near_copy" && one.ofFile));
      const last = some.reduce((a, b) => (a && a.n >= b.n ? a : b), undefined);
      for (const [path] of last ? rows : []) {
        if (pictures.get(path)?.n >= last.n) continue;
        pictures.set(path, last);
        isNew = true;
      }
    }
  }
  for (const [path, { known, path: source }] of pictures) {
    const settled = settledPhotos.get(path), label = photoOf.get(path)?.label;
    if (source === path || !["keep", "relabel"].includes(settled?.row[1])) continue;
    const decision = known === "" ? ["drop", ""] : known === label ? ["keep", ""] : ["relabel", known];
    settled.row = [path, ...decision, `as its copy ${source}`];
  }
}

/* The labels of a finding. Copies may have several: then only a person knows which one is right. */
function labelsOf(finding) {
  if (ONE_STAYS.has(finding.kind)) return [...new Set(finding.photos.map((n) => photos[n].label))];
  return [finding.label, finding.suggested].filter(Boolean);
}

function hasSeveralLabels(finding) {
  return ONE_STAYS.has(finding.kind) && labelsOf(finding).length > 1;
}

function recordOf(at) {
  return records[keys[at]];
}

function isLeftOut(photo) {
  return settledPhotos.get(photo.path)?.row[1] === "drop";
}

/* Whether a person put the decision off. */
function isSkipped(at) {
  const record = recordOf(at);
  return Boolean(record && (record.isSkipped || (record.rows.length && record.rows.every((row) => row[1] === "skip"))));
}

/* Whether a person has neither decided nor skipped it. */
function isOpen(at) {
  return !isDecided(at) && !isSkipped(at);
}

function isLeftAsCopy({ path }) {
  const at = settledPhotos.get(path)?.at;
  return at !== undefined && COPIES.has(findings[at].kind) && !pictures.has(path) && recordOf(at).rows.some((row) => row[1] !== "drop");
}

/* Whether nothing is left to decide: by its own decision, or because photos were left out by other findings. What a
   photo shows is still open if it was left out as a copy: the file that stays shows the same. */
function isDecided(at) {
  if (isSkipped(at)) return false;
  if (recordOf(at)) return true;
  const finding = findings[at];
  if (ABOUT_SET.has(finding.kind) || !finding.photos.length) return false;
  const isThere = (n) => !isLeftOut(photos[n]) || (ABOUT_PICTURE.has(finding.kind) && !COPIES.has(finding.kind) && isLeftAsCopy(photos[n]));
  const left = finding.photos.filter(isThere).length;
  return left === 0 || (COPIES.has(finding.kind) && left === 1);
}

function decide(at, rows, isSkipped) {
  const { before, ...replaced } = recordOf(at) ?? {};
  lastDecision += 1;
  records[keys[at]] = { n: lastDecision, rows, ...(isSkipped && { isSkipped }), ...(replaced.rows && { before: replaced }) };
  if (replaced.rows || findings[at].photos.some((n) => copied.has(n))) settlePhotos();
  else settleRows(rows, at);
  storeSoon();
}

/* Take back the last decision. Return the position of its finding, or -1. */
function undoLast() {
  const known = Object.entries(records).filter(([key]) => positions.has(key));
  if (!known.length) return -1;
  const [key, record] = known.reduce((a, b) => (b[1].n > a[1].n ? b : a));
  if (record.before) records[key] = record.before;
  else delete records[key];
  settlePhotos();
  storeRecords();
  return positions.get(key);
}

function listRows() {
  const settled = [...settledPhotos].sort((a, b) => a[1].at - b[1].at);
  return settled.map(([path, { row, at }]) => {
    const photo = photoOf.get(path);
    return [path, photo?.digest, row[1], photo?.label, row[2] ?? "", findings[at].kind, row[3] ?? ""];
  });
}

function saveDecisions() {
  const rows = listRows(), link = makeElement("a");
  link.href = URL.createObjectURL(new Blob([writeTable([COLUMNS, ...rows])], { type: "text/csv;charset=utf-8" }));
  link.download = "decisions.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  return rows.length;
}

/* Take the decisions of a saved file. Return a sentence about what was read, and what else is to be known. */
function readDecisions(text) {
  const [head = [], ...rows] = readTable(text), column = Object.fromEntries(head.map((name, n) => [name.trim(), n]));
  const missing = ["path", "decision"].filter((name) => !(name in column));
  if (missing.length) return ["Cannot read the file: need the columns path and decision. Choose a decisions.csv.", ""];
  const places = new Map(), together = new Map();
  const left = [], classes = new Set(data.classes.map((one) => one.label)), unknown = new Set();
  let nRead = 0;
  findings.forEach((finding, at) => {
    if (ABOUT_SET.has(finding.kind)) return;
    for (const n of finding.photos) {
      for (const name of [photos[n].path, photos[n].digest]) {
        if (name) places.set(name, [...(places.get(name) ?? []), [at, photos[n].path]]);
      }
    }
  });
  for (const row of rows) {
    const cell = (name) => row[column[name]] ?? "", decision = cell("decision").trim();
    const found = (places.get(cell("path")) ?? places.get(cell("digest")) ?? []);
    const match = found.find(([at]) => findings[at].kind === cell("kind")) ?? found[0];
    if (!match || !(decision in STRENGTH) || (decision === "relabel" && !cell("new_label").trim())) { left.push(`${nameOf(cell("path")) || "no path"} (${decision || "no decision"})`); continue; }
    nRead += 1;
    if (decision === "relabel" && !classes.has(cell("new_label").trim())) unknown.add(cell("new_label").trim());
    together.set(match[0], [...(together.get(match[0]) ?? []), [match[1], decision, cell("new_label").trim(), cell("note")]]);
  }
  for (const [at, found] of together) {
    lastDecision += 1;
    records[keys[at]] = { n: lastDecision, rows: found };
  }
  settlePhotos();
  storeRecords();
  const some = (texts) => texts.slice(0, N_NAMED).join(", ") + (texts.length > N_NAMED ? ` and ${texts.length - N_NAMED} more` : "");
  const rest = left.length ? `Left out: ${some(left)}. No finding of this page names the photo, or the decision is unknown.` : "";
  const fresh = unknown.size ? `No photo has the label ${some([...unknown])}: to apply it, add --new-classes to the command.` : "";
  return [`${countOf(nRead, "decision")} read.`, [rest, fresh].filter(Boolean).join(" ")];
}
