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

setReady();
