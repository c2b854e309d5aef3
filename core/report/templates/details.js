// What the lightbox says beside the picture: scores, how it was made, and the command that tells more.

/** The panel of one job. */
function fillDetails(row, place) {
  const text = (selector, value) => (details.querySelector(selector).textContent = value);
  text(".place", `${(place + 1).toLocaleString("en")} of ${lightbox.rows.length.toLocaleString("en")}`);
  text("h2", row.asset);
  text(".in-style", row.source);
  details.querySelector(".views").hidden = row.isSample;
  text(".message", row.message ?? "");
  text(".sentence", row.why ?? "");
  reflectPick(row);
  const views = { asset: row.assetThumb, style: row.styleThumb, output: row.outputThumb };
  for (const [view, source] of Object.entries(views)) {
    showPicture(details.querySelector(`[data-view=${view}] img`), source, "");
  }
  details.querySelector(".meters").replaceChildren(...metersOf(row).flatMap((said) => meter(row, ...said)));
  details.querySelector(".facts").replaceChildren(...factsOf(row).flatMap(([label, value]) => pair(label, value)));
  fillCommand(row);
  const link = details.querySelector(".open a");
  link.parentElement.hidden = !row.full;
  link.href = row.full;
}

const METERS = [
  ["Score", "score", "How good the transfer is, 0 to 1: the parts below in one, or what your taste makes of them."],
  ["Content kept", "score_content", "0: nothing of the asset is left; 1: the asset itself."],
  ["Style reached", "score_style", "0: no nearer to the style than the asset was; 1: the style's own statistics."],
  ["Quality", "score_quality", "1: no technical fault that asset and style have not."],
  ["Coherence", "score_coherence", "How evenly the quarters of the picture reach the style, 0 to 1."],
];

/** What there is to measure: of a sample its score, once it is curated. */
function metersOf(row) {
  const always = row.isSample ? 0 : 3;
  return METERS.filter(([, name], place) => place < always || row[name] !== null);
}

function pair(label, value) {
  const [term, definition] = [document.createElement("dt"), document.createElement("dd")];
  term.textContent = label;
  definition.append(value);
  return [term, definition];
}

/** A measure as a bar; `meaning` is shown under the pointer. */
function meter(row, label, name, meaning) {
  const bar = document.createElement("i");
  bar.className = name;
  fillBar(bar, row[name]);
  const [term, definition] = pair(label, decimals(row[name]));
  term.title = definition.title = meaning;
  definition.prepend(bar);
  return [term, definition];
}

/** Label and value of everything known of a job; what is unknown is left out. */
function factsOf(row) {
  const facts = [
    ["Status", row.status === "done" ? "made" : row.status],
    ["Reason", row.reason && words(row.reason)],
    ["In its style", row.percentile !== null && `percentile ${Math.round(row.percentile)}`],
    ["Near-identical", row.twins > 1 && `${row.twins} pictures`],
    ["Try again of", row.retry_of],
    ["Best try", row.retry_of !== null && row.best !== null && (row.best ? "yes" : "no")],
    ["Preset", row.preset],
    ["Recipe", row.recipe],
    ["Seed", row.seed],
    ["Size", row.width && row.height && `${row.width} × ${row.height} px`],
    ["Time", row.seconds !== null && duration(row.seconds)],
    ["Finished", row.finished !== null && when(row.finished)],
    ["Top class kept", row.class_kept !== null && (row.class_kept ? "yes" : "no")],
    ["Label", labelOf(row)],
    ["Labelled by", row.scorer],
    ["Content distance", row.content_distance],
    ["Style distance", row.style_distance],
    ["Attempt", row.attempt > 1 && row.attempt],
    ["Engine", row.engine],
  ];
  return facts
    .filter(([, value]) => value !== null && value !== false && value !== undefined && value !== "")
    .map(([label, value]) => [label, String(value)]);
}

/** What the scorer says the picture is, and whether it knows. */
function labelOf(row) {
  if (row.label === null) return null;
  const doubt = row.outlier ? ", a guess: unlike what it was trained on" : ", a guess";
  return `${row.label}, probability ${decimals(row.probability)}${row.known ? "" : doubt}`;
}

/** A moment (seconds since 1970) as the reader's own clock shows it. */
function when(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/** The run folder, where the page knows it: opened from disk, it is two levels above the page. */
function runFolder() {
  if (location.protocol !== "file:") return "";
  try {
    return decodeURIComponent(location.pathname).replace(/^\/(?=[A-Za-z]:)/, "").replace(/\/gallery\/[^/]*$/, "");
  } catch {
    return "";
  }
}

/** A word of a shell command, in single quotes where it needs them. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function commandOf(row) {
  const folder = runFolder() || ".";
  if (!row.made) return `nocturne retry ${quoted(folder)}`;
  return `nocturne show ${quoted(row.path.replace("..", () => folder))}`;
}

function fillCommand(row) {
  const command = details.querySelector(".command");
  command.hidden = row.status === "pending";
  command.querySelector("p").textContent = row.made ? "How it was made" : "Try failed jobs again";
  command.querySelector("code").textContent = commandOf(row);
  command.querySelector(".copy").textContent = "Copy";
}

/** Copies the command, or selects it where the browser does not allow that. */
async function copyCommand(event) {
  const code = details.querySelector(".command code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    event.target.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(code);
    event.target.textContent = "Selected";
  }
}
