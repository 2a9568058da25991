/**
 * Checks types and form, runs the suites, and ends with the line that counts: `test.ts [--long] [FILE…]`.
 *
 * A suite is a file, a test is a sentence in it. What was skipped is named with its reason. With
 * `HOPTHU_REQUIRE_SERVERS=1` a skip fails, and so does a run of fewer suites than `.ci/suites` says.
 */
import { type StdioOptions, spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')

/** Longest silence of one suite, in seconds. Too short fails a slow machine, too long only delays bad news. */
const TIMEOUT_SECONDS = { quick: 300, long: 1800 }
const JOBS = { quick: 2, long: 1 }

/** `ok` or `not ok` with its number, name, and what stands behind the hash: TAP 14, "Test Points". */
const POINT = /^( *)(not )?ok \d+(?: - (.*?))?(?: # (SKIP|TODO|time=([\d.]+)ms)(.*?))?(?: \{)?$/i

type Counts = { passed: number; failed: number; skipped: number; suites: number }

process.exitCode = (await main()) ? 0 : 1

async function main(): Promise<boolean> {
  const { values, positionals } = parseArgs({
    options: { long: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const files = positionals.length > 0 ? chosen(positionals) : suites(values.long)
  if (files.length === 0) {
    console.log('no such suites')
    return positionals.length === 0 && values.long
  }
  const counts: Counts = { passed: 0, failed: 0, skipped: 0, suites: 0 }
  if (!values.long && positionals.length === 0) await check(counts)
  await runSuites(files, values.long ? 'long' : 'quick', counts)
  const enough = values.long || positionals.length > 0 || enoughSuites(counts)
  const complete = counts.skipped === 0 || !serversRequired()
  if (!complete) console.log('a suite was skipped, and every one is required')
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  return enough && complete && counts.failed === 0
}

function suites(long: boolean): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort()
  return all.filter(file => file.endsWith('.long.test.ts') === long)
}

/** Files as the user named them, from where the user stood. */
function chosen(files: string[]): string[] {
  return files.map(file => relative(root, resolve(process.env.INIT_CWD ?? process.cwd(), file)))
}

function serversRequired(): boolean {
  return process.env.HOPTHU_REQUIRE_SERVERS === '1'
}

function enoughSuites(counts: Counts): boolean {
  const least = Number(readFileSync(join(root, '.ci/suites'), 'utf8'))
  if (!serversRequired() || counts.suites >= least) return true
  console.log(`${counts.suites} suites ran, ${least} are committed in .ci/suites`)
  return false
}

async function check(counts: Counts): Promise<void> {
  const results = [await runCheck('types', 'tsc', ['--noEmit']), await runCheck('form', 'biome', ['check'])]
  for (const ok of results) counts[ok ? 'passed' : 'failed'] += 1
}

async function runCheck(name: string, program: string, args: string[]): Promise<boolean> {
  const started = performance.now()
  const child = spawn(join(root, 'node_modules/.bin', program), args, { cwd: root, stdio: ['ignore', 1, 2] })
  const ok = (await ended(child)) === 0
  report(ok, name, performance.now() - started)
  return ok
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((done, reject) => child.once('error', reject).once('close', done))
}

async function runSuites(files: string[], kind: 'quick' | 'long', counts: Counts): Promise<void> {
  const options = ['--disable-coverage', `--timeout=${TIMEOUT_SECONDS[kind]}`, `--jobs=${JOBS[kind]}`]
  const args = ['run', '--reporter=tap', ...options, ...files]
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit']
  const tap = spawn(join(root, 'node_modules/.bin/tap'), args, { cwd: root, stdio })
  const closed = ended(tap)
  const take = suiteReader(counts)
  if (tap.stdout) for await (const line of createInterface({ input: tap.stdout })) take(line)
  const status = await closed
  if (status === 0 || counts.failed > 0) return
  console.log(`not ok - the test runner ended with status ${status}`)
  counts.failed = 1
}

/** Reads TAP by the line: no indent is a suite, four blanks a test in it, more what lies in a test. */
function suiteReader(counts: Counts): (line: string) => void {
  let lines: string[] = []
  let failed = 0
  let suite = ''
  let yamlIndent: number | null = null
  return line => {
    lines.push(line)
    const indent = line.search(/\S|$/)
    if (yamlIndent !== null) {
      if (indent === yamlIndent && line.trim() === '...') yamlIndent = null
      return
    }
    if (line.trim() === '---') yamlIndent = indent
    suite = /^# Subtest: (.*)/.exec(line)?.[1] ?? suite
    const [whole, , not, name = '', directive = '', milliseconds, reason = ''] = POINT.exec(line) ?? []
    if (whole === undefined) return
    const skipped = /^(skip|todo)$/i.test(directive)
    if (skipped) {
      counts.skipped += 1
      console.log(
        `skipped - ${name === suite ? '' : `${suite}, `}${name}: ${reason.trim() || 'no reason given'}`,
      )
    } else if (indent === 4) {
      counts[not ? 'failed' : 'passed'] += 1
      if (not) failed += 1
    }
    if (indent > 0) return
    if (!skipped) endSuite(counts, { name, ok: !not, failed, milliseconds: Number(milliseconds ?? 0), lines })
    lines = []
    failed = 0
  }
}

type Suite = { name: string; ok: boolean; failed: number; milliseconds: number; lines: string[] }

function endSuite(counts: Counts, suite: Suite): void {
  counts.suites += 1
  // one that timed out or crashed may have no failed test of its own
  if (!suite.ok && suite.failed === 0) counts.failed += 1
  for (const line of suite.lines) if (worthShowing(line, suite.ok)) console.log(line)
  report(suite.ok, suite.name, suite.milliseconds)
}

/** Of a suite that passed what it remarked, such as a time it took; of one that failed all but what passed. */
function worthShowing(line: string, ok: boolean): boolean {
  if (/^ *# (time=|Subtest: )/.test(line)) return !ok && /Subtest/.test(line)
  return ok ? /^ +# /.test(line) : !/^ *(ok \d|\d+\.\.\d|$)/.test(line)
}

function report(ok: boolean, name: string, milliseconds: number): void {
  console.log(`${ok ? 'ok' : 'not ok'} - ${name} (${(milliseconds / 1000).toFixed(1)} s)`)
}
