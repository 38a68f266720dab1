/** The part of the plane that the map shows: a square, [0, 1] from the left and from the top of the whole plane. */

const CLOSEST = 1 / 32; // of the plane's side, at least

function zoomOf() {
  let [left, top, span] = [0, 0, 1];
  /** Show this part, or the nearest that lies in the plane; return whether it is another one. */
  const show = (newLeft, newTop, newSpan = span) => {
    const before = [left, top, span].join();
    span = Math.min(1, Math.max(CLOSEST, newSpan));
    [left, top] = [newLeft, newTop].map((start) => Math.min(1 - span, Math.max(0, start)));
    return before !== [left, top, span].join();
  };
  return {
    into: (x, y) => [(x - left) / span, (y - top) / span],
    outOf: (x, y) => [left + x * span, top + y * span],
    /** The part shown: [left, top, span]. */
    now: () => [left, top, span],
    isWhole: () => span === 1,
    /** Zoom by a factor while the plane stays where it is at (x, y) of the map. */
    by(factor, x = 0.5, y = 0.5) {
      const closer = Math.min(1, Math.max(CLOSEST, span / factor));
      return show(left + x * (span - closer), top + y * (span - closer), closer);
    },
    /** Move the plane under the map by a share of the map's side. */
    pan: (x, y) => show(left - x * span, top - y * span),
    /** Pan until (x, y) of the map lies on it. */
    reveal: (x, y) => show(...[[left, x], [top, y]].map(([start, at]) => start + span * (at - within(at)))),
    /** Show the part of this span about a place of the plane, [0, 1] from the left and from the top. */
    about: (x, y, wanted) => show(x - Math.max(CLOSEST, wanted) / 2, y - Math.max(CLOSEST, wanted) / 2, wanted),
    whole: () => show(0, 0, 1),
  };
}
