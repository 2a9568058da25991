/**
 * Files that pages load: `static/`, made by `npm run static`. Their address holds a hash of their content, so that
 * browsers may keep them for ever; they are sent as packed at start.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'

const folder = join(import.meta.dirname, 'static')
const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.woff2': 'font/woff2',
  '.svg': 'image/svg+xml',
}

type Asset = { type: string; plain: Buffer; br: Buffer | null; gzip: Buffer | null }
let known: Map<string, Asset> | null = null
const urls = new Map<string, string>()

function assets(): Map<string, Asset> {
  if (known) return known
  known = new Map()
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const plain = readFileSync(join(folder, name))
    const packs = extname(name) !== '.woff2'
    const url = `/static/${createHash('sha256').update(plain).digest('hex').slice(0, 12)}/${name}`
    urls.set(name, url)
    known.set(url, {
      type,
      plain,
      br: packs ? brotliCompressSync(plain) : null,
      gzip: packs ? gzipSync(plain) : null,
    })
  }
  return known
}

/** The address of a file of `static/`. */
export function assetUrl(name: string): string {
  assets()
  return urls.get(name) ?? `/static/missing/${name}`
}

/** Serves `static/`; open to everybody. */
export function serveStatic(server: FastifyInstance): void {
  server.get('/static/:hash/:name', { config: { access: 'public' } }, (request, reply) => {
    const asset = assets().get(request.url.split('?')[0] ?? '')
    if (!asset) return reply.callNotFound()
    const accepted = request.headers['accept-encoding'] ?? ''
    const [encoding, body] =
      asset.br && /\bbr\b/.test(accepted)
        ? ['br', asset.br]
        : asset.gzip && /\bgzip\b/.test(accepted)
          ? ['gzip', asset.gzip]
          : [null, asset.plain]
    if (encoding) reply.header('content-encoding', encoding)
    return reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('vary', 'accept-encoding')
      .type(asset.type)
      .send(body)
  })
}
