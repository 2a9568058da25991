/**
 * Reads a workbook in a process of its own, so that its memory is nobody else's: `{rows, notes, rss}`, the most in MiB.
 *
 * Sampled, since what the kernel keeps as the most begins with what the parent had when it forked.
 */
import { openXlsx } from '../../src/roster/sources/xlsx.ts'

let rss = 0
const sample = () => {
  rss = Math.max(rss, process.memoryUsage.rss())
}
const timer = setInterval(sample, 10)
const table = await openXlsx(process.argv[2] ?? '', { signal: new AbortController().signal })
let rows = 0
let notes = 0
for await (const page of table.rows()) {
  sample()
  rows += page.length
  for (const row of page) notes += row.notes.length
}
await table.close()
clearInterval(timer)
process.stdout.write(JSON.stringify({ rows, notes, rss: Math.round(rss / 1024 ** 2) }))
