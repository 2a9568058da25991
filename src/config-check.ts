/** What is wrong with a configuration, in words for the person who wrote it. Pure. */
import { isIP } from 'node:net'
import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { type Config, ConfigSchema, type SourceConfig, trustedFields } from './config-schema.ts'

/** The path of a key, such as `roster.sources.0.url`, and what was expected there. */
export type Problem = { key: string; expected: string }
type Loose = { [key: string]: unknown }

/** The first thing wrong with a configuration whose defaults are filled in, or null. Never quotes a secret. */
export function configProblem(filled: unknown): Problem | null {
  return firstProblem(ConfigSchema, filled, '') ?? crossProblem(filled as Config)
}

function firstProblem(schema: TSchema, value: unknown, at: string): Problem | null {
  const [error] = Value.Errors(schema, value).filter(each => each.keyword !== 'boolean')
  if (!error) return null
  const union = unionAt(schema, error.schemaPath)
  if (union) return unionProblem(union, value, at, error.instancePath)
  return { key: keyPath(at, error.instancePath, error.params), expected: expectation(schema, error) }
}

/** The outermost union on the way to the error. */
function unionAt(schema: TSchema, schemaPath: string): Loose | null {
  let node: unknown = schema
  for (const part of schemaPath.split('/').slice(1)) {
    if (!isLoose(node)) return null
    if ('anyOf' in node) return node
    node = node[part]
  }
  return isLoose(node) && 'anyOf' in node ? node : null
}

function unionProblem(union: Loose, value: unknown, at: string, pointer: string): Problem {
  const parts = pointer.split('/').slice(1)
  const variants = union.anyOf as (TSchema & Loose)[]
  if (union.secret === true) {
    const key = keyPath(at, pointer, {}).replace(/\.(env|file)$/, '')
    return {
      key,
      expected: 'a secret by reference is expected, {"env": NAME} or {"file": PATH}, never the secret itself',
    }
  }
  if (union.field === true) return fieldProblem(parts, at)
  // a list of sources: the variant is chosen by `kind`, so that the message speaks of the kind that was meant
  const index = parts.findIndex(part => /^\d+$/.test(part))
  const prefix = parts.slice(0, index + 1)
  const element = prefix.reduce<unknown>((node, part) => (isLoose(node) ? node[part] : undefined), value)
  const key = [at, ...prefix].filter(Boolean).join('.')
  const kinds = variants.map(kindsOf)
  const kind = isLoose(element) ? element.kind : undefined
  const chosen = variants.find((_, i) => kinds[i]?.includes(kind))
  if (!chosen) return { key: `${key}.kind`, expected: `one of ${kinds.flat().join(', ')} is expected` }
  return (
    firstProblem(chosen, Value.Default(chosen, structuredClone(element)), key) ?? {
      key,
      expected: 'is not valid',
    }
  )
}

/** The mapping of a field: which of its forms was meant nobody can tell, so that all are told. */
function fieldProblem(parts: readonly string[], at: string): Problem {
  const inside = parts.indexOf('attributes')
  const path = inside < 0 ? parts : parts.slice(0, inside + 2)
  return {
    key: [at, ...path].filter(Boolean).join('.'),
    expected:
      'a name of an attribute is expected, {"constant": …}, or {"attribute": …} with "pattern", "template", "values" and "otherwise"; of `disabled` {"attribute": …, "bit": …}',
  }
}

function kindsOf(variant: Loose): unknown[] {
  const kind = isLoose(variant.properties) ? variant.properties.kind : undefined
  if (!isLoose(kind)) return []
  return Array.isArray(kind.enum) ? kind.enum : [kind.const]
}

function isLoose(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null
}

function keyPath(at: string, pointer: string, params: unknown): string {
  const parts = pointer.split('/').slice(1)
  const loose = isLoose(params) ? params : {}
  const more = loose.additionalProperties ?? loose.requiredProperties
  if (Array.isArray(more)) parts.push(String(more[0]))
  return [at, ...parts].filter(Boolean).join('.') || 'configuration'
}

type SchemaError = { keyword: string; schemaPath: string; params: unknown; message: string }

