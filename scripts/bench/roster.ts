/**
 * Seconds and memory of `hopthu roster sync` on a real slapd and a real PostgreSQL, beside `ldapsearch` reading the same
 * attributes of the same entries in the same minute.
 *
 *   node scripts/bench/roster.ts [people] [rounds]     100,000 people and 5 rounds by default
 *     --ldif N         afterwards a first load and an unchanged read of N people from an LDIF file, and of [people] too
 *     --breakdown      one more round, in which every statement and our process are looked into
 *
 * A round is a fresh database: first load, unchanged, a hundredth changed, with ldapsearch before and after each. A
 * step's ratio is to the mean of those two, since other work on the machine comes and goes; printed is the median of
 * the rounds. Every step holds its process start, which is stated on a line of its own.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openFolder, startPostgres, startSlapd } from '../../test/support/servers/index.ts'
import { openBreakdown } from './breakdown.ts'
import { changeOfOnePercent, ldapSource, ldapsearch, ldifSource, writeDirectory } from './directory.ts'
import { hopthu, type Measure, median, printRow } from './measure.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ldif: { type: 'string' }, breakdown: { type: 'boolean', default: false } },
})
const people = Number(positionals[0] ?? 100_000)
const rounds = Math.max(1, Number(positionals[1] ?? 5))
const ldifPeople = Number(values.ldif ?? 0)

/** What the roster issue asks of 100,000 people. */
const mostTimesLdapsearch: Record<string, number> = { 'first load': 6, unchanged: 2.5, '1 % changed': 3 }
const MOST_MB = 250
const MOST_TIMES_MEMORY = 1.2

type Step = Measure & { ratio: number }

const noMovement = { joiners: 0, movers: 0, leavers: 0, returned: 0, changed: 0, unchanged: 0 }

const { folder, remove } = openFolder(mkdtempSync(join(tmpdir(), 'hopthu-bench-')))
const run = join(folder, 'run')
mkdirSync(run)
const tree = join(run, 'directory.ldif')
await writeDirectory(tree, people)
const postgres = await startPostgres({ folder: join(folder, 'postgres') })
const slapd = await startSlapd({ folder: join(folder, 'slapd'), ldif: tree })
const searches: number[] = []
const starts: number[] = []
const steps = new Map<string, Step[]>()
try {
  ldapsearch(slapd) // so that its pages are in memory for the first round as for the others
  for (let round = 0; round < rounds; round++) {
    await measureRound(round)
    process.stderr.write(`round ${round + 1} of ${rounds} done, load ${loadavg()[0]?.toFixed(1)}\n`)
  }
  report()
  if (ldifPeople > 0) await reportLdif()
  if (values.breakdown) await lookInto()
} finally {
  await slapd.stop()
  await postgres.stop()
  remove()
}

async function measureRound(round: number): Promise<void> {
  const config = await freshDatabase(`bench_${round}`, ldapSource(slapd, run))
  const empty = join(run, 'empty.log')
  writeFileSync(empty, '')
  starts.push((await hopthu(config, ['activity', 'parse', empty])).seconds)
  let before = ldapsearch(slapd)
  searches.push(before)
  const measured = async (name: string, expected: object) => {
    const measure = await sync(config, expected)
    const after = ldapsearch(slapd)
    searches.push(after)
    const ratio = measure.seconds / ((before + after) / 2)
    steps.set(name, [...(steps.get(name) ?? []), { ...measure, ratio }])
    before = after
  }
  await measured('first load', { joiners: people })
  await measured('unchanged', { unchanged: people })
  const { records, changed } = changeOfOnePercent(people, round)
  await slapd.modify(records)
  await measured('1 % changed', { changed, unchanged: people - changed })
}

/** The configuration of an empty, migrated database. */
async function freshDatabase(name: string, source: object): Promise<string> {
  const config = join(run, `${name}.json`)
  const url = await postgres.createDatabase(name)
  const settings = { database: { url }, timeZone: 'Asia/Ho_Chi_Minh', roster: { sources: [source] } }
  writeFileSync(config, JSON.stringify(settings, null, 2))
  await hopthu(config, ['migrate'])
  return config
}

