/**
 * Commands for an embedded database that a running service holds: they are handed to that service over a local socket and
 * run there, since a second process on the folder would lose data.
 *
 * One connection is one command. The client sends one line of JSON, the words and where the user stood; the service
 * answers lines of JSON, what to print and last the exit status. Whoever may open the socket may open the database's
 * files too: it lies beside them, for their owner alone. A client that goes away breaks its command off.
 */
import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

/** A Unix socket's path has room for 107 bytes (unix(7)); a folder too deep for that has no handover. */
const LONGEST_PATH = 100
const LONGEST_CALL = 65_536

export type Call = {
  args: readonly string[]
  /** Where the user stood; relative paths count from there. */
  folder: string
}
export type Output = { out(text: string): Promise<void>; err(text: string): void }
/** Runs a command and answers its exit status. */
export type RunCall = (call: Call, output: Output, signal: AbortSignal) => Promise<number>

function socketPath(folder: string): string | null {
  const path = join(dirname(folder), `.${basename(folder)}.sock`)
  return Buffer.byteLength(path) > LONGEST_PATH ? null : path
}

/** Takes commands until closed. Only the holder of the folder's lock may call this: an old socket is removed. */
export async function takeCalls(folder: string, run: RunCall): Promise<() => Promise<void>> {
  const path = socketPath(folder)
  if (path === null) return async () => {}
  rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    answer(socket, run).catch(() => socket.destroy())
  })
  // between listening and this nobody else can have opened it but the same user or root, who own the files anyway
  const umask = process.umask(0o177)
  server.listen(path)
  try {
    await once(server, 'listening')
  } finally {
    process.umask(umask)
  }
  chmodSync(path, 0o600)
  return async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    rmSync(path, { force: true })
  }
}

async function answer(socket: Socket, run: RunCall): Promise<void> {
  const controller = new AbortController()
  socket.on('error', () => {})
  socket.on('close', () => controller.abort())
  const call = await readCall(socket)
  if (call === null) return void socket.destroy()
  const send = async (frame: object) => {
    if (socket.destroyed) return
    if (!socket.write(`${JSON.stringify(frame)}\n`)) {
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {})
    }
  }
  const output: Output = { out: text => send({ out: text }), err: text => void send({ err: text }) }
  const exit = await run(call, output, controller.signal)
  await send({ exit })
  socket.end()
}

async function readCall(socket: Socket): Promise<Call | null> {
  let text = ''
  socket.setEncoding('utf8')
  for await (const part of socket.iterator({ destroyOnReturn: false })) {
    text += String(part)
    if (text.length > LONGEST_CALL) return null
    if (text.includes('\n')) break
  }
  const parsed: unknown = JSON.parse(text)
  if (typeof parsed !== 'object' || parsed === null || !('args' in parsed) || !('folder' in parsed))
    return null
  const { args, folder } = parsed
  if (!Array.isArray(args) || typeof folder !== 'string') return null
  return { args: args.map(String), folder }
}

/** Hands a command to the service that holds the folder; answers its exit status, or null where nobody takes it. */
export async function handOver(
  folder: string,
  call: Call,
  output: Output,
  signal: AbortSignal,
): Promise<number | null> {
  const path = socketPath(folder)
  if (path === null) return null
  const socket = connect(path)
  try {
    await once(socket, 'connect', { signal })
  } catch {
    socket.destroy()
    return null
  }
  signal.addEventListener('abort', () => socket.destroy(), { once: true })
  socket.write(`${JSON.stringify(call)}\n`)
  let exit: number | null = 1
  for await (const line of createInterface({ input: socket })) {
    const frame: unknown = JSON.parse(line)
    if (typeof frame !== 'object' || frame === null) continue
    if ('out' in frame) await output.out(String(frame.out))
    if ('err' in frame) output.err(String(frame.err))
    if ('exit' in frame) exit = Number(frame.exit)
  }
  socket.destroy()
  return exit
}
