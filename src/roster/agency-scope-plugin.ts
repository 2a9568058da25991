/** Which agencies a reader may see on which day, for the pages and the API alike. */
import type { FastifyRequest } from 'fastify'
import { operatorOf } from '../access/plugin.ts'
import type { CommandContext } from '../command.ts'
import { AppError } from '../error.ts'
import { type Day, dayAt, parseAgencyCode, parseDay } from '../ids.ts'
import { queryNumber, queryText } from '../web/query.ts'
import { type AgencyOn, agenciesOn, everBelow, type Holder, holdersOf } from './agency-store.ts'
import { agencyTree, type InTree, subtreeOf } from './agency-tree.ts'

/** Ids of the agencies a reader may know of, closed ones too; null: all. */
export type Scope = ReadonlySet<number> | null

/** Who may look at an agency is decided by where it stands now, or stood last. */
export async function scopeOfReader(context: CommandContext, request: FastifyRequest): Promise<Scope> {
  const { agencyId } = operatorOf(request)
  return agencyId === null ? null : new Set(await everBelow(context.database.db, agencyId))
}

export function isIn(scope: Scope, id: number): boolean {
  return scope === null || scope.has(id)
}

export function todayOf({ config, now }: Pick<CommandContext, 'config' | 'now'>): Day {
  return dayAt(now().getTime(), config.timeZone)
}

/** Nothing of ours is older. */
const EARLIEST = '2000-01-01'

/** The day in the address, today if there is none. Throws `usage` for one that is none or still to come. */
export function askedDay(context: CommandContext, request: FastifyRequest): Day {
  const today = todayOf(context)
  const text = queryText(request.query, 'asOf')
  if (text === '') return today
  const day = parseDay(text)
  if (day === null || day < EARLIEST)
    throw new AppError('usage', `asOf: a day such as 2026-11-20 from ${EARLIEST} on is expected`)
  if (day > today) throw new AppError('usage', `asOf: ${day} is still to come`)
  return day
}

/** The tree of a day as its reader may see it: the part that was below their agency then and is not elsewhere now. */
export async function treeFor(
  context: CommandContext,
  request: FastifyRequest,
  day: Day,
): Promise<InTree<AgencyOn>[]> {
  const tree = agencyTree(await agenciesOn(context.database.db, day))
  const { agencyId } = operatorOf(request)
  if (agencyId === null) return tree
  const scope = await scopeOfReader(context, request)
  return subtreeOf(tree, agencyId).filter(each => isIn(scope, each.id))
}

/** The agency of a code, of several the one of now or of last, or that named by `id`; with the others of the code. */
export async function askedHolder(
  context: CommandContext,
  request: FastifyRequest,
  scope: Scope,
): Promise<{ agency: Holder; others: Holder[] }> {
  const code = parseAgencyCode(queryText(request.params, 'code'))
  const all = code === null ? [] : await holdersOf(context.database.db, code)
  const seen = all.filter(each => isIn(scope, each.id))
  const id = queryNumber(request.query, 'id')
  const agency = id === null ? seen[0] : seen.find(each => each.id === id)
  if (!agency) throw new AppError('not_found', 'there is nothing at this address')
  return { agency, others: seen.filter(each => each !== agency) }
}
