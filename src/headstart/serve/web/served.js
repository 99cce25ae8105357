/* The served page: photos are sent to the server that it came from. */

async function askFile(file) {
  const form = new FormData();
  form.append("files", file, file.name || "pasted photo");
  const response = await fetch("predict", { method: "POST", body: form });
  const found = await response.json();
  if (!response.ok) throw Object.assign(new Error(found.error), { sentence: found.error });
  const { probabilities } = found.predictions[0];
  return about.labels.map((label) => probabilities[label]);
}

function offerMore(file, picture, words) {
  const button = makeElement("button", "why", "Why?"), photo = picture.src;
  let heat = null;
  button.addEventListener("click", async () => {
    if (!heat) {
      const form = new FormData();
      form.append("file", file, file.name || "pasted photo");
      const response = await fetch("explain", { method: "POST", body: form });
      if (!response.ok) return;
      heat = URL.createObjectURL(await response.blob());
    }
    const isShown = picture.src === heat;
    picture.src = isShown ? photo : heat;
    button.textContent = isShown ? "Why?" : "The photo";
    picture.alt = isShown ? file.name : `What in ${file.name} speaks for its class`;
  });
  words.append(button);
}

setReady();
