/**
 * Work that goes on after the request that began it was answered: an apply takes minutes, a request may not.
 *
 * What becomes of it stands in the database, so that every process tells it and none has to be asked. Here is only what
 * the database cannot know yet: that a work was begun a moment ago, and what kept it from taking its row.
 */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'

export type Ended<T> = { ended: true; value: T } | { ended: false }

export class Background {
  readonly #going = new Map<string, Promise<unknown>>()
  readonly #failed = new Map<string, unknown>()
  readonly #closing = new AbortController()
  readonly #log: Logger
  /** Of the service and of the server: whichever ends first ends the work. */
  readonly signal: AbortSignal

  /** Closing the server ends the work and waits for it: what it writes with must not go away under it. */
  constructor(server: FastifyInstance, { signal, log }: { signal: AbortSignal; log: Logger }) {
    this.signal = AbortSignal.any([signal, this.#closing.signal])
    this.#log = log
    server.addHook('preClose', async () => {
      this.#closing.abort()
      await Promise.allSettled(this.#going.values())
    })
  }

  /** Begins a work, or answers the one of this name that goes on: pressed twice, it is done once. */
  start<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const going = this.#going.get(name)
    if (going) return going as Promise<T>
    this.#failed.delete(name)
    const begun = work(this.signal)
    const settled = begun
      .catch((thrown: unknown) => {
        this.#failed.set(name, thrown)
        this.#log.warn({ err: thrown, work: name }, 'work in the background did not end well')
      })
      .finally(() => this.#going.delete(name))
    this.#going.set(name, begun)
    void settled
    return begun
  }

  isGoing(name: string): boolean {
    return this.#going.has(name)
  }

  /** What the last work of this name threw in this process, if it threw. */
  failure(name: string): unknown {
    return this.#failed.get(name) ?? null
  }
}

/** Waits for a work, but no longer than `ms`; it goes on all the same. Throws what the work throws within that time. */
export async function within<T>(work: Promise<T>, ms: number): Promise<Ended<T>> {
  const { promise: late, resolve } = Promise.withResolvers<Ended<T>>()
  const timer = setTimeout(() => resolve({ ended: false }), ms)
  return Promise.race([work.then(value => ({ ended: true as const, value })), late]).finally(() =>
    clearTimeout(timer),
  )
}
