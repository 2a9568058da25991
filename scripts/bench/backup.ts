/**
 * Seconds, memory and bytes of `hopthu backup` and `restore`, beside pg_dump and pg_restore of the same database in the same
 * run.
 *
 *   node scripts/bench/backup.ts [people] [runs]        100,000 people and 3 runs by default
 *
 * Every figure is the median of the runs. Both sides pack; ours reads its file back once on writing and twice on restoring,
 * theirs does not: for fairness the backup is compared with pg_dump followed by reading the archive whole.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { openDatabase } from '../../src/database/database.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openFolder, startPostgres } from '../../test/support/servers/index.ts'
import { postgresPrograms } from '../../test/support/servers/postgres.ts'

const people = Number(process.argv[2] ?? 100_000)
const runs = Number(process.argv[3] ?? 3)
const main = join(import.meta.dirname, '../../src/main.ts')
const programs = postgresPrograms() ?? '/usr/bin'

type Measure = { seconds: number; peakMb: number }
const steps = new Map<string, Measure[]>()

const { folder, remove } = openFolder(mkdtempSync(join(tmpdir(), 'hopthu-bench-')))
const postgres = await startPostgres({ folder: join(folder, 'postgres') })
try {
  const source = await postgres.createDatabase('source')
  const rows = await fill(source)
  const [ours, theirs] = [join(folder, 'ours.hopthu'), join(folder, 'theirs.dump')]
  for (let run = 0; run < runs; run++) {
    const target = await postgres.createDatabase(`ours_${run}`)
    const other = await postgres.createDatabase(`theirs_${run}`)
    rmSync(theirs, { force: true })
    await measure('hopthu backup', process.execPath, [main, 'backup', ours, '--config', configOf(source)])
    await measure('pg_dump', join(programs, 'pg_dump'), ['-Fc', '-n', 'public', '-f', theirs, source])
    await measure('pg_restore to nowhere', join(programs, 'pg_restore'), ['-f', '/dev/null', theirs])
    await measure('hopthu restore', process.execPath, [main, 'restore', ours, '--config', configOf(target)])
    await measure('pg_restore', join(programs, 'pg_restore'), [
      '-1',
      '-c',
      '--if-exists',
      '-d',
      other,
      theirs,
    ])
    process.stderr.write(`run ${run + 1} of ${runs} done\n`)
  }
  report(rows, statSync(ours).size, statSync(theirs).size)
} finally {
  await postgres.stop()
  remove()
}

function configOf(url: string): string {
  const path = join(folder, `${new URL(url).pathname.slice(1)}.json`)
  writeFileSync(path, JSON.stringify({ database: { url }, locale: 'en' }))
  return path
}

/** One employment, one mailbox and three days of use in four of 28 each. */
async function fill(url: string): Promise<number> {
  const database = await openDatabase({ url, backend: 'postgres', maxConnections: 2 })
  await migrate(database)
  await database.exec(`
    insert into agency (source, source_key) select 'directory', n from generate_series(1, 600) n;
    insert into agency_period (agency_id, first_day, code, name, level, parent_id, sort_key, search_key)
      select n, '-infinity', 'C' || n, 'Cơ quan ' || n, 'unit', nullif(n / 8, 0), n, n from generate_series(1, 600) n;
    insert into person (source, source_key, staff_id, full_name, sort_key, search_key, phone, email)
      select 'directory', gen_random_uuid(), 'S' || n, 'Nguyễn Văn ' || md5(n::text), md5(n::text), md5(n::text),
        '0900' || n, 'u' || n || '@other.test' from generate_series(1, ${people}) n;
    insert into employment (person_id, agency_id, staff_class, title, is_primary, first_day)
      select n, n % 600 + 1, 'công chức', 'Chuyên viên', true, '-infinity' from generate_series(1, ${people}) n;
    insert into mailbox (platform, address, name, quota_bytes, state)
      select 'mail', 'hop' || n || '@tinh.test', 'Nguyễn Văn ' || n, 2147483648, 'active' from generate_series(1, ${people}) n;
    insert into mailbox_state (mailbox_id, first_day, state) select id, '-infinity', 'active' from mailbox;
    insert into mailbox_address (address, mailbox_id, kind, first_day) select address, id, 'primary', '-infinity' from mailbox;
    insert into mailbox_holder (mailbox_id, person_id, first_day) select id, id, '-infinity' from mailbox;
    insert into log_source (name, kind) values ('maillog', 'log');
    insert into mailbox_day (address, day, source_id, sign_ins, sends, first_at, last_at)
      select address, date '2026-11-20' - n, 1, (id + n) % 9, id % 3, now() - n * interval '1 day', now() from
        generate_series(0, 27) n cross join mailbox where (id + n) % 4 > 0 order by 2, random();
    insert into log_chunk (source_id, first_at, last_at, line_count, hashes)
      select 1, now() - n * interval '1 hour', now(), 1000, decode(repeat(md5(n::text), 400), 'hex') from generate_series(1, 672) n;
    analyze`)
  const { rows } = await sql<{ count: number }>`
    select sum((xpath('/row/c/text()', query_to_xml(format('select count(*) as c from %I', tablename), false, true, '')))[1]::text::bigint)::bigint as count
    from pg_tables where schemaname = 'public'`.execute(database.db)
  await database.close()
  return rows[0]?.count ?? 0
}

async function measure(name: string, program: string, args: string[]): Promise<void> {
  const started = performance.now()
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  let peakKb = 0
  const look = setInterval(() => {
    peakKb = Math.max(peakKb, peakOf(child.pid ?? 0))
  }, 10)
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearInterval(look)
  if (code !== 0) throw new Error(`${name} ended with ${code}`)
  const taken = { seconds: (performance.now() - started) / 1000, peakMb: peakKb / 1024 }
  steps.set(name, [...(steps.get(name) ?? []), taken])
}

function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function report(rows: number, ours: number, theirs: number): void {
  console.log(`${people} people, ${rows} rows, median of ${runs} runs`)
  const seconds = (name: string) => median((steps.get(name) ?? []).map(each => each.seconds))
  for (const [name, measures] of steps) {
    const peak = median(measures.map(each => each.peakMb))
    console.log(
      `${name.padEnd(22)} ${seconds(name).toFixed(1).padStart(6)} s  ${peak.toFixed(0).padStart(4)} MB`,
    )
  }
  const checkedDump = seconds('pg_dump') + seconds('pg_restore to nowhere')
  console.log(`backup / (pg_dump + reading it)  ${(seconds('hopthu backup') / checkedDump).toFixed(2)}`)
  console.log(
    `restore / pg_restore             ${(seconds('hopthu restore') / seconds('pg_restore')).toFixed(2)}`,
  )
  console.log(`bytes: ${ours} ours, ${theirs} theirs, ${(ours / theirs).toFixed(2)}`)
}
