/** Bringing a file: choosing it, whose list it is, and the files brought lately. */
import {
  actionButton,
  card,
  empty,
  field,
  input,
  keyValues,
  notice,
  pageHead,
  progress,
  select,
  table,
  tableCard,
} from '../web/components.ts'
import { instant, type Locale, number } from '../web/format.ts'
import { html } from '../web/html.ts'
import { importWords, shownFileName, sizeText } from './import-messages.ts'
import type { AgencyChoice, Upload } from './import-store.ts'

export const importPath = '/import'

export type ImportLook = { locale: Locale; timeZone: string; csrf: string; now: Date; mayAll: boolean }

export type ImportFormView = {
  values: Record<string, string>
  problems: Record<string, string>
  agencies: readonly AgencyChoice[]
  uploads: readonly Upload[]
}

export function importPage(look: ImportLook, view: ImportFormView): string {
  const say = importWords[look.locale]
  const wrong = Object.keys(view.problems).length > 0 ? notice('bad', say.formKept) : ''
  return [
    pageHead({ title: say.title }),
    steps(look.locale, 0),
    wrong,
    card({ title: say.steps[0] ?? '', body: html`<p>${say.intro}</p>!${formPart(look, view)}` }),
    recentPart(look, view.uploads),
  ].join('')
}

/** Where a file is on its way. */
export function steps(locale: Locale, at: number): string {
  const say = importWords[locale]
  const items = say.steps.map(
    (text, i) =>
      html`<li !${i === at ? 'aria-current="step"' : ''} class="${i < at ? 'past' : ''}">${text}</li>`,
  )
  return html`<ol class="wizard" aria-label="${say.stepOf}">!${items}</ol>`
}

export function agencyText({ code, name }: AgencyChoice): string {
  return `${name} (${code})`
}

function formPart(look: ImportLook, { values, problems, agencies }: ImportFormView): string {
  const { locale, csrf, mayAll } = look
  const say = importWords[locale]
  const problem = (name: string) => problems[name] ?? null
  const choice = (name: string, label: string, options: [value: string, text: string][], hint = '') =>
    field({
      id: name,
      label,
      hint,
      problem: problem(name),
      control: select({
        id: name,
        value: values[name] ?? '',
        problem: problem(name),
        hint: hint !== '',
        options: options.map(([value, text]) => ({ value, text })),
      }),
    })
  const whose = choice('whose', say.whose, [
    ['agency', say.whoseAgency],
    ['all', say.whoseAll],
  ])
  const what = choice('what', say.what, [
    ['people', say.whatPeople],
    ['agencies', say.whatAgencies],
  ])
  const extent = choice(
    'extent',
    say.extent,
    [
      ['full', say.extentFull],
      ['supplement', say.extentSupplement],
    ],
    say.extentHint,
  )
  const list = html`<datalist id="agencies">!${agencies.map(each => html`<option value="${agencyText(each)}"></option>`)}</datalist>`
  const agency = field({
    id: 'agency',
    label: say.agency,
    hint: mayAll ? say.agencyHintAll : say.agencyHint,
    problem: problem('agency'),
    control: html`!${input({
      id: 'agency',
      value: values.agency ?? '',
      problem: problem('agency'),
      hint: true,
      more: { list: 'agencies', autocomplete: 'off' },
    })}!${list}`,
  })
  const fields = mayAll
    ? html`<div class="two-columns">!${whose}!${agency}!${extent}!${what}</div>`
    : html`<div class="two-columns">!${agency}!${extent}</div>`
  // the fields stand before the file: what they say is known when it comes
  return html`<form method="post" action="${importPath}" enctype="multipart/form-data"><input type="hidden" name="csrf" value="${csrf}">!${fields}!${filePart(locale, problem('file'))}<div class="actions"><button class="btn btn-primary">${say.send}</button></div><p class="stamp mt-3 mb-0">${say.kept}</p></form>`
}

function filePart(locale: Locale, problem: string | null): string {
  const say = importWords[locale]
  return field({
    id: 'file',
    label: say.file,
    hint: say.fileHint,
    problem,
    control: input({
      id: 'file',
      type: 'file',
      problem,
      hint: true,
      more: { accept: '.xlsx,.csv,.txt,.ldif', 'data-drop': '' },
    }),
  })
}

