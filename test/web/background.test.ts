import { setTimeout as sleep } from 'node:timers/promises'
import Fastify from 'fastify'
import pino from 'pino'
import t from 'tap'
import { Background, within } from '../../src/web/background.ts'

const log = pino({ level: 'silent' })

function open() {
  const server = Fastify()
  const controller = new AbortController()
  return { server, controller, background: new Background(server, { signal: controller.signal, log }) }
}

t.test('pressed twice while it goes on, a work is done once; afterwards it may be begun again', async t => {
  const { background } = open()
  let begun = 0
  const work = async () => {
    begun++
    await sleep(20)
    return begun
  }
  const both = [background.start('a', work), background.start('a', work)]
  t.ok(background.isGoing('a'))
  t.same(await Promise.all(both), [1, 1])
  await sleep(5)
  t.notOk(background.isGoing('a'))
  t.equal(await background.start('a', work), 2)
})

t.test('a failure is told to who waits and kept until the next try', async t => {
  const { background } = open()
  await t.rejects(
    background.start('a', async () => {
      throw new Error('no')
    }),
    { message: 'no' },
  )
  await sleep(5)
  t.match(background.failure('a'), { message: 'no' })
  t.equal(background.failure('b'), null)
  await background.start('a', async () => {})
  t.equal(background.failure('a'), null)
})

t.test('closing the server ends the work and waits until it has ended', async t => {
  const { server, background } = open()
  await server.ready()
  const steps: string[] = []
  background
    .start('a', async signal => {
      await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      steps.push('told')
      await sleep(50)
      steps.push('ended')
    })
    .catch(() => {})
  await server.close()
  steps.push('closed')
  t.same(steps, ['told', 'ended', 'closed'])
})

t.test('the end of the service ends the work too', async t => {
  const { background, controller } = open()
  const work = background.start('a', async signal => {
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
    return 'ended'
  })
  controller.abort()
  t.equal(await work, 'ended')
})

t.test('who waits is let go after a while; the work goes on', async t => {
  const { promise, resolve } = Promise.withResolvers<number>()
  t.same(await within(promise, 10), { ended: false })
  resolve(1)
  t.same(await within(promise, 1000), { ended: true, value: 1 })
  await t.rejects(within(Promise.reject(new Error('no')), 1000), { message: 'no' })
})
