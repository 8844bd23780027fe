/** How much of what did not change stays in sight around a change. */
export const COLLAPSED = { margin: 3, minSize: 6 } as const;

/** A comparison that takes too long goes on more coarsely instead of holding up the page. */
export const DIFF = { scanLimit: 500, timeout: 200 } as const;
