/**
 * Work that is asked for faster than it is done: while one call runs, all that come meanwhile become one more.
 * `work` reads what it needs when it starts.
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