function expectation(schema: TSchema, error: SchemaError): string {
  const params = isLoose(error.params) ? error.params : {}
  const node = schemaAt(schema, error.schemaPath)
  const about = typeof node?.description === 'string' ? ` (${node.description})` : ''
  switch (error.keyword) {
    case 'additionalProperties':
      return `unknown key; known here: ${Object.keys(isLoose(node?.properties) ? node.properties : {}).join(', ')}`
    case 'required':
      return 'is missing and has no default'
    case 'type':
      return `${String(params.type)} is expected${about}`
    case 'enum':
      return `one of ${(params.allowedValues as unknown[] | undefined)?.join(', ') ?? ''} is expected${about}`
    case 'const':
      return `${JSON.stringify(params.allowedValue)} is expected${about}`
    default:
      return `${error.message}${about}`
  }
}

function schemaAt(schema: TSchema, schemaPath: string): Loose | undefined {
  let node: unknown = schema
  for (const part of schemaPath.split('/').slice(1)) node = isLoose(node) ? node[part] : undefined
  return isLoose(node) ? node : undefined
}

/** What the schema alone cannot say. */
function crossProblem(config: Config): Problem | null {
  const urls: [string, string][] = [
    ['database.url', config.database.url],
    ...config.roster.sources.flatMap((each, i): [string, string][] =>
      each.kind === 'ldap' ? [[`roster.sources.${i}.url`, each.url]] : [],
    ),
    ...config.mailbox.platforms.flatMap((each, i): [string, string][] =>
      each.kind === 'postfixadmin' ? [[`mailbox.platforms.${i}.url`, each.url]] : [],
    ),
  ]
  for (const [key, url] of urls) {
    const problem = urlProblem(key, url)
    if (problem) return { key, expected: problem }
  }
  return (
    proxyProblem(config) ??
    fileProblem(config) ??
    mappingProblem(config) ??
    trustProblem(config) ??
    zoneProblem(config) ??
    nameProblem(config) ??
    eligibilityProblem(config) ??
    sectorProblem(config) ??
    rangeProblem(config) ??
    targetProblem(config)
  )
}

function urlProblem(key: string, url: string): string | null {
  if (key === 'database.url' && url.startsWith('pglite:'))
    return url === 'pglite:' ? 'a folder is expected after pglite:' : null
  if (key === 'database.url' && !/^postgres(ql)?:/.test(url))
    return 'postgres://… or pglite:FOLDER is expected'
  if (!URL.canParse(url)) return 'an address such as postgres://user@host:port/name is expected'
  const { password, searchParams } = new URL(url)
  if (password === '' && !searchParams.has('password')) return null
  return 'a password does not belong in an address; put it under the key beside it, by reference'
}

function proxyProblem({ http }: Config): Problem | null {
  const index = http.trustedProxies.findIndex(proxy => {
    const [address = '', bits = '0'] = proxy.split('/')
    const version = isIP(address)
    return version === 0 || Number(bits) > (version === 4 ? 32 : 128)
  })
  return index < 0
    ? null
    : {
        key: `http.trustedProxies.${index}`,
        expected: 'an address such as 127.0.0.1 or a network such as 10.0.0.0/8 is expected',
      }
}

/** A file source is one file or a folder of dated ones. */
function fileProblem(config: Config): Problem | null {
  const index = config.roster.sources.findIndex(
    each => each.kind !== 'ldap' && (each.path === undefined) === (each.folder === undefined),
  )
  return index < 0
    ? null
    : { key: `roster.sources.${index}.path`, expected: 'either `path` or `folder` is expected' }
}

type Pattern = { key: string; text: string }

/** Patterns that cannot be read, and personal numbers without the key of their hash. */
function mappingProblem({ roster }: Config): Problem | null {
  for (const [index, source] of roster.sources.entries()) {
    const at = `roster.sources.${index}`
    for (const { key, text } of patternsOf(source, at)) {
      const problem = patternProblem(text)
      if (problem !== null) return { key, expected: `a regular expression is expected: ${problem}` }
    }
    if (source.people.attributes.personalNumber !== undefined && roster.personalNumberKey === undefined)
      return {
        key: 'roster.personalNumberKey',
        expected: `is missing: ${at}.people.attributes.personalNumber needs it, of a personal number only a keyed hash is kept`,
      }
  }
  return null
}

function patternsOf({ people, agencies }: SourceConfig, at: string): Pattern[] {
  const fields = [
    ...Object.entries(people.attributes).map(
      ([name, field]) => [`people.attributes.${name}`, field] as const,
    ),
    ...Object.entries(agencies?.attributes ?? {}).map(
      ([name, field]) => [`agencies.attributes.${name}`, field] as const,
    ),
  ]
  return fields.flatMap(([name, field]): Pattern[] =>
    typeof field === 'object' && 'pattern' in field && field.pattern !== undefined
      ? [{ key: `${at}.${name}.pattern`, text: field.pattern }]
      : [],
  )
}

