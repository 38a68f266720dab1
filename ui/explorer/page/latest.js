/**
 * Coalesce calls: while `work` runs, all further calls become a single one that runs after it.
 * `work` reads its inputs when it starts.
 */
function latest(work) {
  let running = false;
  let again = false;
  return async () => {
    again = true;
    if (running) return;
    running = true;
    try {
      while (again) {
        again = false;
        await work();
      }
    } finally {
      running = false;
    }
  };
}

/** Queue calls: each starts once the one before has ended. */
function oneAtATime(work) {
  let last = Promise.resolve();
  return (...inputs) => {
    const done = last.then(() => work(...inputs));
    last = done.catch(() => {});
    return done;
  };
}
