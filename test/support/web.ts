/** The whole web server in a test, without a port, and people who are signed in to it. */
import type { InjectOptions } from 'fastify'
import pino from 'pino'
import type { Test } from 'tap'
import type { Role } from '../../src/access/access.ts'
import { csrfOf, maskCsrf, newToken, tokenHash } from '../../src/access/secret.ts'
import { createOperator, openSession } from '../../src/access/store.ts'
import type { CommandContext } from '../../src/command.ts'
import { type Config, parseConfig } from '../../src/config.ts'
import type { Database } from '../../src/database/database.ts'
import { createWeb } from '../../src/service.ts'

export type SignedIn = { cookie: string; csrf: string }
export type Web = {
  context: CommandContext
  /** Every route, as `GET /people/:id`. */
  routes: string[]
  /** A page or an API answer, as asked for by a browser. */
  get(url: string, who?: SignedIn | null, headers?: Record<string, string>): Promise<Answer>
  /** A form as a page of ours sends it, from a client's address. */
  post(url: string, who: SignedIn | null, fields: Record<string, string>, from?: string): Promise<Answer>
  /** A new operator with a session. */
  signIn(role: Role, agencyId?: number | null): Promise<SignedIn>
}
export type Answer = { status: number; headers: Record<string, unknown>; body: string }

type Options = { database: Database; config?: unknown; now?: () => Date }

let operators = 0

export async function openWeb(t: Test, { database, config, now = () => new Date() }: Options): Promise<Web> {
  const context: CommandContext = {
    config: parseConfig(config ?? { database: { url: 'pglite:memory' } }) satisfies Config,
    database,
    log: pino({ level: 'silent' }),
    now,
    signal: AbortSignal.timeout(600_000),
    progress: () => {},
  }
  const server = await createWeb(context, new Map())
  t.teardown(() => server.close())
  const send = async (options: InjectOptions): Promise<Answer> => {
    const { statusCode: status, headers, body } = await server.inject(options)
    return { status, headers, body }
  }
  return {
    context,
    routes: routesOf(server.printRoutes({ commonPrefix: false })),
    get: (url, who = null, headers = {}) =>
      send({ url, headers: { accept: 'text/html', ...(who ? { cookie: who.cookie } : {}), ...headers } }),
    post: (url, who, fields, from = '127.0.0.1') =>
      send({
        url,
        remoteAddress: from,
        method: 'POST',
        headers: {
          accept: 'text/html',
          'content-type': 'application/x-www-form-urlencoded',
          ...(who ? { cookie: who.cookie } : {}),
        },
        payload: new URLSearchParams({ ...(who ? { csrf: who.csrf } : {}), ...fields }).toString(),
      }),
    async signIn(role, agencyId = null) {
      const operator = await createOperator(database.db, {
        name: `${role}${++operators}`,
        role,
        agencyId,
        now: now(),
      })
      const token = newToken()
      const session = {
        tokenHash: tokenHash(token),
        operatorId: operator.id ?? 0,
        mustSetPassword: false,
        now: now(),
      }
      await openSession(database.db, session)
      return { cookie: `hopthu=${token}`, csrf: maskCsrf(csrfOf(token)) }
    },
  }
}

/** The routes of Fastify's printed tree: each line holds what its own part adds to the path of the one above. */
function routesOf(printed: string): string[] {
  const above: string[] = []
  return printed.split('\n').flatMap(line => {
    const [, branch = '', part = '', methods = ''] =
      /^((?:│ {3}| {4})*[├└]── )(.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    if (branch === '') return []
    const depth = branch.length / 4 - 1
    const path = (above[depth - 1] ?? '') + part
    above.splice(depth, above.length, path)
    // a HEAD comes with each GET by itself
    return methods
      .split(', ')
      .filter(method => method !== '' && method !== 'HEAD')
      .map(method => `${method} ${path}`)
  })
}
