/**
 * One model on a page of its own: what is there, where the pointer is, and what happens when it moves.
 * `ready` comes when the first picture is painted; `leave` ends it.
 */
function viewOf(page, { model, about, latent, sliders: wanted, server, trigger, tell, wish }) {
  const $ = (name) => page.querySelector(name);
  sayAll(page);
  const ask = async (name, more) => {
    const answer = await server[`explorer_${name}`]({ model, ...more });
    if (answer?.problem) throw Object.assign(Error(answer.problem), { told: answer.problem });
    return answer;
  };
  const failed = (error) => ($(".ground").textContent = error?.told ?? say("trouble"));
  const decode = decodeOnServer(ask);
  const state = {
    ...about,
    labels: about.labels && new Uint16Array(bytesOf(about.labels).buffer),
    plane: about.plane && latentPlane(about.plane),
    latent,
    far: false,
    hidden: new Set(), // classes
    ends: [], // of the way from A to B
    choosing: false, // a click chooses one of them
    tiles: null, // a canvas
  };
  let resting = 0;
  let left = false;

  const show = latest(async () => {
    const { images, ranks } = await ways.decode(state.latent);
    paintImage($(".picture").getContext("2d"), images, state.image);
    if (ranks !== undefined || !state.ranked) stand(ranks ?? null);
    else measure().catch(failed); // the picture does not wait for it
  });
  const measure = latest(async () => stand(await ask("rank", { latents: textOf(state.latent) })));
  const showTiles = latest(async () => {
    state.tiles = isOn($(".tiles")) ? await decodeTiles(state, decode) : null;
    $(".map-side").classList.toggle("tiled", state.tiles !== null);
    explain();
    map.redraw();
  });

  /** On known ground or not. */
  function stand(ranks) {
    state.far = showGround($(".picture-side"), ranks && ranks[0], state.farFrom);
    map.point();
  }

  /** What can be done on the map, and what is on it. */
  function explain() {
    const what = state.tiles ? "Tiles" : "";
    $(".hint").textContent = say((state.choosing ? "choose" : "hint") + what);
    $(".note").textContent = say(`note${what}`);
  }

  /** The one place where the latent changes. */
  function go(latent, inPlane = false) {
    state.latent = latent;
    map.point();
    showSliders();
    show().catch(failed);
    if (!inPlane && isOn($(".tiles"))) showTiles().catch(failed);
  }

  /** The pointer stays: the value is told. */
  function stay() {
    clearTimeout(resting);
    if (!left) tell(state.latent);
  }

  /** It may stay: keys and sliders come in series. */
  function rest() {
    clearTimeout(resting);
    resting = setTimeout(stay, 150);
  }

  /** A click: on a dot, or on none (null) at a place on the map. */
  async function pick(row) {
    const latent = row === null ? state.latent : floatsOf(await ask("code", { index: row }));
    if (left) return;
    if (row !== null) go(latent);
    stay();
    if (row !== null) {
      trigger("select", { index: row, value: listOf(latent), label: state.labels ? state.classes[state.labels[row]] : null });
    }
    if (state.choosing) choose(latent);
  }

  function leave() {
    left = true;
    clearTimeout(resting);
    map.leave();
    ways.leave();
  }

  function choose(latent) {
    state.ends = state.ends.length === 2 ? [latent] : [...state.ends, latent];
    $(".strip").hidden = state.ends.length < 2;
    if (state.ends.length === 2) showStrip($(".strip"), state, decode, (there) => (go(there), rest())).catch(failed);
    map.redraw();
  }

  const ways = waysToDecode($(".how"), about, decode, ask, wish, () => show().catch(failed));
  const map = latentMap($(".map"), state, {
    move: (left, top) => go(state.plane.moved(state.latent, ...state.plane.at(left, top)), true),
    pick: (row) => pick(row).catch(failed),
    rest,
    gone: leave,
  });
  const change = (index, value) => (go(state.latent.map((now, i) => (i === index ? value : now))), rest());
  const showSliders = wanted ? sliders($(".sliders"), state, change) : () => {};
  toggle($(".tiles"), () => showTiles().catch(failed));
  toggle($(".way"), (on) => {
    [state.choosing, state.ends] = [on, []];
    explain();
    $(".strip").hidden = true;
    map.redraw();
  });
  legend($(".legend"), state, map.redraw);
  fitPixels($(".frame"), state.image);
  const aim = latest(async () => {
    state.plane = latentPlane(await ask("plane", { axes: state.axes }));
    map.redraw();
    if (isOn($(".tiles"))) await showTiles();
  });
  if (state.latent.length > 2 && state.plane) axesChooser($(".axes"), state, () => aim().catch(failed));
  $(".map-side").hidden = !state.plane;
  $(".no-map").hidden = Boolean(state.plane);
  $(".pointer").setAttribute("aria-label", say("mapKeys"));
  $(".picture").setAttribute("aria-label", say("decoded"));
  return {
    model,
    language: languageNow(),
    latent: () => state.latent,
    go,
    ready: show().catch(failed),
    prepare: ways.prepare,
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