function recentPart({ locale, timeZone }: ImportLook, uploads: readonly Upload[]): string {
  const say = importWords[locale]
  if (uploads.length === 0)
    return html`<section class="card mb-3">!${empty({ title: say.recentNone, text: say.recentNoneText })}</section>`
  const rows = uploads.map(upload => [
    html`<a class="address" href="${importPath}/${upload.id}">${shownFileName(upload.fileName)}</a><div class="code">${instant(upload.createdAt, timeZone)} · ${upload.operator}</div>`,
    html`${listOf(locale, upload)}`,
    html`${sizeText(locale, upload.bytes)}`,
    html`${say.states[upload.state]}`,
  ])
  const columns = [
    { title: say.file },
    { title: say.of, wide: true },
    { title: say.size, number: true, wide: true },
    { title: say.state },
  ]
  return tableCard({ title: say.recent, table: table(say.recent, columns, rows) })
}

export function listOf(locale: Locale, { agencyId, agencyName, agencyCode }: Upload): string {
  if (agencyId === null) return importWords[locale].wholeOf
  return agencyName === null ? '–' : `${agencyName} (${agencyCode ?? ''})`
}

// one file ------------------------------------------------------------------------------------------------------------

/** The head of every page of one file. */
export function uploadHead(look: ImportLook, upload: Upload, at: number): string {
  const { locale } = look
  const say = importWords[locale]
  const title = shownFileName(upload.fileName)
  const crumbs = [{ href: importPath, text: say.title }]
  return html`!${pageHead({ title, crumbs, stamp: html`${listOf(locale, upload)}` })}!${steps(locale, at)}`
}

/** What is known of the file itself, with the way to be rid of it. */
export function uploadFacts({ locale, timeZone, csrf }: ImportLook, upload: Upload): string {
  const say = importWords[locale]
  const items: [string, string][] = [
    [say.size, html`${sizeText(locale, upload.bytes)}`],
    [say.by, html`${upload.operator}`],
    [say.at, html`${instant(upload.createdAt, timeZone)}`],
    [say.extent, html`${upload.choice.supplement ? say.extentSupplement : say.extentFull}`],
  ]
  const remove = actionButton({
    action: `${importPath}/${upload.id}`,
    label: say.remove,
    csrf,
    fields: { step: 'remove' },
  })
  return card({ title: say.file, body: html`!${keyValues(items)}<div class="actions mt-3">!${remove}</div>` })
}

/** What goes on with a file. It asks for itself again; once it is over the page is loaded anew. */
export function progressPiece(look: ImportLook, upload: Upload, startedAt: Date | null): string {
  const { locale } = look
  const say = importWords[locale]
  const address = `${importPath}/${upload.id}`
  const title = { looking: say.looking, previewing: say.previewing, importing: say.importing }[
    upload.state as string
  ]
  const body = html`!${progressBar(look, upload, startedAt)}<p class="stamp mb-0">${say.background}</p><noscript><meta http-equiv="refresh" content="5"><a class="btn" href="${address}">${say.look}</a></noscript>`
  return html`<div id="progress" hx-get="${address}/progress" hx-trigger="every 1s" hx-swap="outerHTML">!${card({ title: title ?? say.looking, body })}</div>`
}

function progressBar({ locale, now }: ImportLook, upload: Upload, startedAt: Date | null): string {
  const say = importWords[locale]
  const { rowsRead, rowsTotal } = upload
  const seconds = startedAt === null ? 0 : Math.max(0, (now.getTime() - startedAt.getTime()) / 1000)
  const took = seconds < 1 ? '' : ` · ${number(locale, Math.round(seconds))} ${say.seconds}`
  if (upload.state === 'looking') return progress(0, null, say.looking)
  if (rowsTotal !== null && rowsTotal > 0 && rowsRead >= rowsTotal)
    return progress(0, null, `${say.comparing}${took}`)
  const of = rowsTotal === null || rowsTotal === 0 ? '' : ` / ${number(locale, rowsTotal)}`
  return progress(rowsRead, rowsTotal, `${number(locale, rowsRead)}${of} ${say.readRows}${took}`)
}
