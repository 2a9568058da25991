/**
 * Programs run for tests: to their end, or as a server that is ended again.
 *
 * A server ends with this process, however that ends: `atExit` sees to the orderly ways, a guard beside the
 * server to being killed outright. Only processes started here are ever signalled.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { connect, createServer, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type Ran = { stdout: string; stderr: string; status: number }

type RunOptions = { cwd?: string; input?: string; user?: string; timeoutMs?: number }

/** Runs a program to its end and answers with what it said, whatever its status. Throws after `timeoutMs` (60 s). */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const [file, ...rest] = [...asUser(options.user), program, ...args]
  const child = spawn(file ?? program, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(options.timeoutMs ?? 60_000),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  // A program may end before it has read all its input; its status says so better than EPIPE does.
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', cause => reject(new Error(`${program} ${args.join(' ')}: ${cause.message}`, { cause })))
    child.on('close', status => resolve({ ...said, status: status ?? 128 }))
  })
}

/** As `run`, but a status other than 0 is thrown with what the program said; answers standard output. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const ran = await run(program, args, options)
  if (ran.status === 0) return ran.stdout
  throw new Error(`${program} ${args.join(' ')} ended with ${ran.status}:\n${ran.stderr}${ran.stdout}`)
}

export type ServerProcess = {
  pid: number
  running(): boolean
  /** Ends the server and all of its process group; gentle for 10 s, then not. */
  stop(): Promise<void>
}

type ServerOptions = {
  /** File for standard output and error. */
  output: string
  /** The signal its manual names for a prompt, clean end. */
  stopSignal: 'SIGTERM' | 'SIGINT'
  user?: string
}

/** Starts a server that stays in the foreground, as the leader of a process group of its own. */
export async function startProcess(
  program: string,
  args: readonly string[],
  options: ServerOptions,
): Promise<ServerProcess> {
  const output = openSync(options.output, 'a')
  const [file, ...rest] = [...asUser(options.user), program, ...args]
  const child = spawn(file ?? program, rest, {
    stdio: ['ignore', output, output],
    // Out of the terminal's group: Ctrl-C is for us, and we end the servers in order.
    detached: true,
  })
  closeSync(output)
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject))
  const pid = child.pid ?? 0
  let running = true
  child.unref()
  const releaseGuard = startGuard(pid, options.stopSignal)
  child.on('exit', () => {
    running = false
    releaseGuard()
  })
  const forget = atExit(() => {
    endNow(pid, options.stopSignal)
    releaseGuard()
  })
  const stop = async () => {
    await endGroup(pid, options.stopSignal)
    releaseGuard()
    forget()
  }
  return { pid, running: () => running, stop }
}

/**
 * A shell that waits for the end of a pipe only we hold, that is for our end, and then ends the server.
 * (The kernel's own way, PR_SET_PDEATHSIG, is undone when a server changes its user, as Postfix does.)
 */
function startGuard(pid: number, signal: NodeJS.Signals): () => void {
  const script = 'cat; kill -s "$1" "$2"; sleep 3; kill -s KILL -- "-$2"'
  const guard = spawn('sh', ['-c', script, 'guard', signal.slice(3), String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.unref()
  if (guard.stdin instanceof Socket) guard.stdin.unref()
  const { pid: guardPid } = guard
  let released = false
  return () => {
    // The whole group, with the `cat` in it; before its pipe closes.
    if (!released && guardPid !== undefined) killQuietly(-guardPid)
    released = true
  }
}

/** Waits until `ready` answers true; throws with the tail of the log when the server ends or `timeoutMs` is over. */
export async function waitUntilReady(
  name: string,
  server: ServerProcess,
  logs: readonly string[],
  ready: () => Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs
  while (!(await ready())) {
    const reason = !server.running() ? 'ended' : Date.now() > end ? `not ready in ${timeoutMs} ms` : null
    if (reason !== null) {
      await server.stop()
      throw new Error(`${name} ${reason}\n${logs.map(tail).join('\n')}`)
    }
    await sleep(50)
  }
}

/** Whether a server greets on the port with this: the port alone may answer before the server can. */
export function greets(port: number, greeting: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const answer = (greeted: boolean) => {
      socket.destroy()
      resolve(greeted)
    }
    socket.setTimeout(2_000, () => answer(false))
    socket.on('error', () => answer(false))
    socket.once('data', data => answer(data.toString().startsWith(greeting)))
    socket.once('close', () => answer(false))
  })
}

