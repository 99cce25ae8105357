/* The page of the service: it sends photos to its own server. */

async function predictFile(file) {
  const form = new FormData();
  form.append("files", file, file.name || "pasted photo");
  const response = await fetch("predict", { method: "POST", body: form });
  const found = await response.json();
  if (!response.ok) throw Object.assign(new Error(found.error), { sentence: found.error });
  const { probabilities, novelty } = found.predictions[0];
  return { probabilities: about.labels.map((label) => probabilities[label]), novelty };
}

function offerMore(file, card, words) {
  const button = makeElement("button", "small", "Why?");
  let heat = null;
  button.type = "button";
  button.addEventListener("click", async () => {
    if (!heat) {
      heat = await askWhy(file);
      if (!heat) return;
      card.firstChild.append(heat);
    } else {
      heat.hidden = !heat.hidden;
    }
    button.textContent = heat.hidden ? "Why?" : "The photo";
  });
  words.append(button);
}

/* Return the heat map of a photo as an image, or null after an error. */
async function askWhy(file) {
  const form = new FormData(), heat = makeElement("img", "heat");
  form.append("file", file, file.name || "pasted photo");
  const response = await fetch("explain", { method: "POST", body: form });
  if (!response.ok) {
    $("status").textContent = (await response.json()).error;
    return null;
  }
  heat.alt = `Heat map: evidence in ${file.name || "the photo"} for its class`;
  heat.src = URL.createObjectURL(await response.blob());
  await heat.decode();
  URL.revokeObjectURL(heat.src);
  return heat;
}

/* Show the state of all photos that the server has answered. */
async function showDrift() {
  const response = await fetch("drift").catch(() => null);
  if (!response || !response.ok) return;
  const state = await response.json();
  writeDrift(state.n_photos ? state.sentence : "", state.is_drifting);
}

setReady();
showDrift();
