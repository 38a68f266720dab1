/**
 * The view of one model: its state, its parts and what happens when the pointer moves.
 * `ready` resolves when the first picture is painted; `leave` stops everything.
 */
function viewOf(page, { model, about, latent, options, server, trigger, tell, preference }) {
  const $ = (name) => page.querySelector(name);
  sayAll(page);
  const ask = async (name, more) => {
    const answer = await server[`explorer_${name}`]({ model, ...more });
    if (answer?.problem) throw Object.assign(Error(answer.problem), { told: answer.problem });
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
    far: false,
    hidden: new Set(), // classes
    ends: [], // of the path from A to B
    choosing: false, // whether a click chooses one of the ends
    tiles: null, // a canvas
  };
  let resting = 0;
  let left = false;

  const show = latest(async () => {
    const { images, ranks } = await decoder.decode(state.latent);
    paintImage($(".picture").getContext("2d"), images, state.image);
    if (ranks !== undefined || !state.ranked) showRank(ranks ?? null);
    else measure().catch(failed); // the picture does not wait for the rank
  });
  const measure = latest(async () => showRank(await ask("rank", { latents: textOf(state.latent) })));
  const showTiles = latest(async () => {
    state.tiles = isOn($(".tiles")) ? await decodeTiles(state, decode) : null;
    $(".map-side").classList.toggle("tiled", state.tiles !== null);
    explain();
    map.redraw();
  });

  /** Show how far the pointer is from the training codes. */
  function showRank(ranks) {
    state.far = showDensity($(".picture-side"), ranks && ranks[0], state.farFrom);
    map.point();
  }

  /** Say what can be done on the map and what it shows. */
  function explain() {
    const what = state.tiles ? "Tiles" : "";
    $(".hint").textContent = state.fixed ? "" : say((state.choosing ? "choose" : "hint") + what);
    $(".note").textContent = say(`note${what}`);
  }

  /** Move the pointer to a latent: the only place where the latent changes. */
  function go(latent, inPlane = false) {
    state.latent = latent;
    map.point();
    showSliders();
    show().catch(failed);
    if (!inPlane && isOn($(".tiles"))) showTiles().catch(failed);
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
    clearTimeout(resting);
    map.leave();
    decoder.leave();
  }

  function choose(latent) {
    state.ends = state.ends.length === 2 ? [latent] : [...state.ends, latent];
    $(".strip").hidden = state.ends.length < 2;
    if (state.ends.length === 2) showStrip($(".strip"), state, decode, (there) => (go(there), rest())).catch(failed);
    map.redraw();
  }

  const decoder = decoderSwitch($(".decoder"), about, decode, ask, preference, () => show().catch(failed));
  const map = latentMap($(".map"), state, {
    move: (left, top) => go(state.plane.moved(state.latent, ...state.plane.at(left, top)), true),
    pick: (row) => pick(row).catch(failed),
    rest,
    release,
    gone: leave,
  });
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
    map.redraw();
    if (isOn($(".tiles"))) await showTiles();
  });
  if (state.latent.length > 2 && state.plane) axesChooser($(".axes"), state, () => aim().catch(failed));
  $(".map-side").hidden = !state.plane;
  $(".no-map").hidden = Boolean(state.plane);
  $(".path").hidden = state.fixed;
  $(".pointer").setAttribute("aria-label", say(state.fixed ? "map" : "mapKeys"));
  $(".picture").setAttribute("aria-label", say("decoded"));
  return {
    model,
    latent: () => state.latent,
    go,
    restart,
    ready: show().catch(failed),
    prepare: decoder.prepare,
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
