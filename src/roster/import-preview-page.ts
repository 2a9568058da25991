/** What a file would change, and what it changed: counts, the rows that have problems, what the guard says. */
import { actionButton, card, notice, table, tableCard } from '../web/components.ts'
import { type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { problemPart } from './import-columns-page.ts'
import { fieldWords, importWords } from './import-messages.ts'
import { type ImportLook, importPath, uploadFacts, uploadHead } from './import-page.ts'
import type { Problems, RowProblem, Upload, UploadResult } from './import-store.ts'
import { guardText, rejectionText } from './messages.ts'

export type ResultView = {
  upload: Upload
  /** Of the run that the guard refused. */
  mayApprove: boolean
  maySeeRuns: boolean
  maySeeReviews: boolean
}

export function previewPage(look: ImportLook, { upload }: ResultView): string {
  const { preview } = upload
  return [
    uploadHead(look, upload, 2),
    problemPart(look.locale, upload.problem),
    preview === null ? '' : previewPart(look, upload, preview),
    uploadFacts(look, upload),
  ].join('')
}

function previewPart(look: ImportLook, upload: Upload, preview: UploadResult): string {
  const { locale } = look
  const say = importWords[locale]
  return [
    guardPart(locale, preview),
    card({
      title: say.wouldChange,
      body: html`<p class="say mb-1">${countsText(locale, preview)}</p><p class="stamp">${number(locale, preview.read)} ${say.readRows}</p>!${previewActions(look, upload, preview)}`,
    }),
    unknownPart(look, upload, preview.problems),
    problemsPart(locale, upload, preview.problems),
  ].join('')
}

function previewActions({ locale, csrf }: ImportLook, upload: Upload, { guard, read }: UploadResult): string {
  const say = importWords[locale]
  const action = `${importPath}/${upload.id}`
  const back = actionButton({ action, label: say.back, csrf, fields: { step: 'columns' } })
  const passable =
    read > 0 && guard.reasons.every(each => each.kind !== 'empty' && each.kind !== 'incomplete')
  const run = actionButton({
    action,
    label: guard.ok ? say.run : say.runAnyway,
    csrf,
    kind: 'primary',
    fields: { step: 'run' },
  })
  return html`<div class="actions">!${passable ? run : ''}!${back}</div>`
}

function guardPart(locale: Locale, { guard, read }: UploadResult): string {
  const say = importWords[locale]
  if (guard.ok) return ''
  if (read === 0) return notice('bad', say.nobody)
  const reasons = html`<ul>!${guard.reasons.map(reason => html`<li>${guardText(locale, reason)}</li>`)}</ul><p class="mb-0">${say.guardPreview}</p>`
  return notice('warn', say.guard, reasons)
}

/** `12 mới · 3 chuyển đến · 45 không đổi · 2 dòng chưa nhận được`; counts that are 0 are left out. */
export function countsText(locale: Locale, result: UploadResult): string {
  const { people, agencies, held, reviews, problems } = result
  const words = importWords[locale].counts
  const counts: Record<keyof typeof words, number> = {
    joiners: people.joiners,
    returned: people.returned,
    movers: people.movers,
    changed: people.changed,
    unchanged: people.unchanged,
    held,
    leavers: people.leavers,
    reviews,
    rows: problems.rows,
    values: problems.values,
    created: agencies.created,
    agenciesChanged: agencies.changed,
  }
  const parts = Object.entries(counts).filter(([, count]) => count > 0)
  if (parts.length === 0) return importWords[locale].nothingNew
  return parts
    .map(([name, count]) => `${number(locale, count)} ${words[name as keyof typeof words]}`)
    .join(' · ')
}

// rows that have problems -----------------------------------------------------------------------------------------------

const CELLS_SHOWN = 160

function problemsPart(locale: Locale, upload: Upload, problems: Problems): string {
  const say = importWords[locale]
  if (problems.first.length === 0)
    return problems.rows + problems.values > 0 ? '' : notice('good', say.noProblems)
  const rows = problems.first.map(each => [
    html`!${each.row === null ? '' : html`<b>${say.row} ${each.row}</b>`}<div class="address">${cellsText(each)}</div>`,
    html`${reasonText(locale, each)}!${each.subject === 'value' || each.subject === 'post' ? html`<div class="code">${say.taken}</div>` : ''}`,
  ])
  const columns = [{ title: say.cells }, { title: say.reason }]
  const all = problems.rows + problems.values
  const foot = all > rows.length ? html`<span class="stamp">${say.problemsFirst}</span>` : ''
  return tableCard({
    title: `${say.problems}: ${number(locale, all)}`,
    table: table(say.problems, columns, rows),
    foot: html`!${foot}!${upload.runId === null || problems.rows === 0 ? '' : rejectedLinks(locale, upload)}`,
  })
}

/** The reason with the field it is about called as on the page of columns. */
export function reasonText(
  locale: Locale,
  { reason, detail }: Pick<RowProblem, 'reason' | 'detail'>,
): string {
  const [, field = '', rest = ''] = /^(\w+): (.*)$/s.exec(detail) ?? []
  const word = Object.entries(fieldWords).find(([name]) => name === field)?.[1][locale]
  return rejectionText(locale, reason, word === undefined ? detail : `${word}: ${rest}`)
}

function cellsText({ cells }: RowProblem): string {
  const text = cells.filter(cell => cell.trim() !== '').join(' | ')
  return text.length > CELLS_SHOWN ? `${text.slice(0, CELLS_SHOWN)}…` : text
}

function rejectedLinks(locale: Locale, upload: Upload): string {
  const say = importWords[locale]
  const address = `${importPath}/${upload.id}/rejected`
  return html`<div class="actions"><a class="btn" href="${address}.xlsx">${say.rejectedFile}</a><a class="btn" href="${address}.csv">${say.rejectedCsv}</a></div><p class="stamp mt-2 mb-0">${say.rejectedHint}</p>`
}

const AGENCIES_SHOWN = 50

/** Agencies nobody knows: whoever may makes them, or everybody is put into the agency whose list it is. */
function unknownPart(
  { locale, csrf, mayAll }: ImportLook,
  upload: Upload,
  { unknownAgencies }: Problems,
): string {
  const say = importWords[locale]
  if (unknownAgencies.length === 0 || upload.choice.what !== 'people') return ''
  const action = `${importPath}/${upload.id}`
  const names = unknownAgencies.slice(0, AGENCIES_SHOWN)
  const left = unknownAgencies.length - names.length
  const items = names.map(({ name, count }) => html`<li>${name}: ${number(locale, count)}</li>`)
  const create = mayAll
    ? actionButton({ action, label: say.createThem, csrf, fields: { step: 'create' } })
    : ''
  const ask = mayAll ? '' : html`<p>${say.askAdmin}</p>`
  const own =
    upload.agencyName === null
      ? ''
      : actionButton({
          action,
          label: `${say.intoAgency} ${upload.agencyName}`,
          csrf,
          fields: { step: 'own' },
        })
  const rest = left > 0 ? html`<p class="stamp">+ ${number(locale, left)}</p>` : ''
  return card({
    title: `${say.unknownAgencies}: ${number(locale, unknownAgencies.length)}`,
    body: html`<p>${say.unknownText}</p><ul>!${items}</ul>!${rest}!${ask}<div class="actions">!${create}!${own}</div>`,
  })
}

// the end -----------------------------------------------------------------------------------------------------------------

export function resultPage(look: ImportLook, view: ResultView): string {
  const { upload } = view
  const { locale } = look
  const { result } = upload
  return [
    uploadHead(look, upload, 3),
    result === null ? '' : verdict(locale, view, result),
    result === null || upload.state === 'refused' ? '' : countsCard(locale, view, result),
    result === null ? '' : problemsPart(locale, upload, result.problems),
    html`<p><a class="btn" href="${importPath}">${importWords[locale].another}</a></p>`,
  ].join('')
}

function verdict(locale: Locale, { upload, mayApprove }: ResultView, result: UploadResult): string {
  const say = importWords[locale]
  if (upload.state !== 'refused') return notice('good', result.problems.rows > 0 ? say.donePart : say.done)
  if (!result.complete) return notice('bad', say.incomplete)
  const reasons = html`<ul>!${result.guard.reasons.map(reason => html`<li>${guardText(locale, reason)}</li>`)}</ul>`
  const next =
    mayApprove && upload.runId !== null
      ? html`<a class="btn btn-primary" href="/runs/${upload.runId}">${say.approve}</a>`
      : html`<p class="mb-0">${say.refusedAsk} ${upload.runId ?? ''}.</p>`
  return notice('warn', say.refused, html`!${reasons}!${next}`)
}

function countsCard(
  locale: Locale,
  { upload, maySeeRuns, maySeeReviews }: ResultView,
  result: UploadResult,
): string {
  const say = importWords[locale]
  const { agencyCode } = upload
  const links = [
    agencyCode === null
      ? ''
      : html`<a class="btn btn-primary" href="/agencies/${encodeURIComponent(agencyCode)}/roster">${say.seeList}</a>`,
    maySeeRuns && upload.runId !== null
      ? html`<a class="btn" href="/runs/${upload.runId}">${say.seeRun}</a>`
      : '',
    maySeeReviews && result.reviews + result.held > 0
      ? html`<a class="btn" href="/reviews">${say.seeReviews}</a>`
      : '',
  ]
  const seconds = result.seconds.toLocaleString(locale === 'vi' ? 'vi-VN' : 'en-GB', {
    maximumFractionDigits: 1,
  })
  return card({
    title: say.changed,
    body: html`<p class="say">${countsText(locale, result)}</p><p class="stamp">${number(locale, result.read)} ${say.readRows} · ${seconds} ${say.seconds}</p><div class="actions">!${links}</div>`,
  })
}
