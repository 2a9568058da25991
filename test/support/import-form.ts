/** Bringing a file as a browser without scripts does, and workbooks of several sheets to bring. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { importPath } from '../../src/roster/import-page.ts'
import { uploadById } from '../../src/roster/import-store.ts'
import { createWeb } from '../../src/service.ts'
import { openProvince, type Province } from './province.ts'
import type { SignedIn } from './web.ts'
import { texts, writeWorkbook } from './xlsx.ts'

export async function workbookOf(sheets: Record<string, string[][]>): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'hopthu-workbook-'))
  try {
    const path = join(folder, 'book.xlsx')
    await writeWorkbook(path, {
      sheets: Object.entries(sheets).map(([name, rows]) => ({ name, rows: texts(...rows) })),
    })
    return readFileSync(path)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export type BroughtFile = { name: string; content: string | Buffer }
type Answer = { status: number; headers: Record<string, unknown>; body: string }

/** A form with a file, its parts in the order a browser sends them. */
export function multipart(
  fields: [name: string, value: string][],
  file: BroughtFile | null,
): { type: string; payload: Buffer } {
  const parts = fields.map(
    ([name, value]) => `--edge\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const head = `--edge\r\ncontent-disposition: form-data; name="file"; filename="${file?.name ?? ''}"\r\ncontent-type: application/octet-stream\r\n\r\n`
  return {
    type: 'multipart/form-data; boundary=edge',
    payload: Buffer.concat([
      Buffer.from(parts.join('') + head),
      Buffer.from(file?.content ?? ''),
      Buffer.from('\r\n--edge--\r\n'),
    ]),
  }
}

export type Wizard = Province & {
  bring(who: SignedIn, file: BroughtFile | null, fields?: Record<string, string>): Promise<Answer>
  /** Brings a file and answers its address. */
  brought(who: SignedIn, file: BroughtFile, fields?: Record<string, string>): Promise<string>
  /** Presses a button of a file's page and waits until nothing goes on. */
  press(who: SignedIn, url: string, fields: Record<string, string>): Promise<Answer>
  upload(url: string): Promise<NonNullable<Awaited<ReturnType<typeof uploadById>>>>
  send(
    url: string,
    who: SignedIn,
    parts: { type: string; payload: Buffer },
    headers?: Record<string, string>,
  ): Promise<Answer>
}

export async function openWizard(t: Test, config: Record<string, unknown> = {}): Promise<Wizard> {
  // a folder of its own: what is kept, and that nothing is, can be counted
  const before = process.env.TMPDIR
  const temporary = mkdtempSync(join(tmpdir(), 'hopthu-import-'))
  process.env.TMPDIR = temporary
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(temporary, { recursive: true, force: true })
  })
  const province = await openProvince(t, { config })
  const { web, database } = province
  const server = await createWeb(web.context, new Map())
  t.teardown(() => server.close())
  const send: Wizard['send'] = async (url, who, { type, payload }, headers = {}) => {
    const answer = await server.inject({
      url,
      method: 'POST',
      headers: { accept: 'text/html', cookie: who.cookie, 'content-type': type, ...headers },
      payload,
    })
    return { status: answer.statusCode, headers: answer.headers, body: answer.body }
  }
  const upload: Wizard['upload'] = async url => {
    const found = await uploadById(database.db, Number(url.split('/').at(-1)))
    if (found === null) throw new Error(`no upload ${url}`)
    return found
  }
  const settled = async (url: string) => {
    for (let i = 0; i < 6000; i++) {
      const { state } = await upload(url)
      if (!['looking', 'previewing', 'importing'].includes(state)) return
      await sleep(50)
    }
  }
  const bring: Wizard['bring'] = (who, file, fields = {}) => {
    const all = {
      csrf: who.csrf,
      whose: 'agency',
      agency: 'H99.05',
      extent: 'full',
      what: 'people',
      ...fields,
    }
    return send(importPath, who, multipart(Object.entries(all), file))
  }
  return {
    ...province,
    bring,
    send,
    upload,
    async brought(who, file, fields) {
      const answer = await bring(who, file, fields)
      const url = String(answer.headers.location ?? '')
      if (answer.status !== 303) throw new Error(`${answer.status}: ${answer.body.replace(/<[^>]+>/g, ' ')}`)
      await settled(url)
      return url
    },
    async press(who, url, fields) {
      const payload = Buffer.from(new URLSearchParams({ csrf: who.csrf, ...fields }).toString())
      const answer = await send(url, who, { type: 'application/x-www-form-urlencoded', payload })
      if (fields.step !== 'remove') await settled(url)
      return answer
    },
  }
}

export const words = (body: string) =>
  body
    .replace(/<[^>]+>/g, ' ')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/\s+/g, ' ')

/** The fields as the page proposes them. */
export function proposed(body: string): Record<string, string> {
  const selects = [...body.matchAll(/<select[^>]*name="(column-\d+)"[^>]*>(.*?)<\/select>/gs)]
  return Object.fromEntries(
    selects.map(([, name = '', options = '']) => [name, /value="([^"]*)" selected/.exec(options)?.[1] ?? '']),
  )
}
