import t from 'tap'
import type { Day } from '../../src/ids.ts'
import * as pieces from '../../src/web/components.ts'

const day = (text: string) => text as Day

t.test('what is not known is hatched and said, never a bar of nothing', async t => {
  const unknown = pieces.bar(null, 'behind', 'chưa đủ số liệu')
  t.match(
    pieces.bar(0.4, 'behind', '10/27', 0.8),
    /class="hbar behind partly"[^>]*>.*x="80%" width="20%".*width="40%"/,
  )
  t.match(unknown, /class="hbar unknown" role="img" aria-label="chưa đủ số liệu"/)
  t.notMatch(unknown, /behind|width="0%"/)
  t.match(pieces.bar(0, 'behind', '0%'), /hbar behind.*width="0%"/)
  t.match(pieces.bar(1.4, 'met', ''), /hbar-value" width="100%"/)
  t.match(pieces.bar(0.6612, 'risk', ''), /width="66\.1%"/)
})

t.test('the four stages say count, total, share and what is in the way', async t => {
  const shown = pieces.stages('vi', [
    {
      label: 'Được cấp hộp thư',
      count: 55_310,
      total: 58_200,
      note: '2.890 chưa có',
      href: '/people?stage=1',
    },
    { label: 'Đã kích hoạt', count: 31, total: 46, note: '' },
    { label: 'Có sử dụng', count: null, total: 46, note: 'chưa nhận được nhật ký' },
    { label: 'Thường xuyên', count: 0, total: 0, note: '' },
  ])
  t.match(shown, /95%.*55\.310 \/ 58\.200 người.*<a href="\/people\?stage&#61;1">2\.890 chưa có<\/a>/)
  t.match(shown, />31\/46<.*31 \/ 46 người/)
  t.equal(shown.match(/hbar unknown/g)?.length, 2)
  t.equal(shown.match(/<div class="step-s">chưa đủ số liệu/g)?.length, 2)
  t.notMatch(shown, /0 \/ 0|NaN/)
})

t.test('the calendar has a row a week and a word in each day', async t => {
  const shown = pieces.calendar('vi', [
    { day: day('2026-11-20'), state: 'sent' },
    { day: day('2026-11-18'), state: 'unknown' },
    { day: day('2026-11-29'), state: 'off' },
  ])
  t.same(shown.match(/<th scope="row">[^<]*/g), [
    '<th scope="row">16/11–22/11',
    '<th scope="row">23/11–29/11',
  ])
  t.match(shown, /20\/11\/2026: có sử dụng, có gửi thư<\/span><\/td>/)
  t.match(shown, /18\/11\/2026: chưa đủ số liệu/)
  t.equal(shown.match(/<td class="day day-outside">/g)?.length, 11)
  t.notMatch(pieces.calendar('en', []), /<td/)
})

t.test('a run that does not know its end has no share', async t => {
  t.match(pieces.progress(30, 120, '30/120'), /<progress aria-label="30\/120" max="120" value="30">/)
  t.notMatch(pieces.progress(30, null, 'đang đọc'), /value=|max=/)
  t.notMatch(pieces.progress(0, 0, 'không có gì'), /value=|max=/)
})

t.test('a field with a problem points to it, and comes back filled', async t => {
  const control = pieces.input({
    id: 'name',
    value: '"><script>',
    problem: 'Chưa đúng.',
    hint: true,
    more: { maxlength: '9' },
  })
  t.match(control, /class="form-control is-invalid"/)
  t.match(control, /value="&#34;&#62;&#60;script&#62;"/)
  t.match(control, /aria-describedby="name-problem name-hint" aria-invalid="true" maxlength="9"/)
  t.match(
    pieces.field({ id: 'name', label: 'Tên', control, problem: 'Chưa đúng.' }),
    /id="name-problem">Chưa đúng\./,
  )
  t.notMatch(pieces.input({ id: 'name' }), /aria-/)
  t.match(pieces.textarea({ id: 'a', value: '\n<' }), /rows="4">\n\n&#60;<\/textarea>/)
  const chosen = pieces.select({
    id: 'r',
    value: 'b',
    options: [
      { value: 'a', text: 'A' },
      { value: 'b', text: 'B' },
    ],
  })
  t.match(chosen, /value="b" selected/)
  t.notMatch(chosen, /value="a" selected/)
  t.match(pieces.checkbox({ id: 'c', label: 'Đồng ý', checked: true }), /value="yes" checked/)
})

t.test('columns for wide pages are left out on phones, numbers stand at the right', async t => {
  const shown = pieces.table(
    'Cơ quan',
    [{ title: 'Tên' }, { title: 'Số', number: true, wide: true }],
    [['<b>x</b>', '1']],
  )
  t.match(shown, /<th scope="col">Tên<\/th><th scope="col" class="n hide-s">Số/)
  t.match(shown, /<td><b>x<\/b><\/td><td class="n hide-s">1<\/td>/)
})
