/**
 * Making a plan: list the platform, settle what an ended process left open, find what should change, name the new
 * mailboxes, ask the guard. Nothing goes to the platform.
 */
import { createHash } from 'node:crypto'
import type { Config } from '../config.ts'
import type { Db } from '../database/database.ts'
import { fence, finishRun, heartbeat, type Run, startRun, withHeartbeat } from '../database/run.ts'
import { AppError } from '../error.ts'
import { type Address, dayAt } from '../ids.ts'
import { loadEligibility } from '../roster/eligibility-store.ts'
import type { AddressOwner } from './address.ts'
import type { Connector } from './connector.ts'
import { checkPlan, type Guard } from './guard.ts'
import {
  type AgencyNode,
  listed,
  type Ordinals,
  type Proposal,
  parseQuota,
  parseRules,
  proposals,
  type Rule,
  rulesByAgency,
} from './plan.ts'
import {
  type Applicant,
  applicants,
  createPlan,
  digestOf,
  dropPlan,
  groundOf,
  guardCounts,
  type KindCounts,
  kindCounts,
  newestPlan,
  type PlannedCreate,
  planCreates,
  planExisting,
  planRefusals,
  publishPlan,
  refusalsOf,
  type Scope,
  strangersNamed,
  takenOf,
} from './plan-store.ts'
import { settle } from './provisioner.ts'
import { agencyTree, dropListings, saveListing, stageListing } from './store.ts'

export type PlanResult = {
  /** Null where nothing is to be changed: then no plan is kept. */
  plan: number | null
  digest: string
  changes: KindCounts
  refused: { person: string; reason: string }[]
  guard: Guard
}

export type MailboxContext = {
  db: Db
  config: Config
  connector: Connector
  now: () => Date
  signal: AbortSignal
  /** The operator's id, for whoever reads the run; left out on the command line and at night. */
  by?: number | null
}

/** Makes and stores a plan for everybody, or for an agency and all below it. */
export async function makePlan(context: MailboxContext, agency: string | null): Promise<PlanResult> {
  const { db, now, by = null } = context
  const run = await startRun(db, { kind: 'mailbox', now: now(), about: { work: 'plan', by } })
  return withHeartbeat(db, run, async () => {
    await settle(context, run)
    await listPlatform(context, run)
    const result = await plan(context, run, agency)
    await finishRun(db, run, {
      state: result.guard.ok ? 'done' : 'refused',
      exitStatus: result.guard.ok ? 0 : 3,
      result: { ...result, refused: result.refused.length },
    })
    return result
  })
}

/** What a plan stands on besides the roster: other settings make another plan. */
export function settingsDigest(config: Config): string {
  const { naming, quota, staffClasses, eligibility, guard } = config.mailbox
  // without rules as before there were any: a plan that waits for approval outlives the upgrade
  const rules = eligibility.length === 0 ? {} : { eligibility }
  return createHash('sha256')
    .update(JSON.stringify({ naming, quota, staffClasses, ...rules, guard }))
    .digest('hex')
    .slice(0, 16)
}

async function listPlatform({ db, connector, config, now, signal }: MailboxContext, run: Run): Promise<void> {
  await dropListings(db, connector.name)
  for await (const page of connector.list(signal)) {
    await stageListing(db, run.id, connector.name, page.map(listed))
    await heartbeat(db, run)
  }
  const day = dayAt(now().getTime(), config.timeZone)
  await db.transaction().execute(async trx => {
    await fence(trx, run)
    await saveListing(trx, run.id, connector.name, day)
  })
}

async function plan(context: MailboxContext, run: Run, agency: string | null): Promise<PlanResult> {
  const { db, config, connector, now } = context
  const started = now()
  const day = dayAt(started.getTime(), config.timeZone)
  // before all that is read of the roster: should it move meanwhile, the plan stands on what it was
  const ground = await groundOf(db, settingsDigest(config))
  const tree = await agencyTree(db, day)
  const id = await createPlan(db, { now: started, day, agency, ground })
  const scope: Scope = {
    plan: id,
    platform: connector.name,
    day,
    agencies: agency === null ? null : subtree(tree, agency),
  }
  await planExisting(db, scope, parseQuota(config.mailbox.quota.default))
  await planNew(context, run, scope, tree)
  const digest = await digestOf(db, id)
  const changes = await kindCounts(db, id)
  const guard = checkPlan(await guardCounts(db, id, connector.name, day), config.mailbox.guard)
  const refused = await refusalsOf(db, id)
  return { ...(await keep(db, run, { id, digest, ground, changes, guard })), changes, refused, guard }
}

type Made = { id: number; digest: string; ground: string; changes: KindCounts; guard: Guard }

/** Keeps a plan that changes something; the same plan made again is the one there is. */
async function keep(db: Db, run: Run, made: Made): Promise<{ plan: number | null; digest: string }> {
  const { id, digest, ground, changes, guard } = made
  const newest = await newestPlan(db)
  const empty = Object.values(changes).every(count => count === 0)
  if (newest && newest.state !== 'applying' && newest.digest === digest && newest.ground === ground) {
    await dropPlan(db, id)
    return { plan: newest.id, digest }
  }
  if (empty && !newest) {
    await dropPlan(db, id)
    return { plan: null, digest }
  }
  await db.transaction().execute(async trx => {
    await fence(trx, run)
    await publishPlan(trx, id, digest, guard)
    if (empty) await dropPlan(trx, id)
  })
  return { plan: empty ? null : id, digest }
}

/** An agency and all below it. Throws `not_found` for a code nobody bears. */
export function subtree(tree: readonly AgencyNode[], code: string): number[] {
  const top = tree.find(agency => agency.code === code)
  if (!top) throw new AppError('not_found', `no agency has the code ${code}`)
  const children = new Map<number, number[]>()
  for (const { id, parent } of tree)
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), id])
  const found = [top.id]
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []))
  return found
}

