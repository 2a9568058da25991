/**
 * Answers of text, packed as the browser accepts them. Nothing in a page that is secret stays the same from answer to
 * answer (the form token is masked anew each time), so that its packed length tells nothing.
 */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Smaller answers fit in a packet anyway. */
const SMALL_BYTES = 1024
/** Of 11: most of the gain; the steps above cost many times the time for a few per cent. */
const BROTLI_QUALITY = 5

const packable = /^(?:text\/|image\/svg\+xml|application\/(?:json|javascript|xml|[\w.-]+\+json)\b)/

const packBrotli = promisify(brotliCompress)
const packGzip = promisify(gzip)

export type Encoding = 'br' | 'gzip'

/** Packs every answer that is text and not packed yet. */
export function compressAnswers(server: FastifyInstance): void {
  server.addHook('onSend', async (request, reply, payload) => packed(request, reply, payload))
}

async function packed(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload
  if (!packable.test(String(reply.getHeader('content-type') ?? ''))) return payload
  if (reply.hasHeader('content-encoding') || Buffer.byteLength(payload) < SMALL_BYTES) return payload
  reply.header('vary', 'accept-encoding')
  const encoding = acceptedEncoding(request.headers['accept-encoding'])
  if (encoding === null) return payload
  reply.header('content-encoding', encoding).removeHeader('content-length')
  if (encoding === 'gzip') return packGzip(payload)
  return packBrotli(payload, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } })
}

/** The better of what is accepted, null for neither (RFC 9110 section 12.5.3; a weight of 0 refuses). */
export function acceptedEncoding(header: string | string[] | undefined): Encoding | null {
  const accepted = new Map(
    String(header ?? '')
      .toLowerCase()
      .split(',')
      .map(each => {
        const [name = '', ...parameters] = each.split(';').map(text => text.trim())
        const weight = parameters.find(text => text.startsWith('q='))?.slice(2)
        return [name, weight === undefined || Number(weight) > 0] as const
      }),
  )
  const accepts = (name: Encoding) => accepted.get(name) ?? accepted.get('*') ?? false
  return accepts('br') ? 'br' : accepts('gzip') ? 'gzip' : null
}
