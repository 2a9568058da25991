import t from 'tap'
import { addDays, type Day } from '../../src/ids.ts'
import { type LinePoint, lineChart } from '../../src/web/chart.ts'

const START = '2025-10-03' as Day

function weeks(counts: readonly (number | null)[], total: number | null = 58_000): LinePoint[] {
  return counts.map((count, i) => ({ day: addDays(START, i * 7), count, total }))
}

async function drawn(points: readonly LinePoint[], caption = 'Số người, theo tuần') {
  const figure = await lineChart({
    locale: 'vi',
    caption,
    countLabel: 'Sử dụng thường xuyên',
    totalLabel: 'Thuộc diện cấp',
    points,
  })
  const charts = figure.match(/<svg[\s\S]*?<\/svg>/g) ?? []
  const line = /<path d="([^"]*)" fill="none" class="c-value"/.exec(charts[0] ?? '')?.[1] ?? ''
  const bands = charts[0]?.match(/<polygon [^>]*class="c-missing"/g) ?? []
  return { figure, charts, line, bands }
}

t.test(
  'a chart carries its end labels, its denominator, its table, and nothing a strict policy forbids',
  async t => {
    const { figure, charts, line, bands } = await drawn(
      weeks(Array.from({ length: 60 }, (_, i) => 20_000 + i * 300)),
    )
    t.equal(charts.length, 2, 'one for wide pages, one for phones')
    for (const chart of charts) {
      t.match(chart, /class="c-value">Sử dụng thường xuyên<\/text>/)
      t.match(chart, /class="c-total">Thuộc diện cấp<\/text>/)
      t.match(chart, /class="c-total"[^>]*stroke-dasharray/)
      t.match(chart, />60\.000<\/text>/)
      t.match(chart, />0<\/text>/, 'from zero')
      t.match(
        chart,
        /role="img" aria-label="Số người, theo tuần; gần nhất 20\/11\/2026: Sử dụng thường xuyên 37\.700/,
      )
    }
    t.notMatch(figure, /<style| style=| on\w+=|#0001|class="[^"]*" class=|url\(/)
    t.equal(bands.length, 0)
    t.equal(line.match(/M/g)?.length, 1)
    t.match(
      figure,
      /<td>20\/11\/2026<\/td><td class="n">37\.700<\/td><td class="n">58\.000<\/td><td class="n">65%<\/td>/,
    )
    t.ok(figure.length < 30_000, `${figure.length} bytes`)
  },
)

t.test('where data is missing the line ends, a band says so, and the table has no zero', async t => {
  const { figure, line, bands } = await drawn(weeks([10, 20, null, null, 30, 40, null, 50, 60]))
  t.equal(line.match(/M/g)?.length, 3)
  t.equal(bands.length, 2)
  t.equal(
    figure.match(/class="c-text">chưa đủ số liệu</g)?.length,
    2,
    'once in each chart, at the widest gap',
  )
  t.equal(figure.match(/<td class="n">chưa đủ số liệu<\/td>/g)?.length, 3)
  t.notMatch(figure, /<td class="n">0<\/td>/)
})

t.test('what is missing at the ends is a gap too', async t => {
  const { bands, charts } = await drawn(weeks([null, 20, 30, null]))
  t.equal(bands.length, 2)
  t.match(charts[0], /class="c-value">Sử dụng thường xuyên/)
})

t.test('one point, and one between two gaps, is a dot', async t => {
  const one = await drawn(weeks([31]))
  t.match(one.charts[0], /class="c-point"/)
  t.match(one.figure, />03\/10<\/text>/)
  const between = await drawn(weeks([10, 20, null, 30, null, 40, 50]))
  t.equal(between.charts[0]?.match(/class="c-point"/g)?.length, 1)
})

t.test('no points, or nothing known, is a sentence and no chart', async t => {
  for (const points of [[], weeks([null, null], null)]) {
    const { figure, charts } = await drawn(points)
    t.equal(charts.length, 0)
    t.match(figure, /Chưa đủ số liệu để vẽ biểu đồ/)
  }
  const onlyTotal = await drawn(weeks([null, null, null]))
  t.equal(onlyTotal.bands.length, 1)
  t.match(onlyTotal.charts[0], /aria-label="Số người, theo tuần: chưa đủ số liệu"/)
})

t.test('counts of few people have whole steps, and words are text', async t => {
  const { charts } = await drawn(weeks([0, 1, 2], 3), '<b>"Xã" & $1</b>')
  t.notMatch(charts[0], /class="c-text">\d+,\d/)
  t.match(charts[0], /aria-label="&#60;b&#62;&#34;Xã&#34; &#38; \$1&#60;\/b&#62;;/)
  t.notMatch(charts[0], /<b>/)
})

t.test('drawing is quick once it is loaded', async t => {
  const points = weeks(Array.from({ length: 60 }, (_, i) => i * 100))
  const times: number[] = []
  for (let i = 0; i < 15; i++) {
    const start = process.cpuUsage()
    await drawn(points)
    times.push(process.cpuUsage(start).user / 1000)
  }
  // work done, not time gone by, and the least of it: other suites run beside this one
  const least = Math.min(...times)
  t.ok(least < 40, `${least.toFixed(1)} ms`)
})
