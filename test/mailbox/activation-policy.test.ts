/** Which passwords may be set, and what codes and links look like. */
import t from 'tap'
import { isLeaked } from '../../src/access/password.ts'
import { codeOf, parseCode, parseKey } from '../../src/mailbox/activation-code.ts'
import { faultText, rulesOf } from '../../src/mailbox/activation-messages.ts'
import { type Holder, type PasswordFault, passwordFaults } from '../../src/mailbox/password-policy.ts'
import { codeHash, newCode } from '../../src/mailbox/secret.ts'

const policy = { minLength: 9, classes: 4 }
const holder: Holder = { name: 'Nguyễn Thị Hòa', address: 'hoant@phuocan.gov.vn', staffId: 'CB-12051980' }
const faults = (password: string, who = holder) => passwordFaults(password, who, policy, isLeaked)

const wrong: [password: string, fault: PasswordFault, why: string][] = [
  ['', 'missing', 'nothing'],
  ['Mật#khẩu9Dài', 'characters', 'letters with diacritics'],
  ['Ma\u0323t#khau9Dai', 'characters', 'a combining mark'],
  ['Lua#chin7\u202eVang', 'characters', 'a mark that turns the text around'],
  [' Lua#chin7Vang', 'characters', 'a blank before'],
  ['Lua#chin7Vang ', 'characters', 'a blank behind'],
  ['Lua#chin7\tVang', 'characters', 'a control character'],
  ['Lua#ch7V', 'short', 'eight characters'],
  [`Lua#chin7${'Vang'.repeat(20)}`, 'long', 'more than bcrypt looks at'],
  ['luachinvang#7', 'classes', 'no capital'],
  ['LUACHINVANG#7', 'classes', 'no small letter'],
  ['Luachin#Vang', 'classes', 'no digit'],
  ['Luachin7Vang', 'classes', 'no sign'],
  ['Nguyen#74xkw', 'name', 'the family name'],
  ['xk7#NGUYENqw', 'name', 'in capitals'],
  ['Ngu7yen#xkqw', 'name', 'with a digit put in'],
  ['Hoa#74915xkQ', 'name', 'the given name as a word'],
  ['H0@#74915xkQ', 'name', 'with look-alikes'],
  ['HoaSen#74915', 'name', 'parted by a capital'],
  ['xkQ7#ThiHoa9', 'name', 'the last two words'],
  ['Hoant@749xkQ', 'name', 'the local part'],
  ['Phuocan#749Q', 'name', 'the domain'],
  ['xQ#kw12051980', 'number', 'the staff number'],
  ['xQ#kw12/05/1981', 'date', 'a date'],
  ['xQ#kw19810512', 'date', 'a date, the year first'],
  ['Aa1#Aa1#Aa1#', 'simple', 'one piece repeated'],
  ['Abcdefgh#1', 'simple', 'a run of the alphabet'],
  ['Qwertyuio#1', 'simple', 'a run of the keyboard'],
  ['Password#1', 'leaked', 'the best known'],
  ['P@ssw0rd2026', 'leaked', 'with look-alikes'],
  ['Matkhau@2026', 'leaked', 'the word itself, in Vietnamese'],
  ['M@tkh4u#2026', 'leaked', 'the same with look-alikes'],
  ['Anhyeuem#123', 'leaked', 'what everybody takes here'],
  ['VietnamHanoi#9', 'leaked', 'two known pieces'],
  ['Admin@12345', 'leaked', 'a known word and digits'],
]
for (const [password, fault, why] of wrong)
  t.test(`${why} is refused: ${fault}`, async t => {
    t.ok(faults(password).includes(fault), faults(password).join(' '))
  })

t.test('good ones are taken', async t => {
  for (const password of ['Lua#chin7Vang', 'Ruong&bac9Thang', 'k7#Vw!pQz2m', 'mua roi Tren 5 mai!'])
    t.same(faults(password), [], password)
})

t.test('a name of two letters is no reason to refuse words that hold them', async t => {
  const an = { name: 'Lê An', address: 'anl@phuocan.gov.vn', staffId: null }
  t.same(faults('Lua#chin7Vang', an), [])
  t.same(faults('An#749xkQw7z', an), ['name'])
  const van = { name: 'Nguyễn Văn An', address: 'annv@phuocan.gov.vn', staffId: null }
  t.same(faults('Lua#chin7Vang', van), [], 'nor a name put together across signs by chance')
})

t.test('fewer classes where the policy says so', async t => {
  t.same(passwordFaults('luachinvang7', holder, { minLength: 12, classes: 2 }, isLeaked), [])
})

t.test('every fault has words in both languages, and the rules name the numbers', async t => {
  for (const [, fault] of wrong)
    for (const locale of ['vi', 'en'] as const) t.match(faultText(locale, fault, policy), /\w+ \S+/)
  t.match(rulesOf('vi', { minLength: 11, classes: 3 }).join(' '), /11 ký tự.*3 trong 4 loại/)
})

t.test('a code is twelve signs that are not taken for others, typed in whatever way', async t => {
  t.equal(codeOf(new Uint8Array(8)), '0000-0000-0000')
  t.equal(codeOf(new Uint8Array(8).fill(255)), 'ZZZZ-ZZZZ-ZZZZ')
  const code = newCode()
  t.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
  for (const typed of [code.toLowerCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' – ')} `])
    t.equal(parseCode(typed), code)
  t.equal(parseCode('OIL0-1111-0000'), '0110-1111-0000')
  for (const none of ['', 'U000-0000-0000', '0000-0000-000', '0000-0000-00000', 'Ö000-0000-0000'])
    t.equal(parseCode(none), null)
  t.same(await codeHash(code), await codeHash(code))
  t.notSame(await codeHash(code), await codeHash(newCode()))
})

t.test('an address carries a token, a code, or nothing', async t => {
  t.match(parseKey('a'.repeat(43)), { kind: 'token' })
  t.match(parseKey('7k3m-2xq9-d4tb'), { kind: 'code', code: '7K3M-2XQ9-D4TB' })
  for (const none of ['', 'a'.repeat(44), 'a'.repeat(42), `${'a'.repeat(42)}/`, '../../etc/passwd'])
    t.equal(parseKey(none), null)
})
