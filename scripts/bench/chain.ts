/**
 * Seconds and memory of each step of the chain, with the shipped command on real servers, beside `ldapsearch` reading
 * the same entries in the same run.
 *
 *   node scripts/bench/chain.ts [people] [runs]        20,000 people and 5 runs by default
 *
 * Every figure is the median of the runs. A command's seconds hold its process start, which is stated on a line of its own.
 * The peak is the highest resident size the kernel kept for the process (VmHWM).
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFolder, startPostfixAdmin, startPostgres, startSlapd } from '../../test/support/servers/index.ts'
import { ldapSource, ldapsearch, writeDirectory } from './directory.ts'
import { hopthu, type Measure, median, printRow } from './measure.ts'

const people = Number(process.argv[2] ?? 20_000)
const runs = Number(process.argv[3] ?? 5)
const main = join(import.meta.dirname, '../../src/main.ts')

/** 28 days of sign-ins (three a day for a polling telephone) and sends of the people, in the form of a real mail.log. */
function writeLog(file: string, addresses: readonly string[]): number {
  const lines: string[] = []
  const day = 86_400_000
  const first = Math.floor(Date.now() / day) * day - 28 * day
  for (let d = 0; d < 28; d++) {
    for (const [i, address] of addresses.entries()) {
      if ((i + d) % 10 >= 3) continue
      for (let n = 0; n < 3; n++) {
        const at = stamp(first + d * day + ((i * 7919 + n * 20_011) % 86_000) * 1000)
        lines.push(
          `${at} mx1 dovecot: imap-login: Login: user=<${address}>, method=PLAIN, rip=10.1.${i % 250}.${n}, lip=10.0.0.2, mpid=${i}, TLS, session=<s${d}x${i}x${n}>`,
        )
      }
      const at = stamp(first + d * day + ((i * 7919) % 86_000) * 1000 + 1000)
      const id = `4${(d * people + i).toString(16).toUpperCase().padStart(9, '0')}`
      lines.push(
        `${at} mx1 postfix/submission/smtpd[11]: ${id}: client=unknown[10.1.0.1], sasl_method=PLAIN, sasl_username=${address}`,
      )
      lines.push(`${at} mx1 postfix/qmgr[12]: ${id}: from=<${address}>, size=2400, nrcpt=1 (queue active)`)
      lines.push(`${at} mx1 postfix/qmgr[12]: ${id}: removed`)
    }
  }
  lines.sort()
  writeFileSync(file, `${lines.join('\n')}\n`)
  return lines.length
}

function stamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}+00:00`
}

const { folder, remove } = openFolder(mkdtempSync(join(tmpdir(), 'hopthu-bench-')))
mkdirSync(join(folder, 'run'))
const tree = join(folder, 'run', 'directory.ldif')
await writeDirectory(tree, people)
const postgres = await startPostgres({ folder: join(folder, 'postgres') })
const slapd = await startSlapd({ folder: join(folder, 'slapd'), ldif: tree })
const platform = await startPostfixAdmin({
  folder: join(folder, 'postfixadmin'),
  postgres,
  domains: ['tinh.test'],
})
const steps = new Map<string, Measure[]>()
const note = (name: string, measure: Measure) => steps.set(name, [...(steps.get(name) ?? []), measure])
try {
  const starts: number[] = []
  const searches: number[] = []
  let lines = 0
  for (let run = 0; run < runs; run++) {
    const config = join(folder, 'run', `config-${run}.json`)
    const platformUrl = run === 0 ? platform.url : await emptied(platform.url)
    writeFileSync(
      config,
      JSON.stringify({
        database: { url: await postgres.createDatabase(`bench_${run}`) },
        timeZone: 'Asia/Ho_Chi_Minh',
        roster: {
          sources: [ldapSource(slapd, join(folder, 'run'))],
        },
        mailbox: {
          platforms: [{ name: 'mail', kind: 'postfixadmin', url: platformUrl }],
          naming: [{ domain: 'tinh.test' }],
        },
        activity: { sources: [{ name: 'maillog', kind: 'log', path: join(folder, 'run', 'mail.log') }] },
      }),
    )
    const log = join(folder, 'run', 'mail.log')
    if (run === 0) writeFileSync(log, '')
    starts.push((await hopthu(config, ['activity', 'parse', log])).seconds)
    await hopthu(config, ['migrate'])
    searches.push(ldapsearch(slapd))
    note('roster sync, first', await hopthu(config, ['roster', 'sync']))
    note('roster sync, unchanged', await hopthu(config, ['roster', 'sync']))
    note('mailbox plan', await hopthu(config, ['mailbox', 'plan']))
    note('mailbox apply', await hopthu(config, ['mailbox', 'apply']))
    note('mailbox plan, unchanged', await hopthu(config, ['mailbox', 'plan']))
    const listed = await fullOutput(config)
    if (run === 0) lines = writeLog(log, listed)
    note('activity ingest', await hopthu(config, ['activity', 'ingest', log]))
    note('activity ingest, again', await hopthu(config, ['activity', 'ingest', log]))
    note('adoption', await hopthu(config, ['adoption']))
    note('explain', await hopthu(config, ['explain', 'S1']))
    process.stderr.write(`run ${run + 1} of ${runs} done\n`)
  }
  report(median(starts), median(searches), lines)
} finally {
  await platform.stop()
  await slapd.stop()
  await postgres.stop()
  remove()
}

async function fullOutput(config: string): Promise<string[]> {
  const child = spawnSync(process.execPath, [main, 'mailbox', 'list', '--json', '--config', config], {
    maxBuffer: 1 << 30,
  })
  const { mailboxes } = JSON.parse(String(child.stdout)) as { mailboxes: { address: string }[] }
  return mailboxes.map(each => each.address)
}

/** The same platform without its mailboxes. */
async function emptied(url: string): Promise<string> {
  const { status, stderr } = spawnSync('psql', [
    url,
    '-qc',
    "delete from mailbox; delete from alias where address <> goto or domain = 'tinh.test'; delete from log",
  ])
  if (status !== 0) throw new Error(String(stderr))
  return url
}

function report(start: number, search: number, lines: number): void {
  process.stdout.write(
    `${people} people, ${lines} log lines, medians of ${runs} runs; process start ${start.toFixed(2)} s is inside every step\n\n`,
  )
  printRow(['step', 'seconds', 'peak MB', '× ldapsearch'])
  printRow(['ldapsearch, same entries', search.toFixed(2), '', '1.0'])
  for (const [name, measures] of steps) {
    const seconds = median(measures.map(each => each.seconds))
    printRow([
      name,
      seconds.toFixed(2),
      Math.max(...measures.map(each => each.peakMb)).toFixed(0),
      (seconds / search).toFixed(1),
    ])
  }
  const ingest = median((steps.get('activity ingest') ?? []).map(each => each.seconds))
  process.stdout.write(`\ningest: ${Math.round(lines / ingest).toLocaleString('en')} lines a second\n`)
}
