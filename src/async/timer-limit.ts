/** The longest delay that a Node timer accepts, in ms; with a longer one it fires at once. */
export const LONGEST_TIMER_MS = 2_147_483_647;
