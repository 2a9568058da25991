/**
 * The configuration: one JSON file, one schema, the types derived from it.
 *
 * Secrets are references, `{"env": NAME}` or `{"file": PATH}`, resolved only where they are used.
 * Anything wrong is refused at start with the path of the key and what was expected (exit status 2).
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Value } from 'typebox/value'
import { configProblem } from './config-check.ts'
import { type Config, ConfigSchema, type Secret } from './config-schema.ts'
import { AppError } from './error.ts'

export * from './config-schema.ts'

/** Reads and checks a configuration file. Throws `config_invalid` with the key's path and what was expected. */
export function loadConfig(path: string): Config {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError('config_invalid', `the configuration file ${path} cannot be read`, { cause })
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(content)
  } catch (cause) {
    throw new AppError('config_invalid', `${path} is no valid JSON: ${jsonProblem(cause)}`)
  }
  return parseConfig(parsed)
}

/** What the JSON parser says, without the piece of the file it quotes: a secret could stand there. */
function jsonProblem(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return message.replace(/, (\.\.\.)?".*$/s, '')
}

/** Checks a parsed configuration and fills in the defaults. */
export function parseConfig(parsed: unknown): Config {
  const filled = Value.Default(ConfigSchema, structuredClone(parsed))
  const problem = configProblem(filled)
  if (problem) {
    throw new AppError('config_invalid', `${problem.key}: ${problem.expected}`, {
      details: { key: problem.key, expected: problem.expected },
    })
  }
  return filled as Config
}

/** The secret behind a reference. Throws `config_invalid` naming the key, never the value. */
export function readSecret(secret: Secret, key: string, env: NodeJS.ProcessEnv = process.env): string {
  if ('env' in secret) {
    const value = env[secret.env]
    if (value === undefined || value === '') {
      throw new AppError('config_invalid', `${key}: the environment variable ${secret.env} is not set`, {
        details: { key },
      })
    }
    return value
  }
  try {
    return readFileSync(userPath(secret.file), 'utf8').replace(/\r?\n$/, '')
  } catch (cause) {
    throw new AppError('config_invalid', `${key}: the file ${secret.file} cannot be read`, {
      cause,
      details: { key },
    })
  }
}

/** Where the user of a command stood that was handed over by another process. */
export const userFolder = new AsyncLocalStorage<string>()

/** A path as the user meant it: relative to where the user stood, also when npm moved us. */
export function userPath(path: string): string {
  return resolve(userFolder.getStore() ?? process.env.INIT_CWD ?? process.cwd(), path)
}
