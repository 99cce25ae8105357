/* Labels on the page of a suggestion: an input for each photo, and a CSV of them to save. */

const content = JSON.parse(document.getElementById("data").textContent);
const COLUMNS = ["path", "label", "guess", "reason"];
const inputs = [], names = new Set(content.labels);
let isSaved = true;

function listNames() {
  document.getElementById("names").replaceChildren(...[...names].sort().map((name) => new Option(name, name)));
}

function countLabels() {
  const n = inputs.filter((input) => input.value.trim()).length;
  document.getElementById("count").textContent = `${n} of ${inputs.length} labelled`;
}

function note(input) {
  isSaved = false;
  input.closest("li").classList.toggle("done", Boolean(input.value.trim()));
  countLabels();
}

function addInput(slot, at) {
  const input = document.createElement("input");
  Object.assign(input, { type: "text", placeholder: "Label", autocomplete: "off" });
  input.setAttribute("list", "names");
  input.setAttribute("aria-label", `Label of photo ${at + 1}`);
  inputs.push(input);
  input.addEventListener("input", () => note(input));
  input.addEventListener("change", () => {
    if (input.value.trim()) names.add(input.value.trim());
    listNames();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") inputs[at + 1]?.focus();
  });
  slot.append(input);
  const guess = content.rows[at][1];
  if (!content.labels.includes(guess)) return; // none, or none of the classes
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: guess, title: `Label it ${guess}` });
  button.addEventListener("click", () => {
    input.value = guess;
    note(input);
  });
  slot.append(button);
}

function listRows() {
  return content.rows.map(([path, guess, reason], at) => [path, inputs[at].value.trim(), guess, reason]);
}

function saveLabels() {
  const link = document.createElement("a"), text = writeTable([COLUMNS, ...listRows()]);
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  link.download = content.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  isSaved = true;
}

document.querySelectorAll("li .slot").forEach(addInput);
document.getElementById("save").addEventListener("click", saveLabels);
document.getElementById("tools").hidden = false;
window.addEventListener("beforeunload", (event) => {
  if (!isSaved) event.preventDefault();
});
listNames();
countLabels();
document.body.dataset.state = "ready";
