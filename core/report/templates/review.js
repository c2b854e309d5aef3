// Picks: keep, reject or favourite, kept in the browser and exported as CSV.

const PICKS = { k: "keep", r: "reject", f: "favourite" };
const PICKS_KEY = `nocturne picks ${location.pathname}`;
const review = { picks: readPicks(), onchange: () => {} };

/** What this browser remembers of this page; nothing where it may not remember. */
function readPicks() {
  try {
    const found = JSON.parse(localStorage.getItem(PICKS_KEY) ?? "{}");
    const known = Object.values(PICKS);
    return new Map(Object.entries(found).filter(([, pick]) => known.includes(pick)));
  } catch {
    return new Map();
  }
}

function writePicks() {
  try {
    localStorage.setItem(PICKS_KEY, JSON.stringify(Object.fromEntries(review.picks)));
  } catch {
    // A browser that may not remember still exports what was picked since the page was opened.
  }
}

/** Picks a row, or lets go of it if it was picked so before. */
function pick(row, choice) {
  if (!row.made) return;
  if (review.picks.get(row.output) === choice) review.picks.delete(row.output);
  else review.picks.set(row.output, choice);
  row.pick = review.picks.get(row.output) ?? "";
  writePicks();
  review.onchange(row);
}

/** The choice that a key means, if it is pressed by itself. */
function pickOf(event) {
  return event.ctrlKey || event.metaKey || event.altKey ? undefined : PICKS[event.key];
}

/** Shows a row's pick on its card. */
function markCard(item, row) {
  const card = item.firstElementChild;
  card.dataset.pick = row.pick;
  card.querySelector(".pick").textContent = row.pick;
  card.querySelector(".twins").textContent = row.twins > 1 ? `${row.twins} alike` : "";
}

/** A cell of a CSV file. */
function csvCell(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** All picks as CSV: the output, the pick, and the run folder where the page knows it. */
function picksCsv(rows) {
  const folder = runFolder();
  const lines = rows.filter((row) => row.pick).map((row) => [row.output, row.pick, folder].map(csvCell).join(","));
  return ["output,pick,run", ...lines, ""].join("\r\n");
}

function exportPicks(rows) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([picksCsv(rows)], { type: "text/csv" }));
  link.download = "picks.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Sets the lightbox's buttons to what is picked. */
function reflectPick(row) {
  details.querySelector(".picks").hidden = !row.made;
  details.querySelectorAll("[data-choice]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.choice === row.pick));
}

/** Starts listening. `onchange` is called with each row whose pick changed. */
function startReview(rows, onchange) {
  review.onchange = onchange;
  document.querySelector(".export").addEventListener("click", () => exportPicks(rows));
  grid.list.addEventListener("keydown", (event) => {
    const choice = pickOf(event);
    if (choice && placeOf(event) >= 0) pick(grid.rows[placeOf(event)], choice);
  });
  details.querySelectorAll("[data-choice]").forEach((button) =>
    button.addEventListener("click", () => pick(lightbox.rows[lightbox.place], button.dataset.choice)),
  );
}
