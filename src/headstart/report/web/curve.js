/* The curve of the expected gain by the number of findings that are corrected. */

const ENOUGH = 0.8; // share of the expected gain that the text names

function makeShape(kind, attributes, text) {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
  if (text) shape.textContent = text;
  return shape;
}

function drawCurve() {
  const width = 340, height = 230, left = 48, bottom = 46, top = 12, right = 8;
  const most = Math.max(...data.curve.map(([k]) => k)), gains = data.curve.map(([, gain]) => gain);
  const low = Math.min(0, ...gains), high = Math.max(1, ...gains);
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
    makeShape("text", { x: (left + width) / 2, y: height - 6, "text-anchor": "middle" }, "findings, from the first one on"),
  );
  $("curve").replaceChildren(svg);
  const enough = data.curve.find(([, gain]) => gain >= ENOUGH);
  if (enough) $("curve-say").textContent = `The first ${countOf(enough[0], "finding")} ${enough[0] === 1 ? "has" : "have"} ${Math.round(100 * enough[1])}% of the expected gain.`;
}
