/**
 * Chance that is the same each time: a number from 0 up to 1 made of whole numbers, such as a seed, a person, a day.
 *
 * So any day of the province can be made by itself, in any order, on any machine, and is always the same.
 */

/** A finalizer with good avalanche (MurmurHash3, public domain), applied after each number. */
export function chance(...numbers: number[]): number {
  let state = 0x9e3779b9
  for (const number of numbers) {
    state = Math.imul(state ^ number, 0x85ebca6b)
    state ^= state >>> 13
    state = Math.imul(state + 0x6d2b79f5, 0xc2b2ae35)
    state ^= state >>> 16
  }
  return (state >>> 0) / 2 ** 32
}

/** A whole number from `least` up to, not including, `end`. */
export function between(least: number, end: number, share: number): number {
  return least + Math.floor(share * (end - least))
}

/** One of a list; the shares of all are the same. */
export function oneOf<T>(list: readonly T[], share: number): T {
  const found = list[Math.floor(share * list.length)]
  if (found === undefined) throw new Error('a list to choose from is empty')
  return found
}

/** One of a list in which each has a weight. */
export function weighted<T>(list: readonly (readonly [T, number])[], share: number): T {
  const total = list.reduce((sum, [, weight]) => sum + weight, 0)
  let left = share * total
  for (const [value, weight] of list) {
    left -= weight
    if (left < 0) return value
  }
  const [last] = list.at(-1) ?? []
  if (last === undefined) throw new Error('a list to choose from is empty')
  return last
}
