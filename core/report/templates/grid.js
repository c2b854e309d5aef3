// The grid of cards. Only those near the window exist, so that five thousand cost as little as fifty.

const OVERSCAN = 0.75; // windows above and below that are kept ready

const grid = {
  list: document.querySelector(".grid"),
  rows: [],
  cards: new Map(), // place in `rows` -> list item
  columns: 1,
  width: 0, // of a card, px
  pitch: 0, // height of a card and the gap under it, px
  gap: 0,
  onopen: () => {},
};

/** Shows other rows, or the same in another order. */
function showRows(rows) {
  grid.rows = rows;
  clearCards();
  arrange();
}

/** Shows cards as triptychs (`""`) or as a sheet of outputs alone (`"sheet"`). */
function showView(view) {
  if (grid.list.dataset.view === view) return;
  grid.list.dataset.view = view;
  clearCards();
}

function clearCards() {
  grid.cards.forEach((item) => item.remove());
  grid.cards.clear();
}

/** Measures the grid: how many columns fit, and how high a card is at their width. The style sheet decides both. */
function arrange() {
  const style = getComputedStyle(grid.list);
  const least = parseFloat(style.getPropertyValue("--least"));
  const space = grid.list.clientWidth;
  grid.gap = parseFloat(style.columnGap) || 0;
  grid.columns = Math.max(1, Math.floor((space + grid.gap) / (least + grid.gap)));
  grid.width = (space - grid.gap * (grid.columns - 1)) / grid.columns;
  grid.pitch = cardHeight() + grid.gap;
  const lines = Math.ceil(grid.rows.length / grid.columns);
  grid.list.style.height = `${Math.max(0, lines * grid.pitch - grid.gap)}px`;
  grid.cards.forEach((item, place) => moveCard(item, place));
  paint();
}

/** The height of a card at the present width, px. All cards are equally high. */
function cardHeight() {
  const probe = cardTemplate.content.firstElementChild.cloneNode(true);
  probe.style.width = `${grid.width}px`;
  probe.style.visibility = "hidden";
  grid.list.append(probe);
  const height = probe.getBoundingClientRect().height;
  probe.remove();
  return height;
}

/** Makes the cards that the window needs and drops the others. */
function paint() {
  const above = -grid.list.getBoundingClientRect().top;
  const reach = window.innerHeight * OVERSCAN;
  const first = Math.max(0, Math.floor((above - reach) / grid.pitch)) * grid.columns;
  const end = Math.ceil((above + window.innerHeight + reach) / grid.pitch) * grid.columns;
  const last = Math.min(grid.rows.length, Math.max(0, end));
  for (const [place, item] of grid.cards) {
    if ((place < first || place >= last) && !item.contains(document.activeElement)) dropCard(place, item);
  }
  for (let place = first; place < last; place++) if (!grid.cards.has(place)) addCard(place);
}

function dropCard(place, item) {
  item.remove();
  grid.cards.delete(place);
}

function addCard(place) {
  const item = makeCard(grid.rows[place]);
  markCard(item, grid.rows[place]);
  item.dataset.place = place;
  item.setAttribute("aria-posinset", place + 1);
  item.setAttribute("aria-setsize", grid.rows.length);
  moveCard(item, place);
  grid.cards.set(place, item);
  // Cards stand in the document in the order of their places, so that Tab goes from one to the next.
  const after = [...grid.list.children].find((other) => Number(other.dataset.place) > place);
  grid.list.insertBefore(item, after ?? null);
}

function moveCard(item, place) {
  const x = (place % grid.columns) * (grid.width + grid.gap);
  const y = Math.floor(place / grid.columns) * grid.pitch;
  item.style.width = `${grid.width}px`;
  item.style.transform = `translate(${x}px, ${y}px)`;
}

/** Scrolls until the card at `place` can be seen, and gives it the focus. */
function focusCard(place) {
  if (place < 0 || place >= grid.rows.length) return;
  const top = grid.list.getBoundingClientRect().top + Math.floor(place / grid.columns) * grid.pitch;
  const ceiling = document.querySelector(".toolbar").getBoundingClientRect().height + grid.gap;
  if (top < ceiling) window.scrollBy(0, top - ceiling);
  else if (top + grid.pitch > window.innerHeight) window.scrollBy(0, top + grid.pitch - window.innerHeight);
  paint();
  grid.cards.get(place)?.firstElementChild.focus({ preventScroll: true });
}

/** Shows what changed of a row, if its card is there. */
function markRow(row) {
  const place = grid.rows.indexOf(row);
  if (grid.cards.has(place)) markCard(grid.cards.get(place), row);
}

/** The place of the card that an event happened in, or -1. */
function placeOf(event) {
  const item = event.target.closest("li");
  return item ? Number(item.dataset.place) : -1;
}

function onGridKey(event) {
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns };
  const place = placeOf(event);
  if (!(event.key in steps) || place < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  focusCard(place + steps[event.key]);
}

function onGridClick(event) {
  const place = placeOf(event);
  if (place < 0) return;
  // A middle click or a click with Ctrl opens the picture's file in a tab of its own, as on any link.
  if (grid.rows[place].full && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
  event.preventDefault();
  grid.onopen(place);
}

/** Starts listening. `onopen` is called with the place of a card that was chosen. */
function startGrid(onopen) {
  let waiting = false;
  const soon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      paint();
    });
  };
  grid.onopen = onopen;
  grid.list.addEventListener("click", onGridClick);
  grid.list.addEventListener("keydown", onGridKey);
  window.addEventListener("scroll", soon, { passive: true });
  new ResizeObserver(arrange).observe(grid.list);
}
