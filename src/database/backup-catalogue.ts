/** What a database holds, by its own catalogue: tables, what they refer to, what counts their ids. */
import { sql } from 'kysely'
import type { Trx } from './database.ts'

export type CatalogueTable = {
  name: string
  columns: { name: string; type: string }[]
  /** Of the primary key, in its order; `text` where the order depends on a collation. Empty where there is none. */
  key: { name: string; text: boolean }[]
}
export type Reference = { name: string; table: string; target: string; deferrable: boolean }
export type CountedColumn = { table: string; column: string; sequence: string }

/** The record of migrations: told in the head of a backup, made by migrating where it is restored. */
export const LEDGER = 'schema_migration'

/**
 * What a backup leaves out: the ledger, and what lets somebody in. A session that was ended and a link that was used
 * after the backup must not open anything again; people sign in anew. And uploads: the files they tell of are not in it.
 */
const LEFT_OUT = [LEDGER, 'session', 'sign_in_link', 'sign_in_failure', 'operator_device', 'roster_upload']

/** Every table of ours that is kept, in an order in which rows may be inserted, but for the references of `lateReferences`. */
export async function loadTables(trx: Trx): Promise<CatalogueTable[]> {
  const { rows } = await sql<CatalogueTable>`
    select c.relname as name,
      (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod)) order by a.attnum)
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      coalesce((select json_agg(json_build_object('name', a.attname, 'text', a.attcollation <> 0)
          order by array_position(i.indkey::int2[], a.attnum))
        from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey::int2[])
        where i.indrelid = c.oid and i.indisprimary), '[]') as key
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname <> all(${LEFT_OUT}::text[])
    order by c.relname collate "C"`.execute(trx)
  return inOrder(rows, await loadReferences(trx))
}

export async function loadReferences(trx: Trx): Promise<Reference[]> {
  const { rows } = await sql<Reference>`
    select f.conname as name, c.relname as "table", t.relname as target, f.condeferrable as deferrable
    from pg_constraint f join pg_class c on c.oid = f.conrelid join pg_class t on t.oid = f.confrelid
    where f.contype = 'f' and c.relnamespace = 'public'::regnamespace and f.conparentid = 0
    order by c.relname collate "C", f.conname collate "C"`.execute(trx)
  return rows
}

/** Columns whose values a sequence counts: identity, and serial of old. */
export async function loadCounted(trx: Trx): Promise<CountedColumn[]> {
  const { rows } = await sql<CountedColumn>`
    select t.relname as "table", a.attname as column, s.relname as sequence
    from pg_depend d
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    join pg_class t on t.oid = d.refobjid
    join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype in ('i', 'a')
      and t.relnamespace = 'public'::regnamespace and s.relnamespace = 'public'::regnamespace
    order by t.relname collate "C", a.attnum`.execute(trx)
  return rows
}

/** What is referred to first. A circle is entered at its first name; its open reference is one of `lateReferences`. */
function inOrder(tables: readonly CatalogueTable[], references: readonly Reference[]): CatalogueTable[] {
  const waiting = new Map(tables.map(table => [table.name, table]))
  const ordered: CatalogueTable[] = []
  const ready = ({ name }: CatalogueTable) =>
    references.every(each => each.table !== name || each.target === name || !waiting.has(each.target))
  while (waiting.size > 0) {
    const left = [...waiting.values()]
    const next = left.find(ready) ?? left[0]
    if (!next) break
    waiting.delete(next.name)
    ordered.push(next)
  }
  return ordered
}

/** References to a row that may come after the one that refers to it: within a table, or in a circle of them. */
export function lateReferences(order: readonly string[], references: readonly Reference[]): Reference[] {
  const kept = references.filter(({ table }) => order.includes(table))
  return kept.filter(({ table, target }) => order.indexOf(target) >= order.indexOf(table))
}

/** A name as it stands in SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
