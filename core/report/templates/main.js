// Ties the parts together: one state, one list of rows, one way to change them.

const rows = findTwins(readRows());
const state = readState();
let shown = [];

/** Shows what the state asks for. */
function refresh() {
  shown = chosen(rows, state);
  showView(state.view);
  showRows(shown);
  reflect(state, shown.length, rows.length);
  reflectEmpty(shown.length, rows.length);
}

/** Changes fields of the state, and the page with them. */
function update(changes) {
  Object.assign(state, changes);
  writeState(state);
  refresh();
  const toolbar = document.querySelector(".toolbar");
  // A shorter list may end above the window: begin it under the toolbar.
  if (toolbar.getBoundingClientRect().top <= 0) window.scrollTo(0, grid.list.offsetTop - toolbar.offsetHeight - grid.gap);
}

function onOpen(place) {
  openLightbox(shown, place);
}

function onMove(row) {
  state.open = row.output;
  writeState(state);
}

function onClose(place) {
  state.open = "";
  writeState(state);
  focusCard(place);
}

/** Shows what was picked; the list stays as it is until it is filtered again, so that no picture leaves under the hand. */
function onPick(row) {
  markRow(row);
  if (box.open) reflectPick(row);
}

/** Opens the picture that the URL names. */
function openNamed() {
  const place = state.open ? shown.findIndex((row) => row.output === state.open) : -1;
  if (place >= 0) openLightbox(shown, place);
  else if (box.open) box.close();
}

startGrid(onOpen);
startControls(state, update);
startLightbox(onMove, onClose);
startReview(rows, onPick);
window.addEventListener("hashchange", () => {
  Object.assign(state, readState());
  refresh();
  openNamed();
});
refresh();
openNamed();
document.documentElement.dataset.ready = rows.length;
