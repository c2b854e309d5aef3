// The rows of data.js as objects; which of them are shown, and in which order.

const data = window.nocturne;
const MADE = new Set(["done", "rejected"]);

/** A relative URL for a path of the run folder: every component percent-encoded. */
function href(path) {
  return path.split("/").map(encodeURIComponent).join("/");
}

/** A column's cells, one a row; repeated text is stored once and named by its place, -1 is null. */
function cellsOf(column) {
  if (Array.isArray(column)) return column;
  return column.codes.map((code) => (code < 0 ? null : column.values[code]));
}

/** For each asset or style its place in alphabetical order, so that sorting by name compares numbers. */
function ranks(names) {
  const collator = new Intl.Collator("en", { numeric: true });
  const order = names.map((_, place) => place).sort((a, b) => collator.compare(names[a], names[b]));
  const rank = [];
  order.forEach((place, position) => (rank[place] = position));
  return rank;
}

/** Text as it is compared by the search: case and the composition of accents do not matter. */
function folded(text) {
  return text.normalize("NFC").toLowerCase();
}

/** The output's path under `outputs/`; `*` stands for `<style>/<asset>`. */
function outputOf(row) {
  const tail = row.output ?? "";
  return tail.startsWith("*") ? `${row.style}/${row.asset}${tail.slice(1)}` : tail.slice(1);
}

/** Adds to a row what is derived from it: its paths, its place by name, the text that is searched. */
function complete(row, index, ranking) {
  const { asset, style } = data.columns;
  const assetCode = asset.codes[index];
  const styleCode = style.codes[index];
  row.output = outputOf(row);
  row.made = MADE.has(row.status);
  row.assetThumb = href(asset.thumbs[assetCode]);
  row.styleThumb = href(style.thumbs[styleCode]);
  const words = data.words[row.kind] ?? { source: "in the style {}", triptychs: true };
  row.isSample = !words.triptychs;
  row.source = words.source.replace("{}", () => row.style);
  row.path = (row.status === "rejected" ? data.paths.rejected : data.paths.output).replace("{}", () => row.output);
  row.full = row.made ? href(row.path) : "";
  // A sample is so small that it is its own small view.
  row.outputThumb = !row.made || row.isSample ? row.full : href(data.paths.thumb.replace("{}", () => row.output));
  row.rank = ranking.asset[assetCode] * style.values.length + ranking.style[styleCode];
  row.pick = review.picks.get(row.output) ?? "";
  row.text = folded(`${row.asset} ${row.style} ${row.output}`);
  return row;
}

/** All rows of the data file. */
function readRows() {
  const names = Object.keys(data.columns);
  const cells = names.map((name) => cellsOf(data.columns[name]));
  const ranking = { asset: ranks(data.columns.asset.values), style: ranks(data.columns.style.values) };
  return Array.from({ length: data.count }, (_, index) => {
    const row = {};
    names.forEach((name, place) => (row[name] = cells[place][index]));
    return complete(row, index, ranking);
  });
}

/** Says of each row how many are nearly the same picture, and which of these has the best score. */
function findTwins(rows) {
  const sets = new Map();
  for (const row of rows) if (row.alike !== null) sets.set(row.alike, [...(sets.get(row.alike) ?? []), row]);
  for (const row of rows) Object.assign(row, { twins: 1, isFirst: true });
  for (const set of sets.values()) {
    set.sort(ORDERS.best);
    set.forEach((row, place) => Object.assign(row, { twins: set.length, isFirst: place === 0 }));
  }
  return rows;
}

/** Orders rows by a number; rows without it come last either way, equal ones by name. */
function by(key, sign) {
  return (a, b) => {
    const left = a[key];
    const right = b[key];
    if (left === null || right === null) return (left === null) - (right === null) || a.rank - b.rank;
    return sign * (left - right) || a.rank - b.rank;
  };
}

const ORDERS = {
  best: by("score", -1),
  worst: by("score", 1),
  name: by("rank", 1),
  "name-down": by("rank", -1),
  slowest: by("seconds", -1),
  fastest: by("seconds", 1),
  newest: by("finished", -1),
};

/** The rows that a state asks for, in its order. */
function chosen(rows, state) {
  const words = folded(state.q).split(/\s+/).filter(Boolean);
  return rows
    .filter(
      (row) =>
        (!state.style || row.style === state.style) &&
        (!state.status || row.status === state.status) &&
        (!state.reason || row.reason === state.reason) &&
        (!state.pick || (row.pick || "none") === state.pick) &&
        (!state.alike || row.isFirst) &&
        words.every((word) => row.text.includes(word)),
    )
    .sort(ORDERS[state.sort] ?? ORDERS.best);
}
