import t from 'tap'
import { parseSector, sectorName, sectorsInTree } from '../../src/roster/sector.ts'

const sectors = [
  { code: 'administration', name: 'Hành chính' },
  { code: 'education', name: 'Giáo dục' },
  { code: 'party', name: 'Đảng, đoàn thể' },
]

t.test('a sector is meant by its code or its name, however it is written', async t => {
  const cases: [text: string, code: string | null][] = [
    ['education', 'education'],
    ['EDUCATION', 'education'],
    ['Giáo dục', 'education'],
    ['giao  duc', 'education'],
    ['Giáo dục'.normalize('NFD'), 'education'],
    ['Khối giáo dục', 'education'],
    ['Đảng - đoàn thể', 'party'],
    ['ĐẢNG, ĐOÀN THỂ', 'party'],
    ['hanh chinh', 'administration'],
    ['giáo', null],
    ['', null],
    [' - ', null],
    ['Quân đội', null],
  ]
  for (const [text, code] of cases) t.equal(parseSector(text, sectors), code, text)
  t.equal(
    parseSector('a', [
      { code: 'A', name: 'Một' },
      { code: 'a', name: 'Hai' },
    ]),
    'a',
    'exactly, if there is one',
  )
})

t.test('a code that is not configured any more is its own name', async t => {
  t.equal(sectorName('education', sectors), 'Giáo dục')
  t.equal(sectorName('old', sectors), 'old')
})

t.test('an agency without a sector is counted in that of the nearest above that has one', async t => {
  const tree = [
    { id: 1, depth: 0, sector: null },
    { id: 2, depth: 1, sector: 'administration' },
    { id: 3, depth: 2, sector: null },
    { id: 4, depth: 3, sector: 'education' },
    { id: 5, depth: 4, sector: null },
    { id: 6, depth: 2, sector: null },
    { id: 7, depth: 1, sector: null },
    { id: 8, depth: 2, sector: null },
    { id: 9, depth: 0, sector: 'party' },
  ]
  t.same(
    [...sectorsInTree(tree)].map(
      ([id, { code, inherited }]) => `${id} ${code}${inherited ? ' inherited' : ''}`,
    ),
    [
      '2 administration',
      '3 administration inherited',
      '4 education',
      '5 education inherited',
      '6 administration inherited',
      '9 party',
    ],
  )
})
