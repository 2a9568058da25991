/** Progress on the terminal: one line that changes, or where there is no terminal, a line now and then. */

let shown = false
let lastKind = ''
const begun = performance.now()

/** `kind` groups lines of which only the first is written where there is no terminal. */
export function say(line: string, kind = line): void {
  if (process.stdout.isTTY) {
    process.stdout.write(`\r\x1b[K${line}`)
    shown = true
  } else if (kind !== lastKind) {
    process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}\n`)
  }
  lastKind = kind
}

export function clearLine(): void {
  if (shown) process.stdout.write('\r\x1b[K')
  shown = false
}
