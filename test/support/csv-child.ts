/** Reads a CSV file to its end in a process of its own, and says what that took: `csv-child.ts FILE`. */
import { openCsv } from '../../src/roster/sources/csv.ts'

const table = await openCsv(process.argv[2] ?? '', { signal: AbortSignal.timeout(600_000) })
let [rows, problems, rss] = [0, 0, 0]
for await (const page of table.rows()) {
  rows += page.length
  problems += page.filter(row => row.problem !== undefined).length
  rss = Math.max(rss, process.memoryUsage.rss())
}
await table.close()
console.log(JSON.stringify({ rows, problems, rss: Math.round(rss / 2 ** 20) }))
