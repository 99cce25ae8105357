/* One finding, large: its photos, what was seen, and the decisions that can be taken. */

const N_STRIP = 8, MAX_KEYS = 9, MAX_PHOTOS = 12, MAX_LABELS = 4, N_SHARP = 4; // N_SHARP: photos that are loaded at full size
const USELESS = new Set(["unreadable", "outlier", "blank", "dark", "flat", "blurred"]); // leaving the photo out is usual
let chosen = 0; // of the photos of the finding: the one that is kept, relabelled or left out; -1: none yet
let isLong = false; // whether all photos of a large finding are shown

function showFinding(at) {
  const hadFocus = $("finding").contains(document.activeElement) && document.activeElement.dataset.act;
  place = Math.max(0, Math.min(at, findings.length - 1));
  chosen = chooseFirst(findings[place]);
  isLong = false;
  drawFinding();
  followList();
  $("finding").scrollTop = 0;
  if (scrollY > $("finding").offsetTop) scrollTo({ top: $("finding").offsetTop }); // on a phone the page scrolls
  if (hadFocus) ($("finding").querySelector(`[data-act="${CSS.escape(hadFocus)}"]`) ?? $("finding")).focus({ preventScroll: true });
  else if (document.activeElement === document.body) $("finding").focus({ preventScroll: true });
  const finding = findings[place];
  $("say").textContent = finding ? `Finding ${place + 1}: ${finding.name}. ${finding.evidence}` : "";
  if ($("zoom").open) zoomPhoto(finding?.photos[0]);
  prepareNext();
}

/* The photo of a finding that is marked at first. Of copies the last one stays; with several labels a person chooses. */
function chooseFirst(finding) {
  if (!finding || !ONE_STAYS.has(finding.kind)) return 0;
  const kept = (recordOf(place)?.rows ?? []).filter((row) => row[1] !== "drop");
  if (kept.length === 1) return Math.max(0, finding.photos.findIndex((n) => photos[n].path === kept[0][0]));
  return hasSeveralLabels(finding) ? -1 : finding.photos.length - 1;
}

function chosenPhoto(finding) {
  return photos[finding.photos[Math.max(0, chosen)]];
}

/* The photo files of the next finding are loaded ahead. */
let ahead = [];
function prepareNext() {
  const next = order[(rowOf.get(place) ?? -1) + 1];
  ahead = (findings[next]?.photos ?? []).slice(0, 2).filter((n) => photos[n].url).map((n) => {
    const file = new Image();
    file.src = photos[n].url;
    return file;
  });
}

function drawFinding() {
  const finding = findings[place];
  if (!finding) {
    $("finding").replaceChildren(makeElement("p", "nothing", "There are no findings."));
    return;
  }
  const row = rowOf.get(place);
  const top = makeElement("div", "top",
    makeButton("plain listed", () => $("side").classList.add("open"), "List"),
    makeButton("plain", () => move(-1), "‹", makeElement("kbd", "", "k")),
    makeElement("span", "where", row === undefined ? "" : `${(row + 1).toLocaleString("en")} of ${order.length.toLocaleString("en")}`),
    makeButton("plain", () => move(1), makeElement("kbd", "", "j"), "›"),
    makeButton("plain undo", undo, "Undo ", makeElement("kbd", "", "u")));
  top.children[1].setAttribute("aria-label", "Previous finding");
  top.children[3].setAttribute("aria-label", "Next finding");
  top.children[1].dataset.act = "previous";
  top.children[3].dataset.act = "next";
  $("finding").replaceChildren(top, makeElement("div", ABOUT_SET.has(finding.kind) ? "stage set" : "stage", drawPhotos(finding), drawPanel(finding)), drawStrips(finding));
}

