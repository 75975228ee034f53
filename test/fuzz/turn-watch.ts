/** Measures the longest turn of the event loop while a case is played, in time of our own: a busy machine may take longer. */

export interface TurnWatch {
  /** The processor time of the longest turn so far, in milliseconds. Ends the watch. */
  stop(): number;
}

export function watchTurns(): TurnWatch {
  let longestUs = 0;
  let before = process.cpuUsage();
  let next: NodeJS.Immediate | undefined;
  const look = () => {
    const now = process.cpuUsage();
    longestUs = Math.max(longestUs, now.user - before.user + (now.system - before.system));
    before = now;
  };
  const turn = () => {
    look();
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return {
    stop() {
      clearImmediate(next);
      look();
      return longestUs / 1000;
    },
  };
}
