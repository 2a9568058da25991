/**
 * Seconds from `npm start`'s own command to the first page, on an empty folder and on one that is filled.
 *
 *   node scripts/bench/start.ts [runs]        5 runs by default, one after the other, the process start inside
 *
 * The yardstick, in the same run: how long Node alone takes to print its version on this machine now.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../../test/support/servers/process.ts'

const runs = Number(process.argv[2] ?? 5)
const DEMO = join(import.meta.dirname, '../demo.ts')
const LONGEST_MS = 600_000

const first: number[] = []
const later: number[] = []
const yardstick: number[] = []
for (let run = 0; run < runs; run++) {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-bench-'))
  try {
    const begun = performance.now()
    spawnSync(process.execPath, ['--version'])
    yardstick.push(performance.now() - begun)
    first.push(await untilPage(folder))
    later.push(await untilPage(folder))
    process.stderr.write(
      `run ${run + 1} of ${runs}: ${seconds(first.at(-1))} and ${seconds(later.at(-1))} s\n`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
console.log(
  `medians of ${runs} runs, load ${loadavg()[0]?.toFixed(1)}; node --version ${seconds(median(yardstick))} s`,
)
for (const [name, values] of Object.entries({ 'first start': first, 'later start': later })) {
  const ratio = Math.round(median(values) / median(yardstick))
  console.log(`${name.padEnd(12)} to the first page ${seconds(median(values))} s (${ratio} × node --version)`)
}

async function untilPage(folder: string): Promise<number> {
  const [port = 0] = await freePorts(1)
  const begun = performance.now()
  const env = { ...process.env, INIT_CWD: folder, PORT: String(port) }
  const child = spawn(process.execPath, [DEMO], { cwd: folder, env, stdio: 'ignore' })
  try {
    while (performance.now() - begun < LONGEST_MS && child.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${port}/sign-in`).catch(() => null)
      if (answer?.ok) return performance.now() - begun
      await sleep(50)
    }
    throw new Error('no page came')
  } finally {
    await end(child)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGINT')
  await ended
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function seconds(ms = 0): string {
  return (ms / 1000).toFixed(2)
}
