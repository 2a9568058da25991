/** A large province: how long plan and apply take, and how much memory. Shown, not judged. */
import t from 'tap'
import { stores } from '../support/database.ts'
import { createMemoryPlatform } from '../support/memory-platform.ts'
import { type Staff, type World, worldOf } from './world.ts'

const PEOPLE = 20_000
const GIVEN = [
  'An',
  'Bình',
  'Châu',
  'Dũng',
  'Giang',
  'Hà',
  'Hương',
  'Khánh',
  'Lan',
  'Linh',
  'Minh',
  'Nga',
  'Phúc',
]
const MIDDLE = ['Văn', 'Thị', 'Hữu', 'Ngọc', 'Đức', 'Thanh', 'Quốc']
const FAMILY = ['Nguyễn', 'Trần', 'Lê', 'Phạm', 'Hoàng', 'Võ', 'Đặng', 'Bùi']

/** Few names for many people: some 27 of each, and a third called Nguyễn Văn An. */
function province(): Staff[] {
  const agencies = ['NV', 'YT', 'YT1', 'YT11', 'XA']
  return Array.from({ length: PEOPLE }, (_, at) => {
    const word = (list: string[], step: number) => list[Math.floor(at / step) % list.length] ?? ''
    const name = at % 3 === 0 ? 'Nguyễn Văn An' : `${word(FAMILY, 1)} ${word(MIDDLE, 8)} ${word(GIVEN, 56)}`
    return { key: String(at).padStart(6, '0'), name, agency: agencies[at % agencies.length] ?? '' }
  })
}

// PostgreSQL first: the embedded engine keeps the memory it once took
for (const store of stores().toReversed()) {
  t.test(`${PEOPLE} people on ${store.name}`, { skip: store.skip }, async t => {
    const database = await store.open()
    t.teardown(() => database.close())
    const platform = createMemoryPlatform({ domains: ['tinh.test'] })
    const world: World = worldOf(database, platform.connector)
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const start = performance.now()
      const result = await work()
      const seconds = ((performance.now() - start) / 1_000).toFixed(1)
      t.comment(`${what}: ${seconds} s, ${Math.round(process.memoryUsage.rss() / 1024 ** 2)} MB in all`)
      return result
    }
    const people = province()
    await timed('roster', () => world.roster(people))
    t.match(await timed('plan', () => world.plan()), { changes: { create: PEOPLE }, refused: [] })
    t.match(await timed('the same plan', () => world.plan()), { changes: { create: PEOPLE } })
    t.match(await timed('apply', () => world.apply()), { done: PEOPLE, failed: 0 })
    t.match(await timed('the same apply', () => world.apply()), { done: 0, already: PEOPLE })
    t.match(await timed('a plan for nothing', () => world.plan()), { plan: null })
    t.equal(platform.mailboxes.size, PEOPLE)
  })
}
