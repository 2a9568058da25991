/** Reads a source into the staging tables: agencies, then of the people those who are not as they were. */
import { createHash, createHmac } from 'node:crypto'
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { agencyLevels, readSecret } from '../config.ts'
import type { Db } from '../database/database.ts'
import { heartbeat } from '../database/run.ts'
import { AppError } from '../error.ts'
import { stageClaims } from './agency-claim-store.ts'
import { agenciesStand, agencyNames, loadSeen, stageMissing } from './record-store.ts'
import {
  type Disabled,
  type ParseContext,
  personParser,
  type Rejection,
  type StagedPerson,
  toAgency,
} from './roster.ts'
import { parseSector } from './sector.ts'
import type { Seen } from './seen.ts'
import type { DirectoryEntry } from './sources/entry.ts'
import type { SourceMapping } from './sources/open.ts'
import { StagedPage, stageAgencies, stageRejections } from './stage-store.ts'

import type { Reading, SyncContext, SyncOptions } from './sync.ts'

/** Reads agencies, then people, into the staging tables. Answers why the read must not be believed, or null. */
export async function readSource(reading: Reading, options: SyncOptions): Promise<string | null> {
  try {
    await readAgencies(reading)
    options.step?.('agencies')
    await readPeople(reading, options)
    return null
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code === 'read_incomplete') return thrown.message
    throw thrown
  }
}

async function readAgencies({ context, run, reader, mapping, counts }: Reading): Promise<void> {
  const { db, config } = context
  const { agencies, nameKey } = mapping
  if (agencies === null) return
  const parsing = { ...aloneContext, nameKey, sector: sectorReader(config) }
  for await (const page of reader.agencies()) {
    const parsed = page.map(entry => toAgency(entry, agencies, agencyLevels, parsing))
    const accepted = parsed.filter(isAccepted)
    const rejected = parsed.filter(isRejected)
    if (reader.agenciesOnly) counts.read += page.length
    await stageAgencies(db, run.id, accepted)
    await stageClaims(db, run.id, rejected)
    await stageRejections(db, run.id, [
      ...rejected,
      ...accepted.flatMap(({ key, dropped }) => dropped.map(each => ({ ...each, key }))),
    ])
    await heartbeat(db, run)
  }
}

const aloneContext: ParseContext = {
  nameKey: name => name,
  hash: null,
  agenciesNamed: null,
  sector: null,
  today: null,
}

function sectorReader({ roster }: Config): (text: string) => string | null {
  return text => parseSector(text, roster.sectors)
}

async function readPeople(reading: Reading, options: SyncOptions): Promise<void> {
  const { context, run, reader, mapping, staged, counts } = reading
  const { db, source } = context
  const known = mapping.agencies === null || (await agenciesStand(db, run.id, source.name))
  const seen = await loadSeen(db, source.name, known)
  const parse = personParser(mapping.people, await parseContext(reading))
  const mixed = digestMixer(context, mapping)
  const keys = mapping.people.key === undefined ? new Numbering() : null
  // a page is written while the next one is read and understood
  let writing: Promise<void> = Promise.resolve()
  try {
    for await (const page of reader.people()) {
      const fresh = await freshOf(page, run.id, { seen, mixed, parse, keys })
      counts.same += fresh.same
      counts.disabled += fresh.disabled
      counts.read += page.length
      await writing
      writing = stageFresh(db, run.id, fresh)
      writing.catch(() => {}) // met again at the next page
      options.progress?.(counts.read)
    }
  } finally {
    await writing.catch(() => {})
  }
  await writing
  options.step?.('people')
  if (staged.tellsMissing) await stageMissing(db, run.id, seen)
  options.step?.('missing')
}

type Parsed = StagedPerson | Disabled | Rejection
/** What of a page is to be written, and how many of it are not. */
type Fresh = { people: StagedPage; rejected: Rejection[]; same: number; disabled: number }
type Understanding = {
  seen: Seen
  mixed: (digest: bigint) => bigint
  parse: (entry: DirectoryEntry) => Parsed
  keys: Numbering | null
}

/** More at once, and the database waits for us although it is done with the page before; fewer, and the turns cost time. */
const PARSED_AT_ONCE = 100

/**
 * Those of a page that do not say just what they said last time, understood. Where rows may be told apart by nothing but
 * their order, the others are counted in their place among them.
 */
