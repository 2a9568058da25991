/**
 * Whom a read has seen, in a few bytes a person: a table of digests, and a row of bits.
 *
 * A nightly read of a million people changes a thousand of them. What says the same as last time is recognised here by
 * its digest and costs neither a parse nor a question to the database. 16 bytes a person, so that two million fit
 * beside everything else; nothing else of the known people is held.
 */

/** Digests of 64 bits → the numbers of the records that bear them. */
export class Seen {
  /** Two halves of the digest and the number, for each place; number 0 is an empty place. */
  readonly #places: Uint32Array
  readonly #mask: number
  readonly #marks: Uint8Array
  readonly #known: Uint8Array
  #unseen = 0

  /** `count` records, numbered up to `highest`. */
  constructor(count: number, highest: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(count, 4) * 1.5))
    this.#places = new Uint32Array(size * 3)
    this.#mask = size - 1
    this.#marks = new Uint8Array((highest >>> 3) + 1)
    this.#known = new Uint8Array((highest >>> 3) + 1)
  }

  /** Adds a record; without a digest (both halves 0) it is known and can only be found by looking at it in full. */
  add(high: number, low: number, number: number): void {
    setBit(this.#known, number)
    this.#unseen += 1
    if (high === 0 && low === 0) return
    let place = (low & this.#mask) * 3
    while (this.#places[place + 2] !== 0) place = ((place / 3 + 1) & this.#mask) * 3
    this.#places[place] = high
    this.#places[place + 1] = low
    this.#places[place + 2] = number
  }

  /** The number of a record of this digest that was not found before, which is now; 0 where there is none. */
  find(digest: bigint): number {
    const high = Number((digest >> 32n) & 0xffffffffn)
    const low = Number(digest & 0xffffffffn)
    let place = (low & this.#mask) * 3
    for (let number = this.#places[place + 2] ?? 0; number !== 0; number = this.#places[place + 2] ?? 0) {
      if (this.#places[place] === high && this.#places[place + 1] === low && !hasBit(this.#marks, number)) {
        setBit(this.#marks, number)
        this.#unseen -= 1
        return number
      }
      place = ((place / 3 + 1) & this.#mask) * 3
    }
    return 0
  }

  /** How many records were not found. */
  get unseen(): number {
    return this.#unseen
  }

  /** Their numbers, at most `size` at a time. */
  *unseenNumbers(size: number): Generator<number[]> {
    let page: number[] = []
    for (let byte = 0; byte < this.#known.length; byte++) {
      const open = (this.#known[byte] ?? 0) & ~(this.#marks[byte] ?? 0)
      if (open === 0) continue
      for (let bit = 0; bit < 8; bit++) if (open & (1 << bit)) page.push(byte * 8 + bit)
      if (page.length < size) continue
      yield page
      page = []
    }
    if (page.length > 0) yield page
  }
}

function setBit(bits: Uint8Array, at: number): void {
  bits[at >>> 3] = (bits[at >>> 3] ?? 0) | (1 << (at & 7))
}

function hasBit(bits: Uint8Array, at: number): boolean {
  return ((bits[at >>> 3] ?? 0) & (1 << (at & 7))) !== 0
}