// naming ------------------------------------------------------------------------------------------------------------

type Naming = {
  context: MailboxContext
  scope: Scope
  rules: Map<number, Rule>
  ordinals: Ordinals
  quotaBytes: number
}

async function planNew(context: MailboxContext, run: Run, scope: Scope, tree: AgencyNode[]): Promise<void> {
  const { db, config } = context
  const parsed = parseRules(config.mailbox.naming)
  if ('error' in parsed) throw new AppError('config_invalid', `mailbox.naming: ${parsed.error}`)
  const quotaBytes = parseQuota(config.mailbox.quota.default)
  const naming: Naming = {
    context,
    scope,
    rules: rulesByAgency(tree, parsed),
    ordinals: new Map(),
    quotaBytes,
  }
  const eligibility = await loadEligibility(db, scope.day, config.mailbox)
  let after: number | null = 0
  while (after !== null) {
    const page: { people: Applicant[]; last: number | null } = await applicants(db, scope, eligibility, after)
    await planPage(naming, page.people)
    await heartbeat(db, run)
    after = page.last
  }
}

async function planPage(naming: Naming, page: readonly Applicant[]): Promise<void> {
  const { context, scope } = naming
  const { db, connector } = context
  const strangers = await strangersNamed(
    db,
    connector.name,
    page.map(person => person.searchKey),
  )
  const refusals: { person: number; reason: string }[] = []
  const waiting: Waiting[] = []
  for (const person of page) {
    const rule = naming.rules.get(person.agencyId)
    const stranger = strangers.get(person.searchKey)
    if (!rule) refusals.push({ person: person.id, reason: 'no_naming_rule' })
    else if (stranger) refusals.push({ person: person.id, reason: `may_have_mailbox ${stranger}` })
    else waiting.push({ person, next: proposals(ownerOf(person, rule), rule.naming, naming.ordinals) })
  }
  const { creates, nameless } = await assign(naming, waiting)
  refusals.push(...nameless.map(person => ({ person, reason: 'no_address_left' })))
  await planCreates(db, scope.plan, connector.name, creates)
  if (refusals.length > 0) await planRefusals(db, scope.plan, refusals)
}

function ownerOf(person: Applicant, rule: Rule): AddressOwner {
  return { name: person.fullName, agency: person.agencyCode, staffId: person.staffId, domain: rule.domain }
}

function reasonOf({ mailbox }: Config, { rule }: Applicant): string {
  const document = rule === null ? undefined : mailbox.eligibility[rule - 1]?.document
  return document === undefined ? 'required' : `ruled ${document}`
}

type Waiting = { person: Applicant; next: Generator<Proposal> }

/**
 * How many proposals of each are asked about at once: the first is mostly free, then the next ordinal is; then one is
 * sought somewhere ahead.
 */
const ROUNDS = [1, 1, 4, 16, 64]

/** Gives everybody the first of their proposals that nobody has, in the order they wait. */
async function assign(
  naming: Naming,
  waiting: readonly Waiting[],
): Promise<{ creates: PlannedCreate[]; nameless: number[] }> {
  const { context, scope, ordinals, quotaBytes } = naming
  const creates: PlannedCreate[] = []
  const nameless: number[] = []
  const given = new Set<Address>()
  let open = [...waiting]
  for (let round = 0; open.length > 0; round++) {
    const count = ROUNDS[Math.min(round, ROUNDS.length - 1)] ?? 1
    const asked = open.map(each => ({ ...each, proposals: take(each.next, count) }))
    const addresses = asked.flatMap(each => each.proposals.map(proposal => proposal.address))
    const taken = await takenOf(context.db, scope.plan, scope.platform, addresses)
    const free = new FreeAddresses(
      asked.flatMap(each => each.proposals).filter(each => !taken.has(each.address)),
    )
    open = []
    for (const { person, next, proposals } of asked) {
      const address = free.firstOf(proposals, given)
      if (address !== null) {
        given.add(address)
        creates.push({
          person: person.id,
          agency: person.agencyId,
          address,
          name: person.fullName,
          quotaBytes,
          reason: reasonOf(context.config, person),
        })
      } else if (proposals.length === 0) nameless.push(person.id)
      else open.push({ person, next })
    }
    free.putBack(ordinals)
  }
  return { creates, nameless }
}

/** The free ones of all that was asked about; who waits for an ordinal gets the lowest of the series, whoever asked. */
class FreeAddresses {
  readonly #plain: ReadonlySet<Address>
  readonly #series: ReadonlyMap<string | null, Proposal[]>

  constructor(free: readonly Proposal[]) {
    this.#plain = new Set(free.filter(each => each.series === null).map(each => each.address))
    this.#series = Map.groupBy(free, each => each.series)
  }

  firstOf(proposals: readonly Proposal[], given: ReadonlySet<Address>): Address | null {
    for (const { series, address } of proposals) {
      if (series === null) {
        if (this.#plain.has(address) && !given.has(address)) return address
        continue
      }
      const rest = this.#series.get(series) ?? []
      while (rest[0] && given.has(rest[0].address)) rest.shift()
      const lowest = rest.shift()
      if (lowest) return lowest.address
    }
    return null
  }

  /** Lets each series go on at the lowest ordinal that was asked about and is still free. */
  putBack(ordinals: Ordinals): void {
    for (const [series, [lowest]] of this.#series)
      if (series !== null && lowest) ordinals.set(series, lowest.n)
  }
}

function take(from: Generator<Proposal>, count: number): Proposal[] {
  const taken: Proposal[] = []
  while (taken.length < count) {
    const { value, done } = from.next()
    if (done) break
    taken.push(value)
  }
  return taken
}
