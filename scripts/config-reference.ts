/** Writes `config/reference.md` from the schema; with `--check` only says whether it is up to date. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TSchema } from 'typebox'
import { ConfigSchema } from '../src/config.ts'

const path = join(import.meta.dirname, '../config/reference.md')

const head = `# Configuration reference

Generated from the schema by \`npm run config-reference\`; a test fails where it does not match.

One JSON file. A key without a default that is not optional must be there; an unknown key is refused.
A secret is \`{"env": NAME}\`, an environment variable, or \`{"file": PATH}\`, a file; never a plain string.
Beside this file, \`demo.json\` is the configuration of \`npm start\`, \`lab.json\` that of \`npm run lab\`,
and \`example.json\` that of a province.
`

if (import.meta.main) main(process.argv.includes('--check'))

function main(check: boolean): void {
  if (!check) {
    writeFileSync(path, configReference())
    console.log('written: config/reference.md')
  } else if (readFileSync(path, 'utf8') !== configReference()) {
    console.error('config/reference.md does not match the schema; run: npm run config-reference')
    process.exitCode = 1
  }
}

/** The reference as Markdown: one table per object of the configuration, in the order of the schema. */
export function configReference(): string {
  const sections: string[] = []
  describe(asNode(ConfigSchema), 'configuration', sections)
  return `${head}\n${sections.join('\n')}`
}

/** What we read of a schema node. */
type Node = {
  type?: string
  description?: string
  default?: unknown
  properties?: Record<string, Node>
  required?: string[]
  items?: Node
  anyOf?: Node[]
  enum?: unknown[]
  const?: unknown
  secret?: boolean
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  format?: string
}

function asNode(schema: TSchema): Node {
  return schema
}

/** Adds the section of an object, then those of the objects in it. */
function describe(node: Node, name: string, sections: string[]): void {
  const rows = Object.entries(node.properties ?? {}).map(([key, value]) =>
    row(key, value, node.required ?? []),
  )
  const about = node.description ? `\n${node.description}\n` : ''
  const table = ['| key | what | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
  sections.push(`## ${name}\n${about}\n${table}\n`)
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    const at = name === 'configuration' ? key : `${name}${name.includes(' ') ? ', ' : '.'}${key}`
    for (const [inner, where] of objectsIn(value, at)) describe(inner, where, sections)
  }
}

/** The objects that a value may be or hold, each with its heading. */
function objectsIn(node: Node, at: string): [Node, string][] {
  if (node.secret) return []
  if (node.properties) return [[node, at]]
  const items = node.items
  if (!items) return []
  if (!items.anyOf) return objectsIn(items, `${at}[]`)
  return items.anyOf.map(variant => [variant, `${at}[] of kind ${String(variant.properties?.kind?.const)}`])
}

function row(key: string, node: Node, required: string[]): string {
  const cells = [`\`${key}\``, typeOf(node), defaultOf(key, node, required), meaningOf(node)]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function meaningOf(node: Node): string {
  return node.description ?? node.items?.description ?? ''
}

function typeOf(node: Node): string {
  if (node.secret) return 'secret'
  if (node.const !== undefined) return code(node.const)
  if (node.enum) return node.enum.map(code).join(', ')
  if (node.items)
    return `list of ${node.items.anyOf ? 'objects' : plural(node.items)}${bounds(node.minItems, node.maxItems)}`
  return `${node.format === 'date' ? 'day' : (node.type ?? '')}${bounds(node.minimum, node.maximum)}`
}

function plural(node: Node): string {
  return node.enum ? node.enum.map(code).join(', ') : `${typeOf(node)}s`
}

function bounds(least: number | undefined, most: number | undefined): string {
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return `, ${least} or more`
  return `, ${least ?? 0}–${most}`
}

function defaultOf(key: string, node: Node, required: string[]): string {
  if (node.properties && node.default !== undefined) return 'see below'
  if (node.default !== undefined) return code(node.default)
  return required.includes(key) ? '**required**' : 'optional'
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}
