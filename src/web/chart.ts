/**
 * A line over days as SVG from the server, drawn by ECharts, with a table of the same numbers behind it.
 *
 * ECharts paints with style attributes and a style element, which our policy forbids: they become attributes and
 * classes, so that colours follow the theme. It is loaded by the first chart only, and each instance is disposed of:
 * one left open keeps the process alive.
 */
import type { Day } from '../ids.ts'
import { day as dayText, type Locale, number, part } from './format.ts'
import { html } from './html.ts'

/** null: not known, which is never shown as 0. */
export type LinePoint = { day: Day; count: number | null; total: number | null }

export type LineChart = {
  locale: Locale
  /** What is counted, over what: stands above the chart. */
  caption: string
  countLabel: string
  /** The denominator, a second and dashed line. */
  totalLabel: string
  /** In the order of days, in equal steps: a day without data is a point without a count. */
  points: readonly LinePoint[]
}

const words = {
  vi: {
    missing: 'chưa đủ số liệu',
    none: 'Chưa đủ số liệu để vẽ biểu đồ.',
    table: 'Bảng số liệu',
    day: 'Ngày',
    share: 'Tỷ lệ',
    last: 'gần nhất',
  },
  en: {
    missing: 'not enough data',
    none: 'Not enough data for a chart yet.',
    table: 'Table of the figures',
    day: 'Day',
    share: 'Share',
    last: 'latest',
  },
} as const

/** A figure: the chart at two widths, of which CSS shows one, and the table. */
export async function lineChart(chart: LineChart): Promise<string> {
  const { locale, caption, points } = chart
  const say = words[locale]
  if (points.every(point => point.count === null && point.total === null))
    return html`<figure class="chart"><figcaption class="stamp">${caption}</figcaption><p>${say.none}</p></figure>`
  const wide = await draw(chart, { width: 760, height: 270, ticks: 5, right: 150 })
  const narrow = await draw(chart, { width: 460, height: 240, ticks: 4, right: 145 })
  return html`<figure class="chart"><figcaption class="stamp">${caption}</figcaption><div class="chart-wide">!${wide}</div><div class="chart-narrow">!${narrow}</div>!${table(chart)}</figure>`
}

function table({ locale, caption, countLabel, totalLabel, points }: LineChart): string {
  const say = words[locale]
  const rows = points.map(({ day, count, total }) => {
    const known = count === null ? say.missing : number(locale, count)
    return html`<tr><td>${dayText(day)}</td><td class="n">${known}</td><td class="n">${number(locale, total)}</td><td class="n">${part(locale, count, total)}</td></tr>`
  })
  return html`<details class="more"><summary>${say.table}</summary><table class="table mb-0"><caption class="visually-hidden">${caption}</caption><thead><tr><th scope="col">${say.day}</th><th scope="col" class="n">${countLabel}</th><th scope="col" class="n">${totalLabel}</th><th scope="col" class="n">${say.share}</th></tr></thead><tbody>!${rows}</tbody></table></details>`
}

// drawing ----------------------------------------------------------------------------------------------------------

type Size = { width: number; height: number; ticks: number; right: number }

/** Colours that stand for classes until the drawing is done; no theme has them. */
const paint = {
  value: '#000101',
  area: '#000102',
  total: '#000103',
  grid: '#000104',
  axis: '#000105',
  missing: '#000106',
  text: '#000107',
  point: '#000108',
  totalPoint: '#000109',
} as const

let drawing: ReturnType<typeof loadDrawing> | null = null

async function loadDrawing() {
  const [core, charts, components, renderers] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ])
  core.use([charts.LineChart, components.GridComponent, components.MarkAreaComponent, renderers.SVGRenderer])
  return core
}

async function draw(chart: LineChart, size: Size): Promise<string> {
  drawing ??= loadDrawing()
  const { init } = await drawing
  const { width, height } = size
  const instance = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    instance.setOption(options(chart, size))
    return styled(instance.renderToSVGString(), summary(chart))
  } finally {
    instance.dispose()
  }
}

function options(chart: LineChart, { width, ticks, right }: Size) {
  const { locale, points, countLabel, totalLabel } = chart
  const shown = axisLabels(points, ticks)
  const text = { color: paint.text, fontSize: 12 }
  return {
    animation: false,
    grid: { left: width < 500 ? 52 : 56, right, top: 14, bottom: 28 },
    xAxis: {
      type: 'category' as const,
      boundaryGap: false,
      data: points.map(point => point.day),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: paint.axis } },
      axisLabel: {
        ...text,
        interval: (i: number) => shown.has(i),
        formatter: (_: string, i: number) => shown.get(i) ?? '',
        hideOverlap: true,
      },
    },
    yAxis: {
      type: 'value' as const,
      min: 0,
      minInterval: 1,
      // room above the lines for the word that names a gap
      boundaryGap: [0, '25%'] as [number, string],
      splitNumber: 4,
      axisLabel: { ...text, formatter: (value: number) => number(locale, value) },
      splitLine: { lineStyle: { color: paint.grid } },
    },
    series: [
      {
        ...line(
          totalLabel,
          points.map(point => point.total),
          paint.total,
        ),
        lineStyle: { color: paint.total, width: 1.5, type: [6, 3] as [number, number] },
        z: 2,
      },
      {
        ...line(
          countLabel,
          points.map(point => point.count),
          paint.value,
        ),
        lineStyle: { color: paint.value, width: 3 },
        areaStyle: { color: paint.area },
        markArea: missingAreas(chart),
        z: 3,
      },
    ],
  }
}

