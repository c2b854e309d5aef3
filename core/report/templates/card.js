// One job as a card: its output large, asset and style beside it, or why there is no output.

const SMALL = 64; // px: pictures up to this width are shown with their own pixels, which a browser would blur
const cardTemplate = document.getElementById("card");

/** A reason as words: `out_of_memory` is "out of memory". */
function words(reason) {
  return (reason ?? "").replaceAll("_", " ");
}

/** A number with two decimals, or a dash where nothing was measured. */
function decimals(value) {
  return value === null ? "–" : value.toFixed(2);
}

/** A time in its two largest units, or a dash. */
function duration(seconds) {
  if (seconds === null) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
  const first = units.findIndex(([size]) => whole >= size);
  return units
    .slice(first, first + 2)
    .map(([size, unit], place) => [Math.floor((place ? whole % units[first][0] : whole) / size), unit])
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(" ");
}

/** Shows a picture in its frame once it has loaded; a picture that is missing leaves the frame's neutral ground. */
function showPicture(image, source, alt) {
  const frame = image.parentElement;
  frame.classList.remove("seen", "blank");
  image.alt = alt;
  image.onload = () => frame.classList.add("seen");
  image.onerror = () => frame.classList.add("blank");
  if (source) image.src = source;
  else {
    image.removeAttribute("src");
    frame.classList.add("blank");
  }
}

/** A thin bar of a share between 0 and 1. */
function fillBar(bar, share) {
  bar.style.setProperty("--share", share ?? 0);
}

/** Why a job has no picture, in its output's place. */
function fillWhy(why, row) {
  why.querySelector("strong").textContent = row.status === "pending" ? "pending" : words(row.reason) || row.status;
  why.querySelector("span").textContent = row.message ?? (row.status === "pending" ? "Not made yet." : "");
}

/** The words and numbers under the pictures. */
function fillCaption(card, row) {
  const text = (selector, value) => (card.querySelector(selector).textContent = value);
  text(".caption .name", row.asset);
  text(".caption .in-style", row.style);
  text(".caption .score", row.isSample && row.score === null ? "" : decimals(row.score));
  text(".caption .time", duration(row.seconds));
  text(".part.content span", `content ${decimals(row.score_content)}`);
  text(".part.styled span", `style ${decimals(row.score_style)}`);
  fillBar(card.querySelector(".part.content i"), row.score_content);
  fillBar(card.querySelector(".part.styled i"), row.score_style);
  card.querySelector(".caption").title = `${row.asset}\n${row.style}`;
}

/** A list item that shows `row`. */
function makeCard(row) {
  const item = cardTemplate.content.firstElementChild.cloneNode(true);
  const card = item.firstElementChild;
  card.classList.add(row.status);
  card.href = row.full || "#";
  showPicture(card.querySelector(".output img"), row.outputThumb, `${row.asset} ${row.source}`);
  card.classList.toggle("sample", row.isSample);
  card.classList.toggle("small", row.isSample && row.width <= SMALL);
  showPicture(card.querySelector(".asset img"), row.assetThumb, "the asset");
  showPicture(card.querySelector(".artwork img"), row.styleThumb, "the style");
  if (!row.made || row.status === "rejected") fillWhy(card.querySelector(".why"), row);
  else card.querySelector(".why").remove();
  fillCaption(card, row);
  return item;
}
