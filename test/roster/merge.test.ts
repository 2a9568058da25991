import t from 'tap'
import { merge, type SourceSays } from '../../src/roster/merge.ts'
import type { Said } from '../../src/roster/roster.ts'

const says = (source: string, said: Said, on = '2026-01-01'): SourceSays => ({
  source,
  key: `k-${source}`,
  on,
  said,
})
const directory = says('directory', { fullName: 'Lê Hoà', phone: '1', posts: [['H99.05', true]] })
const excel = says('excel', {
  fullName: 'LÊ HÒA',
  phone: '2',
  email: 'hoa@other.test',
  posts: [['H99.11', true]],
})
const order = ['directory', 'excel']

t.test('for each field the most trusted source that says anything', async t => {
  const merged = merge([excel, directory], { fields: { phone: ['excel'] }, order })
  t.match(merged, {
    said: { fullName: 'Lê Hoà', phone: '2', email: 'hoa@other.test', posts: [['H99.05', true]] },
    lead: { source: 'directory', key: 'k-directory' },
    overridden: false,
  })
})

t.test('the source trusted for the agency leads', async t => {
  const merged = merge([directory, excel], { fields: { agency: ['excel'] }, order })
  t.match(merged, { said: { posts: [['H99.11', true]], phone: '1' }, lead: { source: 'excel' } })
})

t.test('of sources that nobody ranked, the one that spoke last leads', async t => {
  const old = says('import H99.05', { fullName: 'Lê Hoà', posts: [['H99.05', false]] }, '2026-01-01')
  const fresh = says('import H99.11', { fullName: 'Lê Hoà', posts: [['H99.11', false]] }, '2026-02-01')
  for (const both of [
    [old, fresh],
    [fresh, old],
  ])
    t.equal(merge(both, { fields: {}, order })?.lead.source, 'import H99.11')
})

t.test('a decision holds while the leading source says what it said then, and no longer', async t => {
  const override = { saidPosts: '[["H99.05",true]]', posts: '[["H99.11",true]]' }
  const held = merge([directory], { fields: {}, order }, override)
  t.match(held, { said: { posts: [['H99.11', true]] }, overridden: true })
  const moved = says('directory', { ...directory.said, posts: [['H99.35', true]] })
  t.match(merge([moved], { fields: {}, order }, override), {
    said: { posts: [['H99.35', true]] },
    overridden: false,
  })
  t.match(merge([directory], { fields: {}, order }, { ...override, posts: '[]' })?.said.posts, [])
})

t.test('nobody without a post is anybody', async t => {
  t.equal(merge([says('excel', { fullName: 'Lê Hoà' })], { fields: {}, order }), null)
})

t.test('an override of one source says nothing of what another says alike', async t => {
  const override = { saidPosts: '[["H99.11",true]]', posts: '[]', source: 'excel' }
  t.match(merge([excel], { fields: {}, order }, override), { said: { posts: [] }, overridden: true })
  const back = says('directory', { fullName: 'Lê Hoà', posts: [['H99.11', true]] })
  t.match(merge([excel, back], { fields: {}, order }, override), {
    said: { posts: [['H99.11', true]] },
    overridden: false,
  })
})
