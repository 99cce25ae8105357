/* The map: each photo is a point, coloured by its class; and the curve of the expected gain. */

const NEAR_PX = 18, EDGE_PX = 14;
const points = photos.map((photo, n) => [n, photo.at]).filter(([, at]) => at);
const findingOf = new Map(); // the first finding of each photo, by its position
findings.forEach((finding, at) => finding.photos.forEach((n) => findingOf.has(n) || findingOf.set(n, at)));
let pointAt = -1, onlyLabel = null, drawn = null;

function placeOf([x, y], { clientWidth: width, clientHeight: height } = $("plane")) {
  return [EDGE_PX + x * (width - 2 * EDGE_PX), height - EDGE_PX - y * (height - 2 * EDGE_PX)];
}

/* Draw all points, once for each size and choice of class. */
function drawPoints() {
  const plane = $("plane"), ratio = devicePixelRatio, styles = getComputedStyle(document.body);
  drawn = document.createElement("canvas");
  const context = drawn.getContext("2d");
  drawn.width = plane.width = plane.clientWidth * ratio;
  drawn.height = plane.height = plane.clientHeight * ratio;
  context.scale(ratio, ratio);
  const isListed = (n) => findingOf.has(n);
  for (const wanted of [false, true]) { // photos with a finding are drawn last, larger and with an edge
    for (const [n, at] of points) {
      if (isListed(n) !== wanted) continue;
      const [x, y] = placeOf(at), isFaint = onlyLabel !== null && photos[n].label !== onlyLabel;
      context.globalAlpha = isFaint ? 0.08 : wanted ? 1 : 0.45;
      context.fillStyle = colours.get(photos[n].label) ?? OTHER;
      context.beginPath();
      context.arc(x, y, wanted ? 5 : 3, 0, 2 * Math.PI);
      context.fill();
      if (!wanted) continue;
      context.strokeStyle = styles.color;
      context.lineWidth = 1.2;
      context.stroke();
    }
  }
}

/* Show the points, with a ring round the one that is looked at. */
function drawMap(isChanged = true) {
  if (isChanged || !drawn) drawPoints();
  const plane = $("plane"), context = plane.getContext("2d"), ratio = devicePixelRatio;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, plane.width, plane.height);
  context.drawImage(drawn, 0, 0);
  if (pointAt < 0) return;
  const [x, y] = placeOf(points[pointAt][1]);
  context.strokeStyle = getComputedStyle(document.body).getPropertyValue("--accent");
  context.lineWidth = 3 * ratio;
  context.beginPath();
  context.arc(ratio * x, ratio * y, 9 * ratio, 0, 2 * Math.PI);
  context.stroke();
}

function findPoint(x, y, isTouch) {
  const size = { clientWidth: $("plane").clientWidth, clientHeight: $("plane").clientHeight };
  let best = -1, nearest = (isTouch ? 2 : 1) * NEAR_PX;
  points.forEach(([n, at], number) => {
    if (onlyLabel !== null && photos[n].label !== onlyLabel) return;
    const [px, py] = placeOf(at, size), distance = Math.hypot(px - x, py - y);
    if (distance < nearest) { nearest = distance; best = number; }
  });
  return best;
}

function peekAt(number) {
  if (number === pointAt) return;
  pointAt = number;
  drawMap(false);
  const peek = $("peek");
  peek.hidden = number < 0;
  if (number < 0) return;
  const [n, at] = points[number], photo = photos[n], [x, y] = placeOf(at), frame = makeElement("span", "frame");
  const finding = findings[findingOf.get(n)];
  fillFrame(frame, photo);
  peek.replaceChildren(frame, makeLabel(photo.label), makeElement("b", "", finding ? finding.name : "No finding"));
  const { clientWidth: width, clientHeight: height } = $("plane");
  peek.style.left = `${Math.max(4, Math.min(width - 184, x > width / 2 ? x - 196 : x + 16))}px`;
  peek.style.top = `${Math.max(4, Math.min(height - 220, y - 100))}px`;
  $("map-say").textContent = `${shortenPath(photo.path)}. Label: ${photo.label ?? "none"}. ${finding ? `${finding.name}: Enter or a click opens it.` : "No finding; Enter or a click shows it large."}`;
}