async function freshOf(
  page: readonly DirectoryEntry[],
  run: number,
  { seen, mixed, parse, keys }: Understanding,
): Promise<Fresh> {
  const fresh: Fresh = { people: new StagedPage(run), rejected: [], same: 0, disabled: 0 }
  let parsed = 0
  for (const entry of page) {
    const digest = entry.digest === undefined ? null : mixed(entry.digest)
    const isSame = digest !== null && seen.find(digest) !== 0
    if (isSame) fresh.same += 1
    if (isSame && keys === null) continue
    const each = keys === null ? parse(entry) : keys.numbered(parse(entry))
    if (!isSame) addTo(fresh, each, digest)
    parsed += 1
    if (parsed % PARSED_AT_ONCE === 0) await othersTurn()
  }
  return fresh
}

function addTo(fresh: Fresh, parsed: Parsed, digest: bigint | null): void {
  if ('disabled' in parsed) fresh.disabled += 1
  else if ('reason' in parsed) fresh.rejected.push(parsed)
  else {
    fresh.rejected.push(...parsed.dropped.map(each => ({ ...each, key: parsed.key })))
    // an entry of which something was not taken is looked at, and told of, every time
    fresh.people.add({ person: parsed, digest: parsed.dropped.length > 0 ? null : digest })
  }
}

async function stageFresh(db: Db, run: number, { people, rejected }: Fresh): Promise<void> {
  await people.save(db)
  await stageRejections(db, run, rejected)
}

/** Rows that nothing tells apart but their order: the second and later get keys of their own, and are asked about. */
class Numbering {
  readonly #met = new Map<string, number>()

  numbered(parsed: Parsed): Parsed {
    if ('disabled' in parsed || 'reason' in parsed || !parsed.key.startsWith('name:')) return parsed
    const count = (this.#met.get(parsed.key) ?? 0) + 1
    this.#met.set(parsed.key, count)
    return count === 1 ? parsed : { ...parsed, key: `${parsed.key}#${count}` }
  }
}

async function parseContext({ context, run, mapping, staged }: Reading): Promise<ParseContext> {
  const { db, config } = context
  const { attributes } = mapping.people
  const names = attributes.agencyName === undefined ? null : await agencyNames(db, run.id, staged.scope)
  return {
    nameKey: mapping.nameKey,
    hash: attributes.personalNumber === undefined ? null : numberHash(config),
    agenciesNamed: names === null ? null : folded => names.get(folded) ?? [],
    sector: null,
    today: staged.day,
  }
}

/** A keyed hash, so that the numbers cannot be found by trying all of them without the key. */
function numberHash({ roster }: Config): (number: string) => string {
  if (!roster.personalNumberKey) {
    throw new AppError(
      'config_invalid',
      'roster.personalNumberKey: a secret is needed where a source maps personalNumber',
      { details: { key: 'roster.personalNumberKey' } },
    )
  }
  const key = readSecret(roster.personalNumberKey, 'roster.personalNumberKey')
  return number => createHmac('sha256', key).update(number).digest('base64url')
}

/** Goes up when entries are understood in another way than before: a digest then says nothing about them. */
const UNDERSTANDING = 1

/**
 * A digest as it is kept. Where a personal number is read it is keyed as the number is: with the rest of an entry known,
 * a bare one would tell the number to whoever tries all of them.
 */
function digestMixer(context: SyncContext, mapping: SourceMapping): (digest: bigint) => bigint {
  const version = versionOf(context, mapping)
  if (mapping.people.attributes.personalNumber === undefined) return digest => digest ^ version
  const keyed = numberHash(context.config)
  return digest => Buffer.from(keyed(`${digest ^ version}`), 'base64url').readBigUInt64BE()
}

/** What digests are mixed with: another mapping, trust or understanding looks at every entry anew. */
function versionOf({ config, source }: SyncContext, { people }: SourceMapping): bigint {
  const { trust, personalNumberKey } = config.roster
  const about = [
    UNDERSTANDING,
    people,
    trust,
    personalNumberKey !== undefined,
    source.agency,
    source.complete,
  ]
  const digest = createHash('sha256').update(JSON.stringify(about)).digest('hex')
  return BigInt(`0x${digest.slice(0, 16)}`)
}

function isRejected(parsed: object | Rejection): parsed is Rejection {
  return 'reason' in parsed
}

function isAccepted<T extends object>(parsed: T): parsed is Exclude<T, Rejection> {
  return !isRejected(parsed)
}
