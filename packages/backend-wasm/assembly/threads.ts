// Parts of one call at a time, taken by whoever comes: the thread that calls takes its share and waits for parts that others
// have begun, never for others to wake up. It never sleeps, since the main thread of a page must not.
import { Call } from './call';
import { runPart } from './calls';

/** What threads know of each other: six words at an address that all of them have. */
@inline const LEFT: usize = 0;
@inline const DONE: usize = 4;
@inline const CALL: usize = 8;
/** Changes with each call. */
@inline const TURN: usize = 12;
@inline const SLEEPERS: usize = 16;
@inline const STOP: usize = 20;

/** Looks at the turn before a thread goes to sleep: some 100 microseconds, longer than what lies between runs of a network. */
const PATIENCE = 200000;

let board: usize = 0;

/** The address of the words, all 0 at first. */
export function meetAt(address: usize): void {
  board = address;
}

/** A call in parts, with the threads that are awake. */
export function share(call: usize, parts: i32): void {
  atomic.store<i32>(board + DONE, 0);
  atomic.store<usize>(board + CALL, call);
  // Whoever takes a part from here on finds the words above.
  atomic.store<i32>(board + LEFT, parts);
  atomic.add<i32>(board + TURN, 1);
  if (atomic.load<i32>(board + SLEEPERS) > 0) atomic.notify(board + TURN, -1);
  take();
  while (atomic.load<i32>(board + DONE) != parts) {}
}

/** Does parts while there are any. A part that was taken keeps the words of its call as they are until it is done. */
function take(): void {
  while (true) {
    const left = atomic.load<i32>(board + LEFT);
    if (left == 0) return;
    if (atomic.cmpxchg<i32>(board + LEFT, left, left - 1) != left) continue;
    runPart(atomic.load<usize>(board + CALL), left - 1);
    atomic.add<i32>(board + DONE, 1);
  }
}

/** The life of another thread: returns when `stop` was called. */
export function work(): void {
  while (true) {
    const turn = atomic.load<i32>(board + TURN);
    if (atomic.load<i32>(board + STOP)) return;
    take();
    let patience = PATIENCE;
    while (patience > 0 && atomic.load<i32>(board + TURN) == turn) patience--;
    if (patience > 0) continue;
    atomic.add<i32>(board + SLEEPERS, 1);
    atomic.wait<i32>(board + TURN, turn, -1);
    atomic.sub<i32>(board + SLEEPERS, 1);
  }
}

/** Ends `work` in every thread. */
export function stop(): void {
  atomic.store<i32>(board + STOP, 1);
  atomic.add<i32>(board + TURN, 1);
  atomic.notify(board + TURN, -1);
}