function drawPhotos(finding) {
  const all = [...finding.photos.keys()], shown = isLong || all.length <= MAX_PHOTOS ? all : [...all.slice(0, MAX_PHOTOS - 1), all.length - 1];
  const isMany = finding.photos.length > 1, isChoice = isMany && !ABOUT_SET.has(finding.kind);
  const groups = groupPhotos(finding), grids = makeElement("div", "");
  const largest = Math.max(shown.length && 1, ...groups.map(([, places]) => places.length));
  let grid = null;
  const tag = ONE_STAYS.has(finding.kind) ? "this one stays" : "chosen";
  shown.forEach((at, row) => {
    const group = groups.find(([, places]) => places[0] === at);
    if (group || !grid) {
      grid = makeElement("div", `photos n${Math.min(largest, 5)}${groups.length > 1 ? " halves" : ""}`);
      grids.append(...(group?.[0].length ? [makeElement("h3", "", ...group[0])] : []), grid);
    }
    const n = finding.photos[at], photo = photos[n], frame = makeElement("span", "frame");
    const button = makeButton("photo", () => (isChoice && chosen !== at ? choosePhoto(at) : zoomPhoto(n)), frame);
    button.setAttribute("aria-label", `${photo.path}, ${isChoice && chosen !== at ? "choose it" : "show it large"}`);
    if (isChoice) button.setAttribute("aria-pressed", String(at === chosen));
    button.dataset.act = `photo-${at}`;
    fillFrame(frame, photo, row < N_SHARP);
    const text = makeElement("span", "path", shortenPath(photo.path));
    text.title = photo.path;
    const settled = settledPhotos.get(photo.path);
    const caption = makeElement("figcaption", "", isMany ? makeLabel(photo.label) : null,
      photo.split ? makeElement("span", "tag", photo.split) : null,
      isChoice && at === chosen && !settled ? makeElement("span", "tag marked", tag) : null,
      settled ? makeElement("span", "tag strong", describeRow(settled.row)) : null, text);
    grid.append(makeElement("figure", at === chosen && isChoice ? "is-chosen" : "", button, caption));
  });
  if (!finding.photos.length) grids.append(makeElement("p", "nothing", "This finding is about the whole set."));
  const more = finding.photos.length - shown.length;
  if (more > 0) grid.append(makeButton("plain", () => { isLong = true; drawFinding(); }, `Show ${more} more`));
  return grids;
}

/* Pairs of a title and places of photos: findings about classes show examples of two sides. */
function groupPhotos(finding) {
  const places = [...finding.photos.keys()], own = (at) => photos[finding.photos[at]].label === finding.label;
  const split = (isFirst, first, second) => [[first, places.filter(isFirst)], [second, places.filter((at) => !isFirst(at))]].filter(([, some]) => some.length);
  if (finding.kind === "split_class") return split((at) => at < places.length / 2, ["One cluster"], ["The other cluster"]);
  if (finding.kind === "same_classes") return split(own, [makeLabel(finding.label)], [makeLabel(finding.suggested)]);
  if (finding.kind === "shortcut") return split(own, ["Examples of ", makeLabel(finding.label)], ["Examples of other classes"]);
  return [[[], places]];
}

function describeRow(row) {
  return row[1] === "relabel" ? `→ ${row[2]}` : WORDS[row[1]];
}

function choosePhoto(at) {
  chosen = at;
  drawFinding();
  if ($("zoom").open) zoomPhoto(findings[place].photos[at]);
  else $("finding").querySelector(`[data-act="photo-${at}"]`)?.focus();
}

/* Choose the next photo of the finding; at full size, copies are compared so. */
function chooseNext() {
  const n = findings[place]?.photos.length ?? 0;
  if (n < 2 || ABOUT_SET.has(findings[place].kind)) return;
  if (n > MAX_PHOTOS) isLong = true;
  choosePhoto((chosen + 1) % n);
}

function drawPanel(finding) {
  const names = labelsOf(finding), labels = makeElement("div", "labels", ...joinLabels(finding));
  labels.classList.toggle("long", Math.max(0, ...names.map((label) => label?.length ?? 0)) > 24);
  const score = makeElement("span", "score", `score ${finding.score.toFixed(2)}`);
  score.title = "How sure the finding is, 0 to 1. Scores of one kind can be compared.";
  const actions = makeElement("div", "actions", ...listActions(finding).map(([act, name, short, key, look, label]) => {
    const button = makeButton(`act ${look}`, () => take(act, label), makeElement("span", "wide", name), makeElement("span", "narrow", short.replace(/[_.\-/]/g, "$&\u200b")), key && makeElement("kbd", "", key));
    button.setAttribute("aria-label", name);
    button.dataset.act = label ? `${act}-${label}` : act;
    return button;
  }));
  const record = recordOf(place);
  const state = record ? describeRecord(record) : isDecided(place) ? "Settled by other decisions" : "";
  return makeElement("div", "panel",
    makeElement("h2", "", finding.name, score),
    labels,
    makeElement("p", "evidence", finding.evidence),
    makeElement("p", "soft", hasSeveralLabels(finding) ? "Choose the right label: one photo stays with it, and the others are left out." : finding.action),
    state && makeElement("p", "decided", `Decided: ${state}`),
    actions,
    canRelabel(finding) ? drawClasses(finding) : null);
}

