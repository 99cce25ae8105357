/* The large photo, the help, and messages. */

const KEYS = [
  ["j", "→", "next finding"], ["k", "←", "previous finding"], ["r", "right: the label is right, or there is no problem"],
  ["w", "wrong: take the suggested label"], ["1", "9", "the right class is this one"],
  ["d", "duplicates: only the marked photo stays"], ["x", "leave the photo out, or the marked one"],
  ["X", "leave all photos of the finding out"], ["s", "skip"], ["c", "mark the next photo of the finding"], ["u", "undo"], ["z", "show the photo large"],
  ["o", "overview: map and expected gain"], ["?", "this help"],
];

/* Show a photo as large as the window, from its file if the browser can load it. */
function zoomPhoto(n) {
  const photo = photos[n], zoom = $("zoom");
  if (!photo) { zoom.close(); return; }
  const frame = zoom.querySelector(".zoomed");
  fillFrame(frame, photo, true);
  const finding = findings[place], isShown = finding?.photos.includes(n);
  const text = makeElement("span", "", isShown ? `${finding.name}: ` : "", makeLabel(photo.label));
  if (isShown && finding.suggested) text.append(" → ", makeLabel(finding.suggested));
  zoom.querySelector(".zoom-text").replaceChildren(text, makeElement("span", "", shortenPath(photo.path)));
  if (!zoom.open) zoom.showModal();
}

let toastTimer = 0;
function say(text, offer) {
  const toast = $("toast");
  clearTimeout(toastTimer);
  toast.hidden = false;
  toast.replaceChildren(makeElement("span", "", text), offer ?? "");
  toastTimer = setTimeout(() => { toast.hidden = true; }, 6000);
}

/* Show a message that stays until it is closed. */
function tell(...content) {
  $("notice").hidden = false;
  $("notice").querySelector("p").replaceChildren(...content);
}

function warnAboutStorage() {
  $("warning").hidden = false;
  $("warning").textContent = "This browser does not let the page keep decisions. Save them before you close the page.";
}

function prepareDialogs() {
  $("notice").querySelector(".close").addEventListener("click", () => { $("notice").hidden = true; });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  }
  $("zoom").querySelector(".zoomed").addEventListener("click", () => $("zoom").close());
  $("keys").append(...KEYS.flatMap((line) => {
    const term = makeElement("dt");
    line.slice(0, -1).forEach((key, n) => term.append(n ? (key === "9" ? " to " : " or ") : "", makeElement("kbd", "", key)));
    return [term, makeElement("dd", "", line.at(-1))];
  }));
  $("command").textContent = data.command;
  $("made").textContent = `Written by Headstart ${data.version}. This page loads nothing but the photos of this machine.`;
}
