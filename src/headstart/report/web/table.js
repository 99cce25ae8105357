/* CSV as Headstart reads and writes it (RFC 4180). A cell that a spreadsheet would take for a formula gets an
   apostrophe, as in storage/spreadsheet_cells.py. */

const CELL_START = "(?:^|(?<=[;\\t\\r\\n]))", FORMULA_START = "[=+@\\-\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20]";
const UNGUARDED = new RegExp(`${CELL_START}(?='*${FORMULA_START})`, "g");
const GUARDED = new RegExp(`${CELL_START}'(?='*${FORMULA_START})`, "g");

function guardCell(text) {
  return text.replace(UNGUARDED, "'");
}

function restoreCell(text) {
  return text.replace(GUARDED, "");
}

function writeTable(rows) {
  const quote = (cell) => `"${guardCell(cell ?? "").replaceAll('"', '""')}"`;
  return rows.map((row) => `${row.map(quote).join(",")}\r\n`).join("");
}

/* Return the rows of a CSV, each a list of cells. A spreadsheet may have put semicolons or tabs for commas. */
function readTable(text) {
  const rows = [], plain = text.replace(/^\ufeff/, ""), head = plain.slice(0, plain.search(/[\r\n]|$/));
  const comma = [",", ";", "\t"].find((mark) => head.includes(mark)) ?? ",";
  let row = [], cell = "", isQuoted = false;
  for (let at = 0; at < plain.length; at += 1) {
    const letter = plain[at];
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (plain[at + 1] === '"') { cell += '"'; at += 1; } else isQuoted = false;
    } else if (letter === '"') isQuoted = true;
    else if (letter === comma) { row.push(cell); cell = ""; } else if (letter === "\n" || letter === "\r") {
      if (letter === "\r" && plain[at + 1] === "\n") at += 1;
      row.push(cell);
      if (row.length > 1 || row[0]) rows.push(row);
      row = []; cell = "";
    } else cell += letter;
  }
  if (cell || row.length) rows.push([...row, cell]);
  return rows.map((cells) => cells.map(restoreCell));
}
