/** Another process of ours, to be killed: what a crash leaves behind cannot be seen from inside. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type Other = {
  pid: number | undefined
  /** Ends it as `kill -9` does, and waits until it is gone. */
  kill(): Promise<void>
}

/** Runs a module text on this Node and waits for its first word on standard output. */
export async function startOther(text: string): Promise<Other> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'exit')
  const early = gone.then(() => Promise.reject(new Error('it ended before it was ready')))
  await Promise.race([once(child.stdout, 'data'), early])
  const kill = async () => {
    child.kill('SIGKILL')
    await gone
  }
  return { pid: child.pid, kill }
}
