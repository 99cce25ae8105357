/* The map: each photo is a point, coloured by its class. The wheel, keys and buttons zoom; a zoomed map can be dragged. */

const NEAR_PX = 18, EDGE_PX = 14, MAX_ZOOM = 30, ZOOM_STEP = 1.6, DRAG_PX = 5;
const points = photos.map((photo, n) => [n, photo.at]).filter(([, at]) => at);
const findingOf = new Map(); // the first finding of each photo, by its position
findings.forEach((finding, at) => finding.photos.forEach((n) => findingOf.has(n) || findingOf.set(n, at)));
let pointAt = -1, onlyLabel = null, drawn = null;
let view = { zoom: 1, x: 0.5, y: 0.5 }; // x and y: what is in the middle, 0 to 1

function placeOf([x, y], { clientWidth: width, clientHeight: height } = $("plane")) {
  return [width / 2 + (x - view.x) * view.zoom * (width - 2 * EDGE_PX), height / 2 - (y - view.y) * view.zoom * (height - 2 * EDGE_PX)];
}

/* Show another part of the map, inside its edges. */
function setView(zoom, x, y) {
  const half = 0.5 / zoom, clip = (value) => Math.max(half, Math.min(1 - half, value));
  view = { zoom, x: clip(x), y: clip(y) };
  $("plane").classList.toggle("zoomed-in", zoom > 1);
  $("zoom-out").disabled = $("zoom-all").disabled = zoom <= 1;
  $("zoom-in").disabled = zoom >= MAX_ZOOM;
  peekAt(-1);
  drawSoon();
}

/* Zoom about a place of the plane in pixels, which stays where it is; default: the middle. */
function zoomMap(factor, px, py) {
  const { clientWidth: width, clientHeight: height } = $("plane"), zoom = Math.max(1, Math.min(MAX_ZOOM, view.zoom * factor));
  const right = ((px ?? width / 2) - width / 2) / (width - 2 * EDGE_PX), up = (height / 2 - (py ?? height / 2)) / (height - 2 * EDGE_PX);
  setView(zoom, view.x + right / view.zoom - right / zoom, view.y + up / view.zoom - up / zoom);
}

let isMapDrawing = false;
function drawSoon() {
  if (isMapDrawing) return;
  isMapDrawing = true;
  requestAnimationFrame(() => { isMapDrawing = false; if ($("map").open) drawMap(); }); // it may be closed by then
}

/* Draw all points, once for each size and choice of class. */
function drawPoints() {
  const plane = $("plane"), ratio = devicePixelRatio, styles = getComputedStyle(document.body);
  const { clientWidth: width, clientHeight: height } = plane, size = { clientWidth: width, clientHeight: height };
  drawn = document.createElement("canvas");
  const context = drawn.getContext("2d");
  drawn.width = plane.width = width * ratio;
  drawn.height = plane.height = height * ratio;
  context.scale(ratio, ratio);
  const isListed = (n) => findingOf.has(n), larger = view.zoom ** 0.3;
  for (const wanted of [false, true]) { // photos with a finding are drawn last, larger and with an edge
    for (const [n, at] of points) {
      if (isListed(n) !== wanted) continue;
      const [x, y] = placeOf(at, size), isFaint = onlyLabel !== null && photos[n].label !== onlyLabel;
      if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
      context.globalAlpha = isFaint ? 0.08 : wanted ? 1 : 0.45;
      context.fillStyle = colours.get(photos[n].label) ?? OTHER;
      context.beginPath();
      context.arc(x, y, (wanted ? 5 : 3) * larger, 0, 2 * Math.PI);
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
  context.arc(ratio * x, ratio * y, 9 * ratio * view.zoom ** 0.3, 0, 2 * Math.PI);
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
  const { clientWidth: width, clientHeight: height } = $("plane");
  const finding = findings[findingOf.get(n)];
  fillFrame(frame, photo);
  peek.replaceChildren(frame, makeLabel(photo.label), makeElement("b", "", finding ? finding.name : "No finding"));
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
  if (best < 0) return;
  const [px, py] = placeOf(points[best][1]), { clientWidth: width, clientHeight: height } = $("plane");
  if (px < 0 || py < 0 || px > width || py > height) setView(view.zoom, ...points[best][1]);
  peekAt(best);
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
  setView(1, 0.5, 0.5);
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
  let from = null; // where a drag began, and whether it moved
  plane.addEventListener("pointerdown", (event) => {
    from = { x: event.clientX, y: event.clientY, view, isDrag: false };
    if (view.zoom > 1) plane.setPointerCapture(event.pointerId);
  });
  plane.addEventListener("pointermove", (event) => {
    const isDown = from && event.buttons;
    if (isDown && view.zoom > 1 && (from.isDrag || Math.hypot(event.clientX - from.x, event.clientY - from.y) > DRAG_PX)) {
      const { clientWidth: width, clientHeight: height } = plane, { zoom, x, y } = from.view;
      from.isDrag = true;
      setView(zoom, x - (event.clientX - from.x) / zoom / (width - 2 * EDGE_PX), y + (event.clientY - from.y) / zoom / (height - 2 * EDGE_PX));
    } else if (event.pointerType !== "touch") pick(event);
  });
  plane.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = plane.getBoundingClientRect();
    zoomMap(ZOOM_STEP ** (-event.deltaY / (event.deltaMode ? 3 : 100)), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  for (const [id, act] of [["zoom-in", () => zoomMap(ZOOM_STEP)], ["zoom-out", () => zoomMap(1 / ZOOM_STEP)], ["zoom-all", () => setView(1, 0.5, 0.5)]]) {
    $(id).addEventListener("click", act);
  }
  plane.addEventListener("click", (event) => {
    if (from?.isDrag) return;
    const before = pointAt;
    pick(event);
    if (event.pointerType !== "touch" || before === pointAt) openPoint(); // on a touch screen the second tap opens it
  });
  plane.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step) stepOnMap(...step);
    else if (event.key === "Enter") openPoint();
    else if (event.key === "+" || event.key === "=") zoomMap(ZOOM_STEP);
    else if (event.key === "-") zoomMap(1 / ZOOM_STEP);
    else if (event.key === "0") setView(1, 0.5, 0.5);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(() => { if ($("map").open) drawMap(); }).observe(plane);
}
