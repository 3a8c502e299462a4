// What every program here is told, and how it tells what it found.
export const settings = {
  ...JSON.parse(process.env.CLIENT_SETTINGS),
  // Calls `leave` once the server says that it draws, and returns the name of the error that the request ended with.
  async whenDrawing(leave, going) {
    const watch = (async () => {
      for (;;) {
        const queue = await (await fetch(`${settings.comfyui}/queue`)).json();
        if (queue.queue_running.length) return leave();
        await new Promise((again) => setTimeout(again, 50));
      }
    })();
    try { await going; return null; } catch (error) { await watch; return error.constructor.name; }
  },
  // Asks four times at once, where the line holds one: the error of the first that ends; the others are given up.
  async crowded(ask) {
    const enough = new AbortController();
    const going = [1, 2, 3, 4].map(() => ask(enough.signal).then(() => null, (error) => error));
    const first = await Promise.race(going);
    enough.abort();
    await Promise.all(going);
    return first;
  },
};

export async function finish(steps) {
  console.log(JSON.stringify(await steps[process.argv[2]]()));
}
