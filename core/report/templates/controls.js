// The state of the page (filter, order, view, the open picture): read from and kept in the URL's hash.

// Pictures without an asset and an artwork to stand between are shown as a sheet.
const FIRST_VIEW = "sheet" in document.body.dataset ? "sheet" : "";
const DEFAULTS = { q: "", style: "", status: "", reason: "", pick: "", alike: "", sort: "best", view: FIRST_VIEW, open: "" };
const FILTERS = ["q", "style", "status", "reason", "pick", "alike"];

const form = document.querySelector(".toolbar");
const styleButtons = [...document.querySelectorAll("[data-style]")];
const reasonButtons = [...document.querySelectorAll("[data-reason]")];

/** The state that the URL's hash names; what the page does not know is left at its default. */
function readState() {
  const state = { ...DEFAULTS };
  new URLSearchParams(location.hash.slice(1)).forEach((value, key) => {
    if (key in DEFAULTS) state[key] = value;
  });
  for (const key of ["status", "view", "style", "sort", "pick", "alike"]) if (!offered(key, state[key])) state[key] = DEFAULTS[key];
  return state;
}

/** Whether a control of the toolbar offers `value`. */
function offered(key, value) {
  return [...form.querySelectorAll(`[name="${key}"], [name="${key}"] option`)].some((option) => option.value === value);
}

/** Keeps the state in the URL, without a new entry in the browser's history. */
function writeState(state) {
  const kept = Object.entries(state).filter(([key, value]) => value !== DEFAULTS[key]);
  const hash = new URLSearchParams(kept).toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

/** Sets every control to what the state says. */
function reflect(state, shown, total) {
  for (const key of ["q", "style", "sort", "pick", "alike"]) {
    if (form.elements[key].value !== state[key]) form.elements[key].value = state[key];
  }
  for (const radio of form.querySelectorAll("[type=radio]")) radio.checked = radio.value === state[radio.name];
  styleButtons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.style === state.style));
  reasonButtons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.reason === state.reason));
  const filtered = FILTERS.some((key) => state[key]);
  form.querySelector(".clear").hidden = !filtered;
  form.querySelector(".shown").textContent = counted(shown, total) + (state.reason ? ` · ${words(state.reason)}` : "");
}

function counted(shown, total) {
  const all = total.toLocaleString("en");
  return shown === total ? `${all} shown` : `${shown.toLocaleString("en")} of ${all}`;
}

/** What the page says when no card is shown. */
function reflectEmpty(shown, total) {
  const empty = document.querySelector(".empty");
  empty.hidden = shown > 0;
  empty.querySelector("h2").textContent = total ? "Nothing matches" : "A quiet night";
  empty.querySelector("p").textContent = total
    ? "No job fits this filter. Clear it to see all of them again."
    : "This run has no jobs yet. When pictures have been made, they are shown here.";
}

/** Starts listening. `update` is called with the fields of the state that a control changed. */
function startControls(state, update) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => onInput(event.target, update));
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    update(Object.fromEntries(FILTERS.map((key) => [key, ""])));
  });
  styleButtons.forEach((button) =>
    button.addEventListener("click", () => update({ style: state.style === button.dataset.style ? "" : button.dataset.style })),
  );
  reasonButtons.forEach((button) =>
    button.addEventListener("click", () => update({ status: "", reason: state.reason === button.dataset.reason ? "" : button.dataset.reason })),
  );
  document.addEventListener("keydown", onSlash);
}

function onInput(control, update) {
  // A reason belongs to failed jobs: to ask for another status is to let go of it.
  update(control.name === "status" ? { status: control.value, reason: "" } : { [control.name]: control.value });
}

function onSlash(event) {
  if (event.key !== "/" || event.target.closest("input, select, dialog")) return;
  event.preventDefault();
  form.elements.q.focus();
}