function patternProblem(pattern: string): string | null {
  try {
    new RegExp(pattern, 'iu')
    return null
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

function trustProblem({ roster }: Config): Problem | null {
  const names = roster.sources.map(({ name }) => name)
  const trusted: readonly string[] = trustedFields
  for (const [field, order] of Object.entries(roster.trust)) {
    if (!trusted.includes(field))
      return { key: `roster.trust.${field}`, expected: `one of ${trusted.join(', ')} is expected` }
    const unknown = order.find(name => !names.includes(name))
    if (unknown !== undefined)
      return {
        key: `roster.trust.${field}`,
        expected: `the name of a source is expected, ${unknown} is none`,
      }
  }
  return null
}

function zoneProblem(config: Config): Problem | null {
  const zones: [string, string][] = [['timeZone', config.timeZone]]
  config.activity.sources.forEach((each, i) => {
    if (each.kind === 'log' && each.timeZone) zones.push([`activity.sources.${i}.timeZone`, each.timeZone])
  })
  for (const [key, zone] of zones) {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone })
    } catch {
      return { key, expected: 'an IANA time zone such as Asia/Ho_Chi_Minh is expected' }
    }
  }
  return null
}

function nameProblem(config: Config): Problem | null {
  const lists: [string, { name: string }[]][] = [
    ['roster.sources', config.roster.sources],
    ['mailbox.platforms', config.mailbox.platforms],
    ['activity.sources', config.activity.sources],
  ]
  for (const [key, list] of lists) {
    const seen = new Set<string>()
    for (const [index, { name }] of list.entries()) {
      if (key === 'roster.sources' && /^import( |$)/.test(name))
        return {
          key: `${key}.${index}.name`,
          expected: 'another name is expected, files brought by hand are called so',
        }
      if (seen.has(name))
        return { key: `${key}.${index}.name`, expected: `another name is expected, ${name} is taken` }
      seen.add(name)
    }
  }
  return null
}

/** A rule without a condition would decide for everybody, and is rather one that was not finished. */
function eligibilityProblem({ mailbox }: Config): Problem | null {
  const index = mailbox.eligibility.findIndex(
    ({ staffClasses, titles, sectors, agencies }) => !(staffClasses ?? titles ?? sectors ?? agencies),
  )
  return index < 0
    ? null
    : {
        key: `mailbox.eligibility.${index}`,
        expected: 'at least one of staffClasses, titles, sectors, agencies is expected',
      }
}

/** Sectors are named by the codes of `roster.sectors`; a rule for another would never fit, and nobody would know. */
function sectorProblem({ roster, mailbox, adoption }: Config): Problem | null {
  const known = roster.sectors.map(each => each.code)
  const named: [string, string][] = [
    ...mailbox.eligibility.flatMap(({ sectors = [] }, i) =>
      sectors.map((code, j): [string, string] => [`mailbox.eligibility.${i}.sectors.${j}`, code]),
    ),
    ...mailbox.naming.flatMap(({ sector }, i): [string, string][] =>
      sector === undefined ? [] : [[`mailbox.naming.${i}.sector`, sector]],
    ),
    ...Object.keys(adoption.sectorCalendars).map((code): [string, string] => [
      `adoption.sectorCalendars.${code}`,
      code,
    ]),
  ]
  const wrong = named.find(([, code]) => !known.includes(code))
  return wrong
    ? { key: wrong[0], expected: `a sector of roster.sectors is expected: ${known.join(', ')}` }
    : null
}

function rangeProblem({ adoption }: Config): Problem | null {
  for (const [code, { ranges = [] }] of Object.entries(adoption.sectorCalendars)) {
    const index = ranges.findIndex(({ from, to }) => to < from)
    if (index >= 0)
      return {
        key: `adoption.sectorCalendars.${code}.ranges.${index}.to`,
        expected: 'a day not before `from` is expected',
      }
  }
  return null
}

function targetProblem(config: Config): Problem | null {
  const index = config.adoption.targets.findIndex(each => each.due < each.from)
  return index < 0
    ? null
    : { key: `adoption.targets.${index}.due`, expected: 'a day not before `from` is expected' }
}