/** The last 40 lines of a file, or a word that there is none. */
export function tail(path: string): string {
  if (!existsSync(path)) return `${path}: no such file`
  return `${path}:\n${readFileSync(path, 'utf8').trimEnd().split('\n').slice(-40).join('\n')}`
}

/** As many different ports as asked for, free on loopback a moment ago, as the system chose them. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(Array.from({ length: count }, holdPort))
  await Promise.all(holders.map(holder => holder.release()))
  return holders.map(holder => holder.port)
}

export async function freePort(): Promise<number> {
  const holder = await holdPort()
  await holder.release()
  return holder.port
}

async function holdPort(): Promise<{ port: number; release: () => Promise<void> }> {
  const holder = createServer()
  await new Promise<void>((resolve, reject) => holder.listen(0, '127.0.0.1', resolve).once('error', reject))
  const address = holder.address()
  if (address === null || typeof address === 'string') throw new Error('a listening socket without a port')
  return { port: address.port, release: () => new Promise(resolve => holder.close(() => resolve())) }
}

const leftovers = new Set<() => void>()

/** Has `cleanUp` called, newest first, should this process exit before the returned function is. */
export function atExit(cleanUp: () => void): () => void {
  if (leftovers.size === 0) process.on('exit', cleanUpAll)
  leftovers.add(cleanUp)
  return () => {
    leftovers.delete(cleanUp)
    if (leftovers.size === 0) process.off('exit', cleanUpAll)
  }
}

function cleanUpAll(): void {
  for (const cleanUp of [...leftovers].reverse()) {
    try {
      cleanUp()
    } catch {
      // Best effort: one that fails must not keep the others from running.
    }
  }
}

/** Processes of a group that still run; one that waits only for its parent to notice does not. */
export function groupMembers(group: number): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => isRunningIn(pid, group))
}

/** proc(5), stat: after the name in parentheses come state, parent, group. */
function isRunningIn(pid: number, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const [state, , inGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state !== 'Z' && Number(inGroup) === group
  } catch {
    return false // ended between the listing and the reading
  }
}

/**
 * The leader gets the time it needs to end in order. What then is left of the group (Dovecot's processes stay as
 * long as a client of theirs does) has a second.
 */
async function endGroup(pid: number, signal: NodeJS.Signals): Promise<void> {
  const isMember = () => groupMembers(pid).includes(pid)
  if (isMember()) process.kill(pid, signal)
  await untilFalse(isMember, 10_000)
  await untilFalse(() => groupMembers(pid).length > 0, 1_000)
  for (const member of groupMembers(pid)) killQuietly(member)
  await untilFalse(() => groupMembers(pid).length > 0, 5_000)
}

async function untilFalse(condition: () => boolean, timeoutMs: number): Promise<void> {
  const end = Date.now() + timeoutMs
  while (condition() && Date.now() < end) await sleep(20)
}

/** The same without awaiting, for the moment of exit. */
function endNow(pid: number, signal: NodeJS.Signals): void {
  if (groupMembers(pid).includes(pid)) process.kill(pid, signal)
  const pause = new Int32Array(new SharedArrayBuffer(4))
  const end = Date.now() + 3_000
  while (groupMembers(pid).length > 0 && Date.now() < end) Atomics.wait(pause, 0, 0, 20)
  for (const member of groupMembers(pid)) killQuietly(member)
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // already gone
  }
}

function asUser(user: string | undefined): string[] {
  return user === undefined ? [] : ['setpriv', ...userArgs(user), '--']
}

function userArgs(user: string): string[] {
  return [`--reuid=${user}`, `--regid=${user}`, '--init-groups']
}
