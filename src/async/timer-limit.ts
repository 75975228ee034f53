/** The longest wait a timer of Node's can be given, ms; beyond it timers fire at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;