/** Throws where the run did something else than what is measured. */
async function sync(config: string, expected: object, flags: readonly string[] = []): Promise<Measure> {
  const measure = await hopthu(config, ['roster', 'sync'], flags)
  const result = JSON.parse(measure.out) as { people: object; guard: { ok: boolean } }
  const wanted = JSON.stringify({ ...noMovement, ...expected })
  const found = JSON.stringify({ ...noMovement, ...result.people })
  if (!result.guard.ok || found !== wanted) throw new Error(`expected ${wanted}, but ${measure.out}`)
  return measure
}

function report(): void {
  process.stdout.write(
    `${people} people, medians of ${rounds} rounds; process start ${seconds(median(starts))} s is inside every step\n\n`,
  )
  printRow(['step', 'seconds', '× ldapsearch', 'from – to', 'at most', 'peak MB', 'at most'])
  printRow(['ldapsearch, same entries', seconds(median(searches)), '1.0', '', '', ''])
  for (const [name, measures] of steps) {
    const ratios = measures.map(each => each.ratio).sort((a, b) => a - b)
    printRow([
      `roster sync, ${name}`,
      seconds(median(measures.map(each => each.seconds))),
      median(ratios).toFixed(1),
      `${ratios[0]?.toFixed(1)} – ${ratios.at(-1)?.toFixed(1)}`,
      String(mostTimesLdapsearch[name] ?? ''),
      peakOf(measures).toFixed(0),
      String(MOST_MB),
    ])
  }
}

/** Memory must not grow with the people: the same file ten times as long. */
async function reportLdif(): Promise<void> {
  const large = join(run, 'large.ldif')
  await writeDirectory(large, ldifPeople)
  const few = await measureLdif(tree, people)
  const many = await measureLdif(large, ldifPeople)
  process.stdout.write('\nfrom an LDIF file, one round\n')
  printRow(['step', 'people', 'seconds', 'peak MB', '× fewer', '× slapd', 'at most'])
  for (const [i, name] of ['first load', 'unchanged'].entries()) {
    const [small, large] = [few[i], many[i]]
    if (!small || !large) continue
    const directory = peakOf(steps.get(name) ?? [])
    const row = ({ seconds: s, peakMb }: Measure, count: number) => [
      name,
      String(count),
      seconds(s),
      peakMb.toFixed(0),
    ]
    printRow(row(small, people))
    printRow([
      ...row(large, ldifPeople),
      ...[small.peakMb, directory].map(each => (large.peakMb / each).toFixed(2)),
      String(MOST_TIMES_MEMORY),
    ])
  }
}

async function measureLdif(path: string, count: number): Promise<Measure[]> {
  const config = await freshDatabase(`bench_ldif_${count}`, ldifSource(path))
  const first = await sync(config, { joiners: count })
  process.stderr.write(`first load of ${count} people from a file done\n`)
  return [first, await sync(config, { unchanged: count })]
}

/** Where the time goes: the statements by what the database logs of them, our process by its CPU profile. */
async function lookInto(): Promise<void> {
  const config = await freshDatabase('bench_breakdown', ldapSource(slapd, run))
  const breakdown = await openBreakdown(postgres.url, join(folder, 'postgres', 'postgres.log'), run)
  const look = async (name: string, expected: object) => {
    const measure = await breakdown.of(flags => sync(config, expected, flags))
    process.stdout.write(`\n## ${name}: ${seconds(measure.seconds)} s under observation\n\n`)
    breakdown.print()
  }
  await look('first load', { joiners: people })
  await look('unchanged', { unchanged: people })
  const { records, changed } = changeOfOnePercent(people, rounds)
  await slapd.modify(records)
  await look('1 % changed', { changed, unchanged: people - changed })
}

function peakOf(measures: readonly Measure[]): number {
  return Math.max(...measures.map(each => each.peakMb))
}

function seconds(value: number): string {
  return value.toFixed(2)
}