function canRelabel(finding) {
  return !ABOUT_SET.has(finding.kind) && finding.kind !== "unreadable" && finding.photos.length > 0;
}

/* Actions that fit the finding: [action, words, words on a phone, key, look]. */
function listActions(finding) {
  if (ABOUT_SET.has(finding.kind) || !finding.photos.length) return [["right", "Seen", "Seen", "r", "strong"], ["skip", "Skip", "Skip", "s", ""]];
  const isMany = finding.photos.length > 1, label = chosenPhoto(finding).label;
  const actions = [];
  if (hasSeveralLabels(finding)) {
    const place = (one) => data.classes.findIndex(({ label }) => label === one); // as the keys are numbered
    for (const one of labelsOf(finding).sort((a, b) => place(a) - place(b)).slice(0, MAX_LABELS)) actions.push(["wrong", `The label is ${one}`, one, keyOf(one), "strong", one]);
  }
  if (isMany && COPIES.has(finding.kind) && chosen >= 0) {
    actions.push(["duplicate", "Duplicates: only the marked photo stays", "Keep one", "d", finding.kind === "lookalike" || hasSeveralLabels(finding) ? "" : "strong"]);
  }
  if (isMany) actions.push(["right", "No problem: keep all", "Keep all", "r", finding.kind === "lookalike" ? "strong" : ""]);
  else {
    if (finding.suggested) actions.push(["wrong", `Wrong: it is ${finding.suggested}`, `Wrong: ${finding.suggested}`, "w", "strong"]);
    if (label !== null) actions.push(["right", finding.suggested ? `Right: it is ${label}` : "No problem: keep it", finding.suggested ? `Right: ${label}` : "Keep", "r", ""]);
  }
  if (chosen >= 0) actions.push(["drop", isMany ? "Leave the marked photo out" : "Leave the photo out", "Leave out", "x", USELESS.has(finding.kind) ? "strong" : ""]);
  if (isMany) actions.push(["drop-all", "Leave all out", "All out", "X", ""]);
  actions.push(["skip", "Skip", "Skip", "s", ""]);
  return actions;
}

function keyOf(label) {
  const n = data.classes.findIndex((one) => one.label === label);
  return data.classes.length <= MAX_KEYS && n >= 0 ? String(n + 1) : "";
}

/* Buttons with number keys for up to nine classes, and a field with suggestions for more. */
function drawClasses(finding) {
  const names = data.classes.map((one) => one.label), own = hasSeveralLabels(finding) ? labelsOf(finding) : [chosenPhoto(finding).label];
  const box = makeElement("div", "classes", makeElement("span", "soft", "Another class"));
  if (names.every((name) => own.includes(name) || name === finding.suggested)) return null;
  if (names.length <= MAX_KEYS) {
    names.forEach((name, n) => {
      const button = makeButton("chip", () => take("wrong", name), makeLabel(name), makeElement("kbd", "", n + 1));
      button.setAttribute("aria-label", `Label ${name}`);
      button.disabled = own.includes(name);
      button.dataset.act = `class-${n}`;
      box.append(button);
    });
    return box;
  }
  const field = makeElement("input"), list = makeElement("datalist");
  list.id = "names";
  list.append(...names.map((name) => Object.assign(makeElement("option"), { value: name })));
  field.id = "class-field";
  field.setAttribute("list", "names");
  field.setAttribute("aria-label", "Another class");
  field.placeholder = "type a class, then Enter";
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") field.blur();
    if (event.key !== "Enter") return;
    if (names.includes(field.value.trim())) take("wrong", field.value.trim());
    else say(`There is no class '${field.value.trim()}'.`);
  });
  box.append(field, list);
  return box;
}

function drawStrips(finding) {
  const strips = makeElement("div", "strips");
  const add = (title, numbers) => {
    const shown = (numbers ?? []).slice(0, N_STRIP);
    if (shown.length) strips.append(makeElement("section", "", makeElement("h3", "", ...title), makeElement("div", "strip", ...shown.map(makeThumb))));
  };
  if (!ABOUT_SET.has(finding.kind)) add(["Nearest photos"], finding.neighbours);
  for (const label of finding.kind === "shortcut" ? [] : labelsOf(finding)) {
    if (label) add(["Typical of ", makeLabel(label)], data.classes.find((one) => one.label === label)?.typical);
  }
  return strips;
}
