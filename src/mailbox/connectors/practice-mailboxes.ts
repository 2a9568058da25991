/**
 * The mailboxes of a practice platform: a SQLite file in its own folder.
 *
 * Several processes may open it: a write takes the file for itself and is whole or not there, whatever ends the process.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Address, parseAddress } from '../../ids.ts'

export type StoredMailbox = {
  address: Address
  name: string
  quotaBytes: number
  /** A hash, or null as long as nobody has set one. */
  password: string | null
  /** Who set it: a person by a link, or the practice platform's own play. */
  setBy: 'hand' | 'play' | null
  suspended: boolean
  token: string
  /** `YYYY-MM-DD`. */
  created: string
}

export type StoredAlias = { address: Address; targets: string[] }

const FILE = 'mailboxes.sqlite'
/** How long a write of another process is waited for, in ms. */
const BUSY_MS = 10_000

const SCHEMA = `
  create table if not exists mailbox (
    address text primary key, name text not null, quota_bytes integer not null, password text, set_by text,
    suspended integer not null default 0, token text not null, created text not null
  ) strict;
  create table if not exists alias (address text primary key, targets text not null) strict;`

type Row = Record<string, unknown>

export class PracticeMailboxes {
  readonly #file: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  /** Opens the folder's file and makes both where they are not there. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#file = new DatabaseSync(join(folder, FILE), { timeout: BUSY_MS })
    this.#file.exec(`pragma journal_mode = wal; pragma synchronous = normal; ${SCHEMA}`)
  }

  /** Runs work as one write: all of it or, where it throws, nothing. */
  write<T>(work: () => T): T {
    this.#file.exec('begin immediate')
    try {
      const result = work()
      this.#file.exec('commit')
      return result
    } catch (thrown) {
      this.#file.exec('rollback')
      throw thrown
    }
  }

  count(): number {
    return Number(this.#statement('select count(*) as count from mailbox').get()?.count ?? 0)
  }

  mailbox(address: string): StoredMailbox | null {
    const row = this.#statement('select * from mailbox where address = ?').get(address)
    return row ? toMailbox(row) : null
  }

  alias(address: string): StoredAlias | null {
    const row = this.#statement('select * from alias where address = ?').get(address)
    return row ? toAlias(row) : null
  }

  mailboxesAfter(address: string, count: number): StoredMailbox[] {
    const select = 'select * from mailbox where address > ? order by address limit ?'
    return this.#statement(select).all(address, count).flatMap(toMailbox)
  }

  aliasesAfter(address: string, count: number): StoredAlias[] {
    const select = 'select * from alias where address > ? order by address limit ?'
    return this.#statement(select).all(address, count).flatMap(toAlias)
  }

  add(mailbox: { address: Address; name: string; quotaBytes: number; token: string; created: string }): void {
    const insert = 'insert into mailbox (address, name, quota_bytes, token, created) values (?, ?, ?, ?, ?)'
    const { address, name, quotaBytes, token, created } = mailbox
    this.#statement(insert).run(address, name, quotaBytes, token, created)
  }

  addAlias(address: Address, targets: readonly Address[]): void {
    this.#statement('insert into alias (address, targets) values (?, ?)').run(
      address,
      JSON.stringify(targets),
    )
  }

  update(address: Address, name: string, quotaBytes: number): void {
    this.#statement('update mailbox set name = ?, quota_bytes = ? where address = ?').run(
      name,
      quotaBytes,
      address,
    )
  }

  setSuspended(address: Address, suspended: boolean): void {
    this.#statement('update mailbox set suspended = ? where address = ?').run(suspended ? 1 : 0, address)
  }

  setPassword(address: Address, password: string, setBy: 'hand' | 'play'): void {
    this.#statement('update mailbox set password = ?, set_by = ? where address = ?').run(
      password,
      setBy,
      address,
    )
  }

  close(): void {
    this.#statements.clear()
    this.#file.close()
  }

  #statement(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known) return known
    const made = this.#file.prepare(text)
    this.#statements.set(text, made)
    return made
  }
}

function toMailbox(row: Row): StoredMailbox {
  const setBy = row.set_by === 'hand' || row.set_by === 'play' ? row.set_by : null
  return {
    address: storedAddress(row.address),
    name: String(row.name),
    quotaBytes: Number(row.quota_bytes),
    password: row.password === null ? null : String(row.password),
    setBy,
    suspended: row.suspended === 1,
    token: String(row.token),
    created: String(row.created),
  }
}

function toAlias(row: Row): StoredAlias {
  const targets: unknown = JSON.parse(String(row.targets))
  return { address: storedAddress(row.address), targets: Array.isArray(targets) ? targets.map(String) : [] }
}

/** Only addresses are ever stored. */
function storedAddress(value: unknown): Address {
  const address = parseAddress(String(value))
  if (address === null) throw new Error(`${String(value)} is no address`)
  return address
}
