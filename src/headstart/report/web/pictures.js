/* Elements of the page: texts, labels of classes, and pictures of photos. */

const $ = (id) => document.getElementById(id);
// told apart by people with colour blindness, too; the first eight after Okabe and Ito (2008)
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#7a5fb5", "#8a6d4b", "#5b7f2b", "#a33b5c"];
const OTHER = "#80797c";
const SETTLE_MS = 120; // files are loaded once a picture has stayed in view for this long
const colours = new Map(data.classes.map(({ label }, n) => [label, n < COLOURS.length ? COLOURS[n] : OTHER]));

function makeElement(kind, name, ...content) {
  const element = document.createElement(kind);
  if (name) element.className = name;
  element.append(...content.filter((part) => part !== null && part !== undefined && part !== ""));
  return element;
}

function makeButton(name, action, ...content) {
  const button = makeElement("button", name, ...content);
  button.type = "button";
  button.addEventListener("click", action);
  return button;
}

function countOf(n, word) {
  return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
}

/* The part of all paths that is the same, up to a folder. */
const shared = (() => {
  if (photos.length < 2) return 0;
  let n = photos[0].path.length;
  for (const { path } of photos) while (path.slice(0, n) !== photos[0].path.slice(0, n)) n -= 1;
  return photos[0].path.slice(0, n).search(/[^\\/]*$/);
})();

function shortenPath(path) {
  return path.slice(shared);
}

function nameOf(path) {
  return path.split(/[\\/]/).pop();
}

function makeLabel(label) {
  const element = makeElement("span", "label", makeElement("i"), label ?? "no label");
  element.firstChild.style.background = colours.get(label) ?? OTHER;
  return element;
}

/* The labels of a finding with what is between them: an arrow to the suggested one, or the choice of a person. */
function joinLabels(finding) {
  const between = hasSeveralLabels(finding) ? "or" : ABOUT_SET.has(finding.kind) ? "and" : "→";
  return labelsOf(finding).flatMap((label, n) => [n ? makeElement("span", "arrow", between) : null, makeLabel(label)]).filter(Boolean);
}

/* Show a photo in a frame: its thumbnail at once, and its file if there is none or if a sharp one is asked for. If
   the file cannot be loaded, the thumbnail stays, or the photo's name in a grey box. */
function fillFrame(frame, photo, isSharp = false) {
  clearTimeout(frame.timer);
  frame.classList.remove("missing");
  const image = makeElement("img");
  image.alt = photo.path;
  image.decoding = "async";
  image.draggable = false;
  frame.shown = photo;
  if (photo.thumbnail) {
    image.src = photo.thumbnail;
    frame.replaceChildren(image);
  } else showName(frame, photo);
  if (!photo.url || (photo.thumbnail && !isSharp)) return;
  frame.timer = setTimeout(() => {
    const file = new Image();
    file.alt = photo.path;
    file.draggable = false;
    file.src = photo.url;
    file.decode().then(() => { // only then, so that the picture does not flicker
      if (frame.shown !== photo) return;
      frame.classList.remove("missing");
      frame.replaceChildren(file);
    }, () => {});
  }, SETTLE_MS);
}

function showName(frame, photo) {
  frame.classList.add("missing");
  frame.replaceChildren(makeElement("span", "", nameOf(photo.path)));
}

/* A small picture with its label below; click shows it large. */
function makeThumb(n) {
  const photo = photos[n], frame = makeElement("span", "frame");
  const thumb = makeButton("thumb", () => zoomPhoto(n), frame, makeLabel(photo.label));
  thumb.title = photo.path;
  thumb.setAttribute("aria-label", `${nameOf(photo.path)}, label ${photo.label ?? "unknown"}. Show it large.`);
  fillFrame(frame, photo);
  return thumb;
}
