/* The list of findings. It draws only the rows in view, so that 10,000 findings scroll as 100 do. */

const ROW_PX = 68, N_SPARE = 4; // rows drawn above and below the view
const WORDS = { keep: "Kept", relabel: "Relabelled", drop: "Left out", skip: "Skipped" };
let kindShown = null, onlyOpen = false;
let order = []; // positions of the findings in the list
let rowOf = new Map(); // their rows, by position
const pool = new Map(); // elements in the page, by row

function filterList() {
  order = findings.map((_, at) => at).filter((at) => isListed(at));
  rowOf = new Map(order.map((at, row) => [at, row]));
  $("rows").style.height = `${order.length * ROW_PX}px`;
  for (const element of pool.values()) element.remove();
  pool.clear();
  drawRows();
}

function isListed(at) {
  if (kindShown !== null && findings[at].kind !== kindShown) return false;
  return !onlyOpen || at === place || !isDecided(at);
}

function drawRows() {
  const list = $("list");
  const first = Math.max(0, Math.floor(list.scrollTop / ROW_PX) - N_SPARE);
  const end = Math.min(order.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW_PX) + N_SPARE);
  const free = [];
  for (const [row, element] of pool) {
    if (row >= first && row < end) continue;
    pool.delete(row);
    free.push(element);
  }
  for (let row = first; row < end; row += 1) {
    if (pool.has(row)) continue;
    const element = free.pop() ?? makeRow();
    pool.set(row, element);
    fillRow(element, row);
  }
  for (const element of free) {
    clearTimeout(element.frame.timer);
    element.remove();
  }
}

function makeRow() {
  const row = makeElement("div", "row"), words = makeElement("div", "words"), frame = makeElement("span", "frame");
  row.setAttribute("role", "option");
  row.frame = frame;
  row.words = words;
  row.append(frame, words);
  row.addEventListener("click", () => { showFinding(row.at); $("side").classList.remove("open"); });
  $("rows").append(row);
  return row;
}

function fillRow(element, row) {
  const at = order[row], finding = findings[at], photo = photos[finding.photos[0]];
  element.at = at;
  element.id = `row-${at}`;
  element.style.transform = `translateY(${row * ROW_PX}px)`;
  element.setAttribute("aria-posinset", row + 1);
  element.setAttribute("aria-setsize", order.length);
  if (photo) fillFrame(element.frame, photo);
  else {
    clearTimeout(element.frame.timer);
    element.frame.classList.add("missing");
    element.frame.replaceChildren(makeElement("span", "", "set"));
  }
  const what = makeElement("div", "labels", ...joinLabels(finding));
  const name = photo && !ABOUT_SET.has(finding.kind) ? makeElement("span", "name", nameOf(photo.path)) : null;
  element.words.replaceChildren(...[makeElement("b", "", finding.name), what, name].filter(Boolean));
  markRow(element);
}

function markRow(element) {
  const record = recordOf(element.at), isDone = isDecided(element.at);
  element.classList.toggle("done", isDone);
  element.classList.toggle("skipped", isSkipped(element.at));
  element.setAttribute("aria-selected", String(element.at === place));
  element.words.querySelector(".mark")?.remove();
  if (isDone || isSkipped(element.at)) element.words.append(makeElement("span", "mark", record ? describeRecord(record) : "Settled"));
}

function describeRecord(record) {
  const kinds = record.rows.map((row) => row[1]);
  if (!kinds.length) return record.isSkipped ? WORDS.skip : "Seen";
  if (kinds.every((kind) => kind === "keep") && kinds.length > 1) return "All kept";
  if (kinds.includes("drop") && kinds.includes("keep")) return "One kept";
  const relabelled = record.rows.find((row) => row[1] === "relabel");
  if (relabelled) return `→ ${relabelled[2]}`;
  return WORDS[kinds.includes("drop") ? "drop" : kinds[0]];
}

/* Bring the row of the shown finding into view, and mark all rows again. */
function followList() {
  for (const element of pool.values()) markRow(element);
  const row = rowOf.get(place), list = $("list");
  list.setAttribute("aria-activedescendant", row === undefined ? "" : `row-${place}`);
  if (row === undefined) return;
  const top = row * ROW_PX, height = list.clientHeight;
  if (top < list.scrollTop) list.scrollTop = top;
  else if (top + ROW_PX > list.scrollTop + height) list.scrollTop = top + ROW_PX - height;
  drawRows();
}

function drawKinds() {
  const counts = new Map();
  for (const { kind, name } of findings) counts.set(kind, [name, (counts.get(kind)?.[1] ?? 0) + 1]);
  const make = (kind, name, n) => {
    const chip = makeButton("chip", () => chooseKind(kind), name, makeElement("b", "", n.toLocaleString("en")));
    chip.setAttribute("aria-pressed", String(kind === kindShown));
    return chip;
  };
  $("kinds").replaceChildren(
    make(null, "All", findings.length),
    ...[...counts].sort((a, b) => b[1][1] - a[1][1]).map(([kind, [name, n]]) => make(kind, name, n)),
  );
}

function chooseKind(kind) {
  kindShown = kind;
  drawKinds();
  $("list").scrollTop = 0;
  filterList();
  if (!rowOf.has(place) && order.length) showFinding(order.find(isOpen) ?? order[0]);
  else followList();
}

let isDrawing = false;
$("list").addEventListener("scroll", () => {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => { isDrawing = false; drawRows(); });
}, { passive: true });
new ResizeObserver(() => drawRows()).observe($("list"));