/** A line that ends where data is missing; a point that stands alone is a dot. The label stands at the end. */
function line(name: string, values: readonly (number | null)[], color: string) {
  const alone = (i: number) => values[i - 1] == null && values[i + 1] == null
  return {
    type: 'line' as const,
    name,
    data: values.map(value => value ?? '-'),
    symbol: (_: unknown, { dataIndex }: { dataIndex: number }) => (alone(dataIndex) ? 'circle' : 'none'),
    showAllSymbol: true,
    symbolSize: 7,
    itemStyle: { color: color === paint.value ? paint.point : paint.totalPoint },
    silent: true,
    endLabel: {
      show: true,
      formatter: name,
      color,
      fontSize: 12,
      fontWeight: color === paint.value ? 600 : 400,
    },
    labelLayout: { moveOverlap: 'shiftY' as const },
  }
}

type Span = { from: number; to: number }

/** Where the count is missing, from the last point that is known to the next. */
function missingSpans(points: readonly LinePoint[]): Span[] {
  const spans: Span[] = []
  for (const [i, point] of points.entries()) {
    if (point.count !== null) continue
    const last = spans.at(-1)
    const to = Math.min(i + 1, points.length - 1)
    if (last !== undefined && last.to === i) last.to = to
    else spans.push({ from: Math.max(0, i - 1), to })
  }
  return spans
}

function missingAreas({ locale, points }: LineChart) {
  const spans = missingSpans(points)
  // one word is enough, at the widest; at each they would run into each other
  const widest = spans.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0]
  const at = (i: number) => points[i]?.day ?? ''
  return {
    silent: true,
    itemStyle: { color: paint.missing },
    label: { color: paint.text, fontSize: 11, position: 'insideTop' as const },
    data: spans.map(
      span =>
        [
          { xAxis: at(span.from), name: span === widest ? words[locale].missing : '' },
          { xAxis: at(span.to) },
        ] as [{ xAxis: string; name: string }, { xAxis: string }],
    ),
  }
}

/** Days up to which an axis is labelled by day and month; longer ones by month and year. */
const SHORT_DAYS = 120

/** Index and text of the labels below the axis: the ends and what lies evenly between them. */
function axisLabels(points: readonly LinePoint[], ticks: number): Map<number, string> {
  const last = points.length - 1
  const steps = Math.max(1, Math.min(ticks - 1, last))
  const days = (Date.parse(points[last]?.day ?? '') - Date.parse(points[0]?.day ?? '')) / 86_400_000
  const text = (day: Day) => (days > SHORT_DAYS ? dayText(day).slice(3) : dayText(day).slice(0, 5))
  const labels = new Map<number, string>()
  for (let step = 0; step <= steps; step++) {
    const i = Math.round((last * step) / steps)
    const point = points[i]
    if (point) labels.set(i, text(point.day))
  }
  return labels
}

function summary({ locale, caption, countLabel, totalLabel, points }: LineChart): string {
  const last = points.findLast(point => point.count !== null)
  if (!last) return `${caption}: ${words[locale].missing}`
  const { day, count, total } = last
  const { last: latest } = words[locale]
  return `${caption}; ${latest} ${dayText(day)}: ${countLabel} ${number(locale, count)}, ${totalLabel} ${number(locale, total)}`
}

// from painted to styled -------------------------------------------------------------------------------------------

const classes = new Map(Object.entries(paint).map(([name, color]) => [color.slice(1), `c-${name}`]))

/** ECharts' drawing without styles of its own: text sizes as attributes, colours as classes of the stylesheet. */
function styled(svg: string, label: string): string {
  const bare = svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    // clipped to the axes, which the lines never leave
    .replace(/<defs[\s\S]*?<\/defs>|<\/?g\b[^>]*>/g, '')
    .replace(/<rect [^>]*fill="none"[^>]*><\/rect>/, '')
    .replace(
      / (?:class|pointer-events|xml:space|ecmeta_\w+|xmlns(?::xlink)?|version|baseProfile)="[^"]*"/g,
      '',
    )
    .replace(/ stroke="[^"]*" stroke-width="0"/g, '')
    .replace(/ style="([^"]*)"/g, (_, style: string) => attributes(style))
    .replace(/ (?:fill|stroke)="#(0001\w\w)"/g, (_, color: string) => ` class="${classes.get(color) ?? ''}"`)
    .replace(/ (?:d|points|transform)="[^"]*"/g, place => place.replace(/(\d\.\d)\d+/g, '$1'))
    .replace(/ fill-opacity="[^"]*"/g, '')
    .replace(/\s*\n\s*/g, '')
  return bare.replace('<svg', () => html`<svg role="img" aria-label="${label}"`)
}

/** `font-size:12px;font-weight:600;` as attributes; the family is the page's own. */
function attributes(style: string): string {
  return style
    .split(';')
    .map(each => each.split(':'))
    .filter(([name]) => name === 'font-size' || name === 'font-weight')
    .map(([name, value = '']) => html` ${name}="${value}"`)
    .join('')
}
