/**
 * The description of the API: `/api/v1/openapi.json` from the schemas of the routes, and `/api/docs`, the same to read.
 * The page is our own: Swagger UI needs styles and scripts in the page, which our policy forbids.
 */
import fastifySwagger from '@fastify/swagger'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { card, pageHead, table } from './components.ts'
import type { Locale } from './format.ts'
import { html } from './html.ts'
import { packageVersion } from './layout.ts'

export type ApiPages = {
  locale: (request: FastifyRequest) => Locale
  sendPage: (
    request: FastifyRequest,
    reply: FastifyReply,
    page: { title: string; body: string },
  ) => FastifyReply
}

const API = '/api/v1/'

/** Describes every route below `/api/v1/` that is registered after it in the same scope. */
export async function openApi(server: FastifyInstance, pages: ApiPages): Promise<void> {
  await server.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Hộp Thư',
        version: packageVersion(),
        description:
          'What the pages show, for programs. Signed in by the same session; limited to the scope of the operator.',
      },
    },
    hideUntagged: false,
    transform: ({ schema, url }) => ({
      url,
      schema: { ...schema, hide: schema?.hide === true || !url.startsWith(API) },
    }),
  })
  const signedIn = { access: 'signedIn' } as const
  server.get('/api/v1/openapi.json', { config: signedIn, schema: { hide: true } }, async () =>
    server.swagger(),
  )
  server.get('/api/docs', { config: signedIn, schema: { hide: true } }, async (request, reply) => {
    const locale = pages.locale(request)
    return pages.sendPage(request, reply, apiPage(locale, operationsOf(server.swagger())))
  })
}

const words = {
  vi: {
    title: 'Giao diện lập trình',
    about: 'Các địa chỉ dưới đây trả lời JSON, theo phạm vi của tài khoản đang đăng nhập.',
    description: 'Mô tả OpenAPI',
    name: 'Tham số',
    where: 'Vị trí',
    type: 'Kiểu',
    meaning: 'Ý nghĩa',
    required: 'bắt buộc',
    answer: 'Trả lời',
    none: 'Chưa có địa chỉ nào.',
  },
  en: {
    title: 'Programming interface',
    about: 'These addresses answer JSON, within the scope of the account that is signed in.',
    description: 'OpenAPI description',
    name: 'Parameter',
    where: 'In',
    type: 'Type',
    meaning: 'Meaning',
    required: 'required',
    answer: 'Answer',
    none: 'There are no addresses yet.',
  },
} as const

function apiPage(locale: Locale, operations: readonly Operation[]): { title: string; body: string } {
  const say = words[locale]
  const link = html`<a href="/api/v1/openapi.json">${say.description}</a>`
  const list =
    operations.length === 0
      ? html`<p>${say.none}</p>`
      : operations.map(each => operationCard(locale, each)).join('')
  return {
    title: say.title,
    body: html`!${pageHead({ title: say.title, stamp: link })}<p>${say.about}</p>!${list}`,
  }
}

function operationCard(locale: Locale, { method, path, summary, fields, answers }: Operation): string {
  const say = words[locale]
  const columns = [
    { title: say.name },
    { title: say.where, wide: true },
    { title: say.type },
    { title: say.meaning },
  ]
  const rows = fields.map(({ name, where, type, meaning, required }) => [
    html`<code>${name}</code>${required ? ` (${say.required})` : ''}`,
    html`${where}`,
    html`${type}`,
    html`${meaning}`,
  ])
  const known = rows.length === 0 ? '' : table(`${method} ${path}`, columns, rows)
  const about = summary === '' ? '' : html`<p>${summary}</p>`
  const answered = answers.map(each => html`<code>${each}</code> `)
  return card({
    title: `${method} ${path}`,
    body: html`!${about}!${known}<p class="stamp">${say.answer}: !${answered}</p>`,
  })
}

// reading the description -------------------------------------------------------------------------------------------

type Field = { name: string; where: string; type: string; meaning: string; required: boolean }
type Operation = { method: string; path: string; summary: string; fields: Field[]; answers: string[] }

const methods = ['get', 'post', 'put', 'patch', 'delete']

function operationsOf(document: unknown): Operation[] {
  return Object.entries(record(record(document).paths)).flatMap(([path, item]) =>
    Object.entries(record(item))
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => operationOf(method, path, record(operation))),
  )
}

function operationOf(method: string, path: string, operation: Json): Operation {
  const parameters = list(operation.parameters).map(each => fieldOf(record(each)))
  const body = Object.values(record(record(operation.requestBody).content)).flatMap(each =>
    bodyFields(record(record(each).schema)),
  )
  return {
    method: method.toUpperCase(),
    path,
    summary: text(operation.summary) || text(operation.description),
    fields: [...parameters, ...body],
    answers: Object.keys(record(operation.responses)),
  }
}

function fieldOf(parameter: Json): Field {
  const schema = record(parameter.schema)
  const meaning = text(parameter.description) || text(schema.description)
  return {
    name: text(parameter.name),
    where: text(parameter.in),
    type: typeOf(schema),
    meaning,
    required: parameter.required === true,
  }
}

function bodyFields(schema: Json): Field[] {
  const required = list(schema.required)
  return Object.entries(record(schema.properties)).map(([name, property]) => {
    const known = record(property)
    return {
      name,
      where: 'body',
      type: typeOf(known),
      meaning: text(known.description),
      required: required.includes(name),
    }
  })
}

function typeOf(schema: Json): string {
  const choices = list(schema.enum)
  if (choices.length > 0) return choices.map(String).join(' | ')
  if ('const' in schema) return String(schema.const)
  const any = list(schema.anyOf)
  return any.length > 0 ? any.map(each => typeOf(record(each))).join(' | ') : text(schema.type)
}

type Json = Readonly<Record<string, unknown>>

function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
