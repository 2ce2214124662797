interface Group<Call, Result> {
  calls: Call[];
  size: number;
  waiting: { resolve: (result: Result) => void; reject: (error: unknown) => void }[];
}

/**
 * Calls that come together share one round trip: those of one turn of the event loop, and those that come while
 * one is under way. A call that comes alone goes out within its own turn.
 *
 * Each call gets its own part of the answer; when `run` rejects, so does every call of that group. A call waits for
 * one round trip besides its own at most, so `run` needs a deadline.
 *
 * @param o.run      one round trip: the results of `calls`, in their order
 * @param o.sizeOf   what a call adds to its group
 * @param o.maxSize  of a group; one that is full goes out at once: from there on sharing saves little, and what is
 *                   sent keeps the other side at work meanwhile. A call that is larger goes alone
 */
export function shareRoundTrips<Call, Result>(o: {
  run: (calls: readonly Call[]) => Promise<readonly Result[]>;
  sizeOf: (call: Call) => number;
  maxSize: number;
}): (call: Call) => Promise<Result> {
  let open: Group<Call, Result> | undefined;
  let underWay = 0;

  return (call) =>
    new Promise((resolve, reject) => {
      const size = o.sizeOf(call);
      if (open && open.size + size > o.maxSize) send();
      if (!open) {
        open = { calls: [], size: 0, waiting: [] };
        if (underWay === 0) setImmediate(sendUnlessUnderWay);
      }
      open.calls.push(call);
      open.size += size;
      open.waiting.push({ resolve, reject });
      if (open.size >= o.maxSize) send();
    });

  function sendUnlessUnderWay(): void {
    if (underWay === 0) send();
  }

  function send(): void {
    if (!open) return;
    const group = open;
    open = undefined;
    underWay += 1;
    o.run(group.calls)
      .then(
        (results) => group.waiting.forEach(({ resolve }, at) => resolve(results[at] as Result)),
        (error: unknown) => {
          for (const { reject } of group.waiting) reject(error);
        },
      )
      .finally(() => {
        underWay -= 1;
        sendUnlessUnderWay();
      });
  }
}
