/** A way to a server that a test can cut and mend. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** Passes connections on to a server until it is cut; what was open then breaks, what comes is refused. */
export async function passTo(t: Test, url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const keep = (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
  }
  const server = createServer(socket => {
    const onward = connect(Number(target.port), target.hostname)
    for (const each of [socket, onward]) keep(each)
    socket.pipe(onward).pipe(socket)
  })
  const open = async (port: number) => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return address !== null && typeof address !== 'string' ? address.port : port
  }
  const cut = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  const port = await open(0)
  t.teardown(async () => {
    if (server.listening) await cut()
  })
  const through = new URL(url)
  through.port = String(port)
  return { url: through.href, cut, mend: () => open(port) }
}
