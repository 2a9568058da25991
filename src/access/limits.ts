/** How many requests one client may send. Fixed windows, counted by each process for itself. */

/**
 * Requests a minute to any one page from one address. A whole province may sit behind one, so it only stops machines
 * that run wild.
 */
export const GENERAL_LIMIT = { max: 3000, timeWindow: 60_000 }

/**
 * For routes at which somebody could guess (sign-in, links, activation): as `config.rateLimit` of the route. Sixty a
 * minute let a hall of people behind one address activate at once, and leave a guesser of 256 bits without hope.
 */
export const strictLimit = { max: 60, timeWindow: 60_000 }
