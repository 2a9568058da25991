/** Wrong passwords, and the browsers in which they are counted apart. */
import { sql } from 'kysely'
import type { Db } from '../database/database.ts'

/** So many wrong passwords in a row cost no wait: people mistype. */
const FREE = 5
/**
 * Longest wait between two guesses, in s. It doubles up to here and no further: a longer one would let anybody keep
 * somebody else out by guessing, and at one guess a minute a password under our rules is safe for centuries.
 */
const MAX_WAIT = 60
/** Seconds after which earlier failures no longer count. */
const FORGET = 86_400

const wait = sql`make_interval(secs => case when f.count < ${FREE} then 0
  else least(power(2, f.count - ${FREE}), ${MAX_WAIT}) end)`

/**
 * Takes the right to one guess at the password of a name, whether or not there is such an operator, or from a device
 * known to be theirs, and counts it as
 * failed until `clearFailures` says otherwise: many guesses at one moment, on whatever machine, are then one guess.
 * Answers 0, or how many seconds to wait.
 */
export async function takeGuess(db: Db, name: string, now: Date): Promise<number> {
  const { rows } = await sql`
    insert into sign_in_failure as f (name, count, last_at) values (${name}, 1, ${now})
    on conflict (name) do update set last_at = excluded.last_at, count = case
      when f.last_at < ${now}::timestamptz - make_interval(secs => ${FORGET}) then 1
      else least(f.count + 1, 1000) end
    where f.last_at + ${wait} <= ${now}::timestamptz
    returning 1`.execute(db)
  if (rows.length > 0) return 0
  const left = await sql<{ seconds: number }>`
    select ceil(extract(epoch from f.last_at + ${wait} - ${now}::timestamptz))::integer as seconds
    from sign_in_failure f where f.name = ${name}`.execute(db)
  return Math.max(1, left.rows[0]?.seconds ?? 1)
}

/** After the right password: nothing is held against the name any more, and what is old is cleared away. */
export async function clearFailures(db: Db, name: string, now: Date): Promise<void> {
  await sql`
    delete from sign_in_failure
    where name = ${name} or last_at < ${now}::timestamptz - make_interval(secs => ${FORGET})`.execute(db)
}

// devices -----------------------------------------------------------------------------------------------------------

/** How long a browser is known, in days, after it was first signed in from. */
export const DEVICE_DAYS = 180
const MOST_DEVICES = 20

/** What guesses from a device are counted under; null where the device is not one of this operator. */
export async function deviceKey(
  db: Db,
  { name, device, now }: { name: string; device: Buffer | null; now: Date },
): Promise<string | null> {
  if (device === null) return null
  const { rows } = await sql<{ key: string }>`
    select 'device:' || encode(d.token_hash, 'hex') as key
    from operator_device d join operator o on o.id = d.operator_id
    where d.token_hash = ${device} and o.name = ${name}
      and d.created_at > ${now}::timestamptz - make_interval(days => ${DEVICE_DAYS})`.execute(db)
  return rows[0]?.key ?? null
}

/** Makes a browser known as one of an operator's; of many the oldest are forgotten. */
export async function insertDevice(
  trx: Db,
  { operatorId, device, now }: { operatorId: number; device: Buffer; now: Date },
): Promise<void> {
  await sql`
    insert into operator_device (token_hash, operator_id, created_at) values (${device}, ${operatorId}, ${now})
    `.execute(trx)
  await sql`
    delete from operator_device where token_hash in (
      select token_hash from operator_device where operator_id = ${operatorId}
      order by created_at desc offset ${MOST_DEVICES})`.execute(trx)
}