function openPoint() {
  if (pointAt < 0) return;
  const n = points[pointAt][0], at = findingOf.get(n);
  if (at === undefined) { zoomPhoto(n); return; }
  $("map").close();
  if (!rowOf.has(at)) chooseKind(null);
  showFinding(at);
}

/* Move to the nearest point in a direction: an arrow key. */
function stepOnMap(dx, dy) {
  if (pointAt < 0) { peekAt(points.length ? 0 : -1); return; }
  const [x, y] = placeOf(points[pointAt][1]);
  let best = -1, least = Infinity;
  points.forEach(([n, at], number) => {
    if (number === pointAt || (onlyLabel !== null && photos[n].label !== onlyLabel)) return;
    const [px, py] = placeOf(at), along = (px - x) * dx + (py - y) * dy, across = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (along > 0 && across <= along && along + 2 * across < least) { least = along + 2 * across; best = number; }
  });
  if (best >= 0) peekAt(best);
}

function drawLegend() {
  $("legend").replaceChildren(...data.classes.map(({ label, n }) => {
    const chip = makeButton("chip", () => {
      onlyLabel = onlyLabel === label ? null : label;
      drawLegend();
      drawMap();
    }, makeLabel(label), makeElement("b", "", n.toLocaleString("en")));
    chip.setAttribute("aria-pressed", String(onlyLabel === label));
    return chip;
  }));
}

function openMap() {
  if (!points.length && !data.curve.length) return;
  $("map").showModal();
  drawLegend();
  pointAt = -1;
  $("peek").hidden = true;
  drawMap();
  $("plane").focus();
}

function prepareMap() {
  $("open-map").hidden = !points.length && !data.curve.length;
  $("map-part").hidden = !points.length;
  $("curve-part").hidden = !data.curve.length;
  $("map-text").textContent = `Photos that look alike to the network are close together (${data.map}). Photos with a finding have an edge; a click opens it.`;
  if (data.curve.length) drawCurve();
  const plane = $("plane"), pick = (event) => {
    const box = plane.getBoundingClientRect();
    peekAt(findPoint(event.clientX - box.left, event.clientY - box.top, event.pointerType === "touch"));
  };
  plane.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") pick(event); });
  plane.addEventListener("click", (event) => {
    const before = pointAt;
    pick(event);
    if (event.pointerType !== "touch" || before === pointAt) openPoint(); // on a touch screen the second tap opens it
  });
  plane.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) stepOnMap(...step);
    else if (event.key === "Enter") openPoint();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(() => { if ($("map").open) drawMap(); }).observe(plane);
}

function makeShape(kind, attributes, text) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
  if (text) shape.textContent = text;
  return shape;
}

function drawCurve() {
  const width = 340, height = 230, left = 48, bottom = 46, top = 12, right = 8;
  const most = Math.max(...data.curve.map(([k]) => k)), gains = data.curve.map(([, gain]) => gain);
  const low = Math.min(0, ...gains), high = Math.max(...gains, low + 1e-9);
  const x = (k) => left + (k / most) * (width - left - right);
  const y = (gain) => height - bottom - ((gain - low) / (high - low)) * (height - bottom - top);
  const last = data.curve.at(-1);
  const svg = makeShape("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Share of the expected gain by the number of findings, up to ${last[0]}.` });
  svg.append(makeShape("line", { x1: left, x2: width - right, y1: y(0), y2: y(0), class: "axis" }));
  for (const gain of new Set([low, 0, high])) {
    svg.append(makeShape("text", { x: left - 8, y: y(gain) + 4, "text-anchor": "end" }, `${Math.round(100 * gain)}%`));
  }
  for (const share of [0, 0.5, 1]) {
    const k = Math.round(share * most), anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
    svg.append(makeShape("text", { x: x(k), y: height - bottom + 18, "text-anchor": anchor }, k.toLocaleString("en")));
  }
  svg.append(
    makeShape("polyline", { class: "gain", points: data.curve.map(([k, gain]) => `${x(k).toFixed(1)},${y(gain).toFixed(1)}`).join(" ") }),
    makeShape("text", { x: (left + width) / 2, y: height - 6, "text-anchor": "middle" }, "findings corrected"),
  );
  $("curve").replaceChildren(svg);
}
