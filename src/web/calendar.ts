/** One person's days of use, a week a row, readable without colours. */
import { addDays, type Day } from '../ids.ts'
import { day as dayText, type Locale } from './format.ts'
import { html } from './html.ts'

/** `sent` is a day of use on which mail was sent too; `unknown` a day without enough data; `off` a day off without use. */
export type UseState = 'used' | 'sent' | 'none' | 'unknown' | 'off'
export type UseDay = { day: Day; state: UseState }

const words = {
  vi: {
    caption: 'Các ngày sử dụng hộp thư',
    week: 'Tuần',
    weekdays: ['T2', 'T3', 'T4', 'T5', 'T6', 'T7', 'CN'],
    weekdayNames: ['thứ Hai', 'thứ Ba', 'thứ Tư', 'thứ Năm', 'thứ Sáu', 'thứ Bảy', 'Chủ nhật'],
    states: {
      used: 'có sử dụng',
      sent: 'có sử dụng, có gửi thư',
      none: 'không phát sinh sử dụng',
      unknown: 'chưa đủ số liệu',
      off: 'ngày nghỉ',
    },
  },
  en: {
    caption: 'Days on which the mailbox was used',
    week: 'Week',
    weekdays: ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'],
    weekdayNames: ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'],
    states: {
      used: 'used',
      sent: 'used, mail was sent',
      none: 'not used',
      unknown: 'not enough data',
      off: 'day off',
    },
  },
} as const

const states = ['used', 'sent', 'none', 'unknown', 'off'] as const

/** The days in any order, each at most once; weeks begin on Monday, days not given stay empty. */
export function calendar(locale: Locale, days: readonly UseDay[]): string {
  const say = words[locale]
  const known = new Map(days.map(each => [each.day, each.state]))
  const head = say.weekdays.map(
    (text, i) => html`<th scope="col"><abbr title="${say.weekdayNames[i] ?? ''}">${text}</abbr></th>`,
  )
  const rows = mondays(days).map(monday => {
    const cells = say.weekdays.map((_, i) => cell(locale, addDays(monday, i), known))
    const week = `${shortDay(monday)}–${shortDay(addDays(monday, 6))}`
    return html`<tr><th scope="row">${week}</th>!${cells}</tr>`
  })
  const key = states.map(state => html`<li><span class="day day-${state}"></span>${say.states[state]}</li>`)
  return html`<table class="days"><caption class="visually-hidden">${say.caption}</caption><thead><tr><th scope="col">${say.week}</th>!${head}</tr></thead><tbody>!${rows}</tbody></table><ul class="key">!${key}</ul>`
}

function cell(locale: Locale, day: Day, known: ReadonlyMap<Day, UseState>): string {
  const state = known.get(day)
  if (state === undefined) return '<td class="day day-outside"></td>'
  const said = `${dayText(day)}: ${words[locale].states[state]}`
  return html`<td class="day day-${state}" title="${said}"><span aria-hidden="true">${Number(day.slice(8))}</span><span class="visually-hidden">${said}</span></td>`
}

/** The Monday of each week that holds one of the days or lies between them. */
function mondays(days: readonly UseDay[]): Day[] {
  const sorted = days.map(each => each.day).sort()
  const first = sorted[0]
  const last = sorted.at(-1)
  if (first === undefined || last === undefined) return []
  const weeks: Day[] = []
  for (let monday = mondayOf(first); monday <= last; monday = addDays(monday, 7)) weeks.push(monday)
  return weeks
}

function mondayOf(day: Day): Day {
  return addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
}

/** `02/11` of a day. */
function shortDay(day: Day): string {
  return `${day.slice(8)}/${day.slice(5, 7)}`
}
