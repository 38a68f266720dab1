/**
 * The view of one model: its state, its parts and what happens when the pointer moves.
 * `ready` resolves when the first picture is painted; `leave` stops everything.
 */
function viewOf(page, { model, about, latent, options, server, trigger, tell, preference }) {
  const $ = (name) => page.querySelector(name);
  sayAll(page);
  const ask = async (name, more) => {
    const answer = await server[`explorer_${name}`]({ model, ...more });
    if (answer === undefined) throw Error("no answer"); // what gradio makes of an error status
    if (answer?.problem) throw Object.assign(Error(answer.problem), { told: say("refused", { reason: answer.problem }) });
    return answer;
  };
  const failed = (error) => ($(".density").textContent = error?.told ?? say("trouble"));
  const decode = serverDecoder(ask);
  const state = {
    ...about,
    labels: about.labels && new Uint16Array(bytesOf(about.labels).buffer),
    plane: about.plane && latentPlane(about.plane),
    latent,
    fixed: !options.interactive, // whether the user may look around only
    marks: [], // of the picture at the pointer
    hidden: new Set(), // classes
    ends: [], // of the path from A to B
    choosing: false, // whether a click chooses one of the ends
    tiles: null, // { canvas, part: of the plane }
    yours: null, // the user's picture: { latent, stamp: a canvas }
  };
  let resting = 0;
  let zooming = 0;
  let left = false;

  const show = latest(async () => {
    const { images } = await decoder.decode(state.latent);
    paintImage($(".picture").getContext("2d"), images, state.image);
    mark().catch(failed); // the picture does not wait for its marks
  });
  const judge = (latents) => ask("marks", { latents: textOf(latents) });
  const mark = latest(async () => {
    state.marks = showMarks($(".picture-side"), await judge(state.latent));
    map.point();
  });
  const showTiles = latest(async () => {
    state.tiles = isOn($(".tiles")) ? await decodeTiles(state, decode) : null;
    $(".map-side").classList.toggle("tiled", state.tiles !== null);
    explain();
    map.redraw();
  });

  /** Say what can be done on the map and what it shows. */
  function explain() {
    const what = state.tiles ? "Tiles" : "";
    const move = say(state.fixed ? "hintFixed" : (state.choosing ? "choose" : "hint") + what);
    $(".hint").textContent = `${move} ${say(matchMedia("(pointer: coarse)").matches ? "zoomTouch" : "zoom")}`;
    $(".note .words").textContent = say(`note${what}`);
    $(".shades").hidden = Boolean(state.tiles);
  }

  /** Show another part of the plane; return whether it is another one. */
  function look(moved) {
    if (!moved) return false;
    const [, , span] = state.plane.zoom.now();
    [$(".farther").disabled, $(".all-of-it").hidden, $(".closer").disabled] = [span === 1, span === 1, span <= CLOSEST];
    map.redraw();
    clearTimeout(zooming);
    if (isOn($(".tiles"))) zooming = setTimeout(() => showTiles().catch(failed), 150);
    return true;
  }
  const zoomBy = (factor, x, y) => look(factor ? state.plane.zoom.by(factor, x, y) : state.plane.zoom.whole());

  /** Pan the map until the pointer is on it; a pointer outside the whole plane stays at the edge. */
  function follow() {
    if (state.plane && !state.plane.zoom.isWhole()) look(state.plane.zoom.reveal(...state.plane.share(...state.plane.place(state.latent))));
  }

  /** Move the pointer to a latent: the only place where the latent changes. */
  function go(latent, inPlane = false) {
    state.latent = latent;
    map.point();
    showSliders();
    show().catch(failed);
    if (inPlane) return;
    follow();
    if (isOn($(".tiles"))) showTiles().catch(failed);
  }

  /** The pointer has come to rest: set the component's value. */
  function settle() {
    clearTimeout(resting);
    if (!left && tell(state.latent)) trigger("input");
  }

  /** The user has let go of the pointer or of a slider. */
  function release() {
    settle();
    if (!left) trigger("release");
  }

  /** Back to where the pointer was at first. */
  function restart() {
    go(floatsOf(about.start));
    clearTimeout(resting);
    tell(state.latent);
  }

  /** The pointer may have come to rest; keys and sliders send series of events. */
  function rest() {
    clearTimeout(resting);
    resting = setTimeout(settle, 150);
  }

  /** A click on the dot of this row; null for a click beside the dots. */
  async function pick(row) {
    const latent = row === null ? state.latent : floatsOf(await ask("code", { index: row }));
    if (left) return;
    if (row !== null) go(latent);
    release();
    if (row !== null) {
      trigger("select", { index: row, value: listOf(latent), label: state.labels ? state.classes[state.labels[row]] : null });
    }
    if (state.choosing) choose(latent);
  }

  function leave() {
    left = true;
    for (const timer of [resting, zooming]) clearTimeout(timer);
    peek(null);
    map.leave();
    posterior.leave();
    decoder.leave();
  }

  function choose(latent) {
    state.ends = state.ends.length === 2 ? [latent] : [...state.ends, latent];
    $(".strip").hidden = state.ends.length < 2;
    if (state.ends.length === 2) showStrip($(".strip"), state, decode, judge, (there) => (go(there), rest())).catch(failed);
    map.redraw();
  }

  const decoder = decoderSwitch($(".decoder"), about, decode, ask, preference, () => show().catch(failed));
  const map = latentMap($(".map"), state, {
    move: (left, top) => go(state.plane.moved(state.latent, ...state.plane.at(left, top)), true),
    pick: (row) => pick(row).catch(failed),
    rest,
    release,
    undo: go,
    peek: (spot) => peek(spot),
    pan: (x, y) => look(state.plane.zoom.pan(x, y)),
    zoom: zoomBy,
    located: (inside) => ($(".where").textContent = inside ? "" : say("outside")),
    gone: leave,
  });
  const peek = peekOf($(".map"), state, decoder.decode, decoder.isHere);
  $(".closer").onclick = () => zoomBy(2);
  $(".farther").onclick = () => zoomBy(1 / 2);
  $(".all-of-it").onclick = () => zoomBy(0);
  for (const [name, words] of [[".closer", "zoomIn"], [".farther", "zoomOut"]]) {
    for (const what of ["title", "aria-label"]) $(name).setAttribute(what, say(words));
  }
  const posterior = posteriorOf(page, state, decoder.decode, { changed: map.point, look, failed });
  const changed = () => (map.redraw(), posterior.show());
  const showYours = yoursOf(page, state, ask, { go: (there) => (go(there), release()), changed });
  const change = (index, value) => (go(state.latent.map((now, i) => (i === index ? value : now))), rest());
  const showSliders = options.sliders ? sliders($(".sliders"), state, change, release) : () => {};
  toggle($(".tiles"), () => showTiles().catch(failed));
  toggle($(".path"), (on) => {
    [state.choosing, state.ends] = [on, []];
    explain();
    $(".strip").hidden = true;
    map.redraw();
  });
  legend($(".legend"), state, map.redraw);
  fitPixels($(".frame"), state.image);
  const aim = latest(async () => {
    state.plane = latentPlane(await ask("plane", { axes: state.axes }));
    look(true);
    if (isOn($(".tiles"))) await showTiles();
  });
  if (state.latent.length > 2 && state.plane) axesChooser($(".axes"), state, () => aim().catch(failed));
  explain();
  $(".map-side").hidden = !state.plane;
  $(".no-map").hidden = Boolean(state.plane);
  $(".path").hidden = state.fixed;
  $(".pointer").setAttribute("aria-label", say(state.fixed ? "map" : "mapKeys"));
  return {
    model,
    latent: () => state.latent,
    go,
    restart,
    ready: show().catch(failed),
    prepare: decoder.prepare,
    showYours,
    leave,
  };
}

const isOn = (button) => button.getAttribute("aria-pressed") === "true";

function toggle(button, changed) {
  button.onclick = () => {
    button.setAttribute("aria-pressed", String(!isOn(button)));
    changed(isOn(button));
  };
}
