/**
 * The posterior that a VAE's encoder gives the user's picture: a gaussian in each dimension. Codes are drawn from it and
 * decoded as they come; the page shows the numbers of the last one, and the map the ellipses and the codes.
 */

const KEPT_DRAWS = 8; // codes that stay on the page
const FIRST_ROWS = 6; // dimensions in the table at first
const NEXT_DRAW = 350; // ms from one code to the next

/** What the server's answer says of the posterior; {} if the model has none. */
function posteriorIn(found) {
  return found.std ? { std: floatsOf(found.std), kl: floatsOf(found.kl), draws: [] } : {};
}

/** A number from N(0, 1), by the Box-Muller transform. */
function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function posteriorOf(page, state, decode, { changed, look, failed }) {
  const $ = (name) => page.querySelector(name);
  const [card, keep, more] = [$(".posterior"), $(".keep"), $(".posterior .more button")];
  let mine = null; // the picture whose posterior is shown, as in `state.yours`
  let all = false; // whether the table has all dimensions
  let timer = 0;
  const order = () => [...mine.kl.keys()].sort((a, b) => mine.kl[b] - mine.kl[a]);
  const rows = () => (all ? order() : order().slice(0, FIRST_ROWS));

  /** Draw a code and show it, its picture once that is decoded. */
  async function draw() {
    const from = mine;
    const epsilon = from.latent.map(normal);
    const latent = from.latent.map((mean, i) => mean + from.std[i] * epsilon[i]); // the reparametrisation
    const { images } = await decode(latent);
    if (from !== state.yours) return; // another picture was given meanwhile
    const canvas = document.createElement("canvas");
    canvas.ariaHidden = "true"; // the last one has a name, next to the reconstruction
    [, canvas.height, canvas.width] = state.image;
    for (const place of [canvas, $(".drawn")]) paintImage(place.getContext("2d"), images, state.image);
    from.draws = [{ latent, epsilon, canvas }, ...from.draws].slice(0, KEPT_DRAWS);
    $(".posterior .draws").replaceChildren(...from.draws.map((one) => one.canvas));
    fill();
    changed();
  }

  async function go() {
    clearTimeout(timer);
    await draw().catch(failed);
    if (isOn(keep) && mine && page.isConnected) timer = setTimeout(go, NEXT_DRAW);
  }

  function fill() {
    const last = mine.draws[0];
    const highest = Math.max(...mine.kl, ...(state.posterior.usual ?? []), 1e-6);
    const cell = (words, name = "td") => Object.assign(document.createElement(name), { textContent: words });
    const lines = rows().map((i) => {
      const line = document.createElement("tr");
      const [bar, inner] = [cell(""), document.createElement("div")];
      bar.className = "kl";
      bar.append(inner);
      inner.append(barOf(mine.kl[i] / highest, state.posterior.usual && state.posterior.usual[i] / highest), cell(inTwoPlaces(mine.kl[i]), "span"));
      const numbers = [mine.latent[i], mine.std[i], last?.epsilon[i], last?.latent[i]].map((value) => cell(value === undefined ? "" : inTwoPlaces(value)));
      line.append(cell(nameOf(i, state.shape), "th"), ...numbers, bar);
      return line;
    });
    $(".posterior tbody").replaceChildren(...lines);
  }

  /** A bar for the KL divergence of a dimension, with a tick at the mean of the test images, if that is known. */
  function barOf(share, usual) {
    const bar = document.createElement("i");
    bar.style.setProperty("--share", `${100 * share}%`);
    if (usual !== null) bar.append(Object.assign(document.createElement("b"), { style: `left: ${100 * Math.min(1, usual)}%` }));
    return bar;
  }

  function show() {
    if (state.yours === mine) return;
    mine = state.yours?.std ? state.yours : null;
    for (const part of page.querySelectorAll(".of-posterior")) part.hidden = !mine;
    card.hidden = !mine;
    clearTimeout(timer);
    if (!mine) return;
    [, $(".drawn").height, $(".drawn").width] = state.image;
    $(".posterior .draws").replaceChildren();
    const total = mine.kl.reduce((sum, value) => sum + value, 0);
    const { usual } = state.posterior;
    $(".posterior .told").textContent = say(mine.std.length > 2 ? "posteriorProjected" : "posteriorTold");
    $(".posterior .kl-told").textContent = say(usual ? "klTold" : "klToldAlone", { sum: inTwoPlaces(total), usual: usual && inTwoPlaces(usual.reduce((sum, value) => sum + value, 0)) });
    $(".posterior .code-told").textContent = say("codeTold", { where: state.posterior.where });
    $(".posterior code").textContent = state.posterior.code;
    more.hidden = mine.kl.length <= FIRST_ROWS;
    more.textContent = say(all ? "fewerRows" : "allRows", { count: mine.kl.length, shown: FIRST_ROWS });
    fill();
    go();
  }

  /** Zoom the map to the ellipses. */
  function closeUp() {
    const [xx, , yy] = state.plane.spread(mine.std);
    look(state.plane.closeUp(...state.plane.place(mine.latent), 2 * Math.sqrt(Math.max(xx, yy))));
  }

  $(".close-up").onclick = closeUp;
  $(".close-up").hidden = !state.plane;
  $(".draw").onclick = go;
  toggle(keep, (on) => (on ? go() : clearTimeout(timer)));
  more.onclick = () => {
    all = !all;
    more.textContent = say(all ? "fewerRows" : "allRows", { count: mine.kl.length, shown: FIRST_ROWS });
    fill();
  };
  return { show, leave: () => ((mine = null), clearTimeout(timer)) };
}

const inTwoPlaces = (value) => value.toFixed(2).replace("-", "−");

/** The ellipses at one and two standard deviations about the mean, and the codes that were drawn, the last one larger. */
function paintPosterior(context, plane, { latent, std, draws }, size, unit, ink, paper) {
  const [x, y] = plane.place(latent);
  const [xx, xy, yy] = plane.spread(std);
  // the Cholesky factor of the covariance turns a circle into the ellipse
  const a = Math.sqrt(xx);
  const b = a > 0 ? xy / a : 0;
  const c = Math.sqrt(Math.max(0, yy - b * b));
  const spot = (across, up) => plane.share(x + across, y + up).map((part) => part * size);
  for (const [times, dashes] of [[1, []], [2, [5, 4]]]) {
    context.beginPath();
    for (let step = 0; step < 72; step++) {
      const [u, v] = [Math.cos((step * Math.PI) / 36), Math.sin((step * Math.PI) / 36)];
      context.lineTo(...spot(times * a * u, times * (b * u + c * v)));
    }
    context.closePath();
    for (const [width, colour] of [[4, paper], [1.75, ink]]) {
      context.lineWidth = width * unit;
      context.strokeStyle = colour;
      context.setLineDash(dashes.map((length) => length * unit));
      context.stroke();
    }
  }
  context.setLineDash([]);
  draws.forEach((one, i) => {
    const [left, top] = plane.share(...plane.place(one.latent)).map((part) => part * size);
    for (const [grown, colour] of [[1.5, paper], [0, ink]]) {
      context.fillStyle = colour;
      context.beginPath();
      context.arc(left, top, ((i ? 2.5 : 4.5) + grown) * unit, 0, 7);
      context.fill();
    }
  });
}
