import t from 'tap'
import { parseOperatorName, signInUrl } from '../../src/access/operator.ts'
import { checkPassword, hashPassword, isLeaked } from '../../src/access/password.ts'
import { passwordProblem } from '../../src/access/password-policy.ts'
import { parseConfig } from '../../src/config.ts'
import { ownPath } from '../../src/web/own-path.ts'

t.test('a password is kept as argon2id and known again', async t => {
  const kept = await hashPassword('bốn con vịt qua cầu')
  t.match(kept, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  t.same(await checkPassword('bốn con vịt qua cầu', kept), { ok: true, outdated: false })
  t.same(await checkPassword('bốn con vịt qua cấu', kept), { ok: false, outdated: false })
  t.not(await hashPassword('bốn con vịt qua cầu'), kept, 'with a salt of its own')
  t.equal((await checkPassword('', null)).ok, false)
  for (const damaged of ['', 'x', '$argon2id$v=19$m=19456,t=2,p=1$AAAA', '$2y$10$abcdefghijklmnopqrstuv'])
    t.equal((await checkPassword('bốn con vịt qua cầu', damaged)).ok, false)
})

t.test('a name that nobody has costs as much work as one that somebody has', async t => {
  const kept = await hashPassword('bốn con vịt qua cầu')
  const time = async (hash: string | null) => {
    const times: number[] = []
    for (let i = 0; i < 9; i++) {
      const start = performance.now()
      await checkPassword('another one', hash)
      times.push(performance.now() - start)
    }
    return times.sort((a, b) => a - b)[0] ?? 0
  }
  const [somebody, nobody] = [await time(kept), await time(null)]
  t.ok(nobody > somebody / 2 && nobody < somebody * 2, `${nobody} ms for ${somebody} ms`)
})

t.test('the policy of passwords', async t => {
  const cases: [string, string | null][] = [
    ['ngắn quá nhé', null],
    ['ngắn quá', 'short'],
    ['12345678901', 'short'],
    ['123456789012', 'leaked'],
    ['matkhau123456', 'leaked'],
    ['Mật Khẩu 123456!', 'leaked'],
    ['anhyeuem123456', 'leaked'],
    ['passwordpassword', 'leaked'],
    ['password12345', 'leaked'],
    ['aaaaaaaaaaaa', 'simple'],
    ['abcabcabcabc', 'simple'],
    ['tôi là Nguyễn An đây', 'name'],
    ['NGUYEN.AN.2026', 'name'],
    ['x'.repeat(257), 'long'],
    ['bốn con vịt qua cầu treo', null],
    ['k7#Qm2!vT9zL', null],
  ]
  for (const [password, problem] of cases)
    t.equal(passwordProblem(password, 'nguyen.an', isLeaked), problem, password.slice(0, 30))
  t.equal(passwordProblem('một hai ba bốn', 'an', isLeaked), null, 'a short name may be part of a word')
})

t.test('names of operators are settled once', async t => {
  t.equal(parseOperatorName('  Nguyen.An '), 'nguyen.an')
  t.equal(parseOperatorName('an@phuocan.gov.vn'), 'an@phuocan.gov.vn')
  for (const bad of ['', 'a', '.an', 'nguyễn', 'a b', 'an\u0000', 'аn', 'x'.repeat(65), '-an'])
    t.equal(parseOperatorName(bad), null, bad)
})

t.test('only a path of ours is led on to', async t => {
  t.equal(ownPath('/people?q=a%20b'), '/people?q=a%20b')
  t.equal(ownPath('/cơ-quan'), '/c%C6%A1-quan')
  t.equal(ownPath('/a/../b'), '/b')
  for (const bad of [
    '',
    'people',
    '//x',
    '/\\x',
    '/.//x',
    '/\n/x',
    'http://x/',
    'javascript:1',
    7,
    null,
    ['/'],
  ])
    t.equal(ownPath(bad), null, String(bad))
})

t.test('a link leads to the address that people use', async t => {
  const http = (more: object) => parseConfig({ database: { url: 'pglite:memory' }, http: more })
  t.equal(
    signInUrl(http({ publicUrl: 'https://thu.phuocan.gov.vn' }), 'T'),
    'https://thu.phuocan.gov.vn/sign-in/T',
  )
  t.equal(signInUrl(http({}), 'T'), 'http://127.0.0.1:8080/sign-in/T')
  t.equal(signInUrl(http({ host: '::' }), 'T'), 'http://[::1]:8080/sign-in/T')
})

t.test('a proxy that is no address or network is refused with its key', async t => {
  const config = (trustedProxies: string[]) =>
    parseConfig({ database: { url: 'pglite:memory' }, http: { trustedProxies } })
  t.same(config(['127.0.0.1', '10.0.0.0/8', 'fd00::/8']).http.trustedProxies.length, 3)
  for (const bad of ['999.1.1.1', '10.0.0.0/33', 'fd00::/129', 'proxy.phuocan.test', '', ':'])
    t.throws(
      () => config(['127.0.0.1', bad]),
      { code: 'config_invalid', message: /^http\.trustedProxies\.1: / },
      bad,
    )
})
