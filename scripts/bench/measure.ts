/** The shipped command as a process of its own: its seconds, its start in them, and the most memory it held. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../../src/main.ts')
const SHOWN_OF_OUTPUT = 2_000
const LOOK_MS = 10

export type Measure = {
  seconds: number
  /** The highest resident size the kernel kept for the process (VmHWM). */
  peakMb: number
  /** The beginning of what it wrote. */
  out: string
}

/** Runs `hopthu … --json`. `flags` are Node's own. Throws where it does not end with the status expected. */
export async function hopthu(
  config: string,
  args: readonly string[],
  flags: readonly string[] = [],
  expected = 0,
): Promise<Measure> {
  const started = performance.now()
  const child = spawn(process.execPath, [...flags, main, ...args, '--json', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  let peakKb = 0
  child.stdout.on('data', chunk => {
    if (out.length < SHOWN_OF_OUTPUT) out += chunk
  })
  const look = setInterval(() => {
    peakKb = Math.max(peakKb, peakOf(child.pid ?? 0))
  }, LOOK_MS)
  const code = await new Promise<number | null>(resolve => child.on('close', resolve))
  clearInterval(look)
  if (code !== expected) throw new Error(`hopthu ${args.join(' ')} ended with ${code}: ${out}`)
  return { seconds: (performance.now() - started) / 1000, peakMb: peakKb / 1024, out }
}

function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** A line of a table: the first cell to the left, the others to the right of their columns. */
export function printRow([first = '', ...others]: readonly string[], firstWidth = 30): void {
  process.stdout.write(`${first.padEnd(firstWidth)}${others.map(each => each.padStart(14)).join('')}\n`)
}
