// One picture as large as the window, with asset and style at hand and all that is known of it.

const box = document.querySelector(".lightbox");
const stage = box.querySelector(".stage");
const picture = box.querySelector(".picture");
const details = box.querySelector(".details");

const lightbox = { rows: [], place: -1, view: "output", onmove: () => {} };

/** Opens the lightbox at a place of `rows`. */
function openLightbox(rows, place) {
  lightbox.rows = rows;
  lightbox.view = "output";
  if (!box.open) box.showModal();
  showPlace(place);
}

/** Shows the picture at `place`; past either end nothing happens. */
function showPlace(place) {
  if (place < 0 || place >= lightbox.rows.length) return;
  lightbox.place = place;
  const row = lightbox.rows[place];
  box.dataset.status = row.status;
  box.querySelector(".previous").disabled = place === 0;
  box.querySelector(".next").disabled = place === lightbox.rows.length - 1;
  fillDetails(row, place);
  showLarge(lightbox.view);
  for (const near of [place + 1, place - 1]) preload(lightbox.rows[near]);
  lightbox.onmove(row);
}

function preload(row) {
  if (row?.full) new Image().src = row.full;
}

/** Shows the output, the asset or the style large. */
function showLarge(view) {
  const row = lightbox.rows[lightbox.place];
  lightbox.view = view;
  details.querySelectorAll("[data-view]").forEach((tab) => tab.setAttribute("aria-pressed", tab.dataset.view === view));
  delete stage.dataset.zoomed;
  stage.dataset.view = view;
  const [small, full, alt] = {
    output: [row.outputThumb, row.full, `${row.asset} ${row.source}`],
    asset: [row.assetThumb, "", `The asset ${row.asset}`],
    style: [row.styleThumb, "", `The style ${row.style}`],
  }[view];
  const missing = view === "output" && !row.made;
  picture.hidden = missing;
  stage.querySelector(".trouble").hidden = !missing;
  if (missing) fillWhyLarge(row);
  else fillPicture(row, small, full, alt);
}

/** Shows the asset or the style large, where there is one. */
function showBeside(view) {
  if (!lightbox.rows[lightbox.place].isSample) showLarge(view);
}

/** The small view first, which is there at once, and the file itself over it when it has loaded. */
function fillPicture(row, small, full, alt) {
  const sized = lightbox.view !== "style" && row.width && row.height;
  box.style.setProperty("--ratio", sized ? row.width / row.height : 1);
  picture.style.setProperty("--pixels", sized ? row.width : 640);
  picture.classList.toggle("sized", Boolean(sized));
  const [low, high] = [picture.querySelector(".small"), picture.querySelector(".full")];
  high.classList.remove("loaded");
  high.onload = () => high.classList.add("loaded");
  low.onerror = () => low.removeAttribute("src");
  high.onerror = () => high.removeAttribute("src");
  setSource(low, small);
  setSource(high, full);
  low.alt = full ? "" : alt;
  high.alt = full ? alt : "";
}

function setSource(image, source) {
  if (source) image.src = source;
  else image.removeAttribute("src");
}

function fillWhyLarge(row) {
  stage.querySelector(".trouble strong").textContent = row.status === "pending" ? "pending" : words(row.reason) || row.status;
  stage.querySelector(".trouble p").textContent = row.message ?? "This job has not been made yet.";
}

/** Switches between the fitted picture and its own pixels, around the point that was clicked. */
function zoom(event) {
  const full = picture.querySelector(".full");
  if (!("zoomed" in stage.dataset) && (lightbox.view !== "output" || full.naturalWidth <= full.clientWidth)) return;
  const frame = full.getBoundingClientRect();
  const x = event ? (event.clientX - frame.left) / frame.width : 0.5;
  const y = event ? (event.clientY - frame.top) / frame.height : 0.5;
  if ("zoomed" in stage.dataset) delete stage.dataset.zoomed;
  else stage.dataset.zoomed = "";
  stage.scrollTo(x * stage.scrollWidth - stage.clientWidth / 2, y * stage.scrollHeight - stage.clientHeight / 2);
}

const KEYS = {
  ArrowLeft: () => showPlace(lightbox.place - 1),
  ArrowRight: () => showPlace(lightbox.place + 1),
  Home: () => showPlace(0),
  End: () => showPlace(lightbox.rows.length - 1),
  1: () => showBeside("asset"),
  2: () => showBeside("style"),
  3: () => showLarge("output"),
  z: () => zoom(),
};

function onLightboxKey(event) {
  const choice = box.open && pickOf(event);
  if (choice) pick(lightbox.rows[lightbox.place], choice);
  if (!box.open || !(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  KEYS[event.key]();
}

/** A sideways swipe on a touch screen goes to the next picture. */
function onSwipe() {
  let start = null;
  stage.addEventListener("touchstart", (event) => (start = event.touches.length === 1 ? event.touches[0].clientX : null), { passive: true });
  stage.addEventListener("touchend", (event) => {
    const moved = start === null || "zoomed" in stage.dataset ? 0 : event.changedTouches[0].clientX - start;
    if (Math.abs(moved) > 50) showPlace(lightbox.place - Math.sign(moved));
  });
}

/** Starts listening. `onmove` is called with each row that is shown, `onclose` with the last place. */
function startLightbox(onmove, onclose) {
  lightbox.onmove = onmove;
  // On the document: a click beside the buttons takes the focus out of the dialog.
  document.addEventListener("keydown", onLightboxKey);
  box.addEventListener("close", () => onclose(lightbox.place));
  box.querySelector(".close").addEventListener("click", () => box.close());
  box.querySelector(".previous").addEventListener("click", KEYS.ArrowLeft);
  box.querySelector(".next").addEventListener("click", KEYS.ArrowRight);
  picture.addEventListener("click", zoom);
  stage.addEventListener("click", (event) => event.target === stage && box.close());
  details.querySelectorAll("[data-view]").forEach((tab) => tab.addEventListener("click", () => showLarge(tab.dataset.view)));
  details.querySelector(".copy").addEventListener("click", copyCommand);
  onSwipe();
}
