/** A queue of one: what is run in it comes one after the other, in the order in which it was asked for. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** Runs `work` while every queue stands still. */
export function runInAll<T>(queues: readonly SerialQueue[], work: () => Promise<T>): Promise<T> {
  const [first, ...others] = queues;
  return first === undefined ? work() : first.run(() => runInAll(others, work));
}
