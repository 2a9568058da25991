import fc from 'fast-check'
import t from 'tap'
import { LdapEntry, type Reader } from '../../../src/roster/sources/ldap-entry.ts'
import { entryMessage, type OddEntry } from '../../support/odd-directory.ts'

const plain: Reader = { binary: new Set(), highest: null }

/** The part of a message that is the entry: without the frame and the message id. */
function bytesOf(entry: OddEntry): Buffer {
  const message = entryMessage(1, entry)
  const id = message.indexOf(Buffer.from([0x02, 0x01, 0x01]))
  const length = message[id + 4] ?? 0
  return message.subarray(id + 5 + (length < 0x80 ? 0 : length - 0x80))
}

function read(bytes: Buffer, reader = plain): LdapEntry {
  return new LdapEntry({ bytes, start: 0, end: bytes.length }, reader)
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9-]{0,12}(;lang-[a-z]{2})?$/), {
  selector: name => name.toLowerCase(),
  maxLength: 6,
})
const entries: fc.Arbitrary<OddEntry> = fc
  .tuple(
    fc.string({ unit: 'grapheme' }),
    names,
    fc.infiniteStream(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }))),
  )
  .map(([dn, all, values]) => ({
    dn,
    attributes: Object.fromEntries(all.map(name => [name, values.next().value ?? []])),
  }))

t.test('whatever is sent is what is read', async t => {
  fc.assert(
    fc.property(entries, entry => {
      const found = read(bytesOf(entry))
      const wanted = Object.entries(entry.attributes).map(([name, values]) => [name.toLowerCase(), values])
      t.equal(found.dn, entry.dn)
      t.same([...found.attributes], wanted)
      t.equal(found.digest, read(Buffer.concat([bytesOf(entry)])).digest)
    }),
  )
})

t.test('an entry that was cut off, or has something behind it, is found before anybody reads it', async t => {
  fc.assert(
    fc.property(entries, fc.nat(), (entry, at) => {
      const bytes = bytesOf(entry)
      t.throws(() => read(bytes.subarray(0, at % bytes.length)), RangeError)
      t.throws(() => read(Buffer.concat([bytes, Buffer.from([0x30, 0x00])])), RangeError)
    }),
  )
})

t.test('an entry with a byte gone wrong is refused or read, never read with a failure', async t => {
  fc.assert(
    fc.property(entries, fc.nat(), fc.integer({ min: 1, max: 255 }), (entry, at, by) => {
      const bytes = Buffer.from(bytesOf(entry))
      const index = at % bytes.length
      bytes[index] = ((bytes[index] ?? 0) + by) % 256
      let found: LdapEntry | null = null
      try {
        found = read(bytes)
      } catch (error) {
        t.ok(error instanceof RangeError)
      }
      if (found !== null) {
        const { dn, attributes, digest, depth } = found
        t.ok(dn !== null && attributes.size >= 0 && digest >= 0n && depth >= 0)
      }
    }),
  )
})

t.test('the latest of a watched attribute is remembered, however it is written', async t => {
  const reader: Reader = { binary: new Set(), highest: { name: 'modifytimestamp', value: '' } }
  for (const [name, time] of [
    ['modifyTimestamp', '20261124000000Z'],
    ['MODIFYTIMESTAMP', '20261125000000Z'],
    ['createTimestamp', '20261126000000Z'],
    ['modifytimestamp', '20261123000000Z'],
  ] as const) {
    read(bytesOf({ dn: 'cn=a', attributes: { cn: ['z'], [name]: [time] } }), reader)
  }
  t.equal(reader.highest?.value, '20261125000000Z')
})

t.test('the depth of an entry is that of its DN', async t => {
  for (const [dn, depth] of [
    ['', 0],
    ['dc=x', 1],
    ['cn=a\\,b,dc=x', 2],
    ['cn=a\\\\,dc=x', 2],
    ['cn=Sở\\2C,ou=y,dc=x', 3],
  ] as const)
    t.equal(read(bytesOf({ dn, attributes: {} })).depth, depth)
})
