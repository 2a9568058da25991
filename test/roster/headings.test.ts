import t from 'tap'
import { findHeadingRow, joinHeadings, matchHeadings, type RosterField } from '../../src/roster/headings.ts'
import { toTcvn3, toVni } from '../support/legacy-text.ts'

t.test('each field is known by what offices call it', async t => {
  const names: Record<RosterField, string[]> = {
    staffId: [
      'Số hiệu cán bộ',
      'Mã số CBCC',
      'Mã nhân viên',
      'MÃ CÁN BỘ',
      'Mã NV',
      'staffId',
      'Employee number',
    ],
    fullName: [
      'Họ và tên',
      'Họ tên',
      'HỌ VÀ TÊN',
      'Họ và tên (chữ in hoa)',
      'Họ, tên',
      'Full name',
      'fullName',
    ],
    familyName: ['Họ và tên đệm', 'Họ đệm', 'Họ và chữ lót'],
    givenName: ['Tên', 'Given name'],
    personalNumber: [
      'Số CCCD',
      'CMND',
      'CMND/CCCD',
      'Số định danh cá nhân',
      'Số CCCD của cán bộ',
      'Citizen ID',
    ],
    birthDay: ['Ngày sinh', 'Ngày, tháng, năm sinh', 'Ngày sinh (dd/mm/yyyy)', 'Date of birth', 'birthDay'],
    agency: ['Mã cơ quan', 'Mã đơn vị', 'Mã định danh điện tử', 'Agency code'],
    agencyName: [
      'Tên cơ quan',
      'Đơn vị',
      'Phòng/ban/đơn vị',
      'Phòng, ban',
      'Cơ quan, đơn vị công tác',
      'Department',
    ],
    staffClass: ['Loại', 'Đối tượng', 'Staff class'],
    title: ['Chức vụ', 'Chức danh', 'Chức vụ/chức danh', 'Chức vụ hiện nay', 'Title', 'Position'],
    phone: ['Số điện thoại', 'SĐT', 'Di động', 'ĐTDĐ', 'Điện thoại di động', 'Mobile'],
    email: ['Thư điện tử khác', 'Email', 'E-mail', 'Personal email'],
    address: ['Hộp thư công vụ', 'Thư điện tử công vụ', 'Email công vụ', 'Official email'],
    startDay: ['Ngày vào làm', 'Ngày tuyển dụng', 'Start day'],
    endDay: ['Ngày nghỉ hưu', 'Ngày thôi việc', 'End date'],
    absentFrom: ['Tạm không tính từ ngày', 'absentFrom'],
    absentUntil: ['Tạm không tính đến ngày', 'absentUntil'],
    absenceKind: ['Lý do tạm không tính', 'absenceKind'],
    absenceDocument: ['Số văn bản', 'Số quyết định', 'absenceDocument'],
  }
  const partner: Partial<Record<RosterField, string>> = { familyName: 'Tên', givenName: 'Họ đệm' }
  for (const [field, spellings] of Object.entries(names)) {
    for (const spelling of spellings) {
      const other = partner[field as RosterField]
      for (const form of [spelling, spelling.normalize('NFD'), `  ${spelling} * `]) {
        const { columns } = matchHeadings(other === undefined ? ['STT', form] : ['STT', form, other])
        t.equal(columns[field as RosterField], 1, form)
      }
    }
  }
})

t.test('what is not a field of ours is said so: a year of birth is no day, a grade no class', async t => {
  const match = matchHeadings(['TT', 'Họ và tên', 'Năm sinh', 'Ngạch', 'Ghi chú', '', 'Ngày sinh của con'])
  t.same(match.columns, { fullName: 1 })
  t.same(match.unmatched, [2, 3, 4, 6])
  t.same(match.ignored, [0, 5])
  t.same(match.twice, [])
})

t.test('a field that two columns are called by is left to a person', async t => {
  const match = matchHeadings(['Cơ quan', 'Họ tên', 'Phòng ban', 'Di động', 'Số điện thoại'])
  t.same(match.columns, { agencyName: 0, fullName: 1, phone: 3 })
  t.same(match.twice, [
    { field: 'agencyName', columns: [0, 2] },
    { field: 'phone', columns: [3, 4] },
  ])
})

t.test('a name in two columns, however it is headed', async t => {
  const rows = [
    ['1', 'Nguyễn Văn', 'An'],
    ['2', 'Trần Thị', 'Bình'],
    ['3', 'Lê', 'Cường'],
    ['4', 'Phạm Hữu', 'Đạt'],
  ]
  t.same(matchHeadings(['STT', 'Họ và tên đệm', 'Tên']).columns, { familyName: 1, givenName: 2 })
  t.same(matchHeadings(['STT', 'Họ', 'Tên']).columns, { familyName: 1, givenName: 2 })
  t.same(matchHeadings(['STT', 'Họ và tên', ''], rows).columns, { familyName: 1, givenName: 2 })
  const merged = matchHeadings(['STT', 'Họ và tên', 'Họ và tên'], rows)
  t.same([merged.columns, merged.twice], [{ familyName: 1, givenName: 2 }, []])
  t.same(matchHeadings(['STT', 'Tên', 'Chức vụ']).columns, { fullName: 1, title: 2 })
  t.same(matchHeadings(['STT', 'Họ và tên', 'Tên gọi'], rows).columns, { familyName: 1, givenName: 2 })
})

t.test('a column without a heading beside the name is none of it where it holds no given names', async t => {
  const beside = (cells: string[]) =>
    matchHeadings(
      ['Họ và tên', ''],
      cells.map(cell => ['Nguyễn Văn An', cell]),
    ).columns
  t.same(beside(['Nam', 'Nữ', 'Nam', 'Nữ']), { fullName: 0 })
  t.same(beside(['', '', '', '']), { fullName: 0 })
  t.same(beside(['1980', '1981', '1990', '2000']), { fullName: 0 })
  t.same(beside(['Trưởng phòng', 'Kế toán', 'Văn thư', 'Lái xe']), { fullName: 0 })
  t.same(matchHeadings(['Họ và tên', '']).columns, { fullName: 0 })
})

t.test('the form of a request of Nghệ An is recognised', async t => {
  const rows = [
    ['UBND TỈNH PHƯỚC AN', '', '', 'CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM', '', ''],
    ['SỞ NỘI VỤ', '', '', 'Độc lập - Tự do - Hạnh phúc', '', ''],
    ['DANH SÁCH ĐỀ NGHỊ CẤP HỘP THƯ', '', '', '', '', ''],
    ['STT', 'Họ và tên', 'Chức vụ', 'Phòng/ban/đơn vị', 'Số điện thoại', 'Nội dung đề nghị'],
    ['1', 'Nguyễn Văn An', 'Chuyên viên', 'Văn phòng', '0912000001', 'Cấp mới'],
  ]
  t.same(findHeadingRow(rows), { first: 3, last: 3, data: 4, fields: 4 })
  const match = matchHeadings(rows[3] ?? [])
  t.same(match.columns, { fullName: 1, title: 2, agencyName: 3, phone: 4 })
  t.same(match.unmatched, [5])
})

t.test('headings in two rows are one, and a row of column numbers is no person', async t => {
  const rows = [
    ['DANH SÁCH CÁN BỘ, CÔNG CHỨC', '', '', '', '', ''],
    ['Đơn vị tính: người', '', '', '', '', ''],
    ['STT', 'Họ và tên', 'Thông tin liên hệ', '', 'Cơ quan', ''],
    ['', '', 'Số điện thoại', 'Email', 'Mã', 'Tên'],
    ['(1)', '(2)', '(3)', '(4)', '(5)', '(6)'],
    ['1', 'Trần Thị Bình', '0912000002', 'b@phuocan.test', 'H99.05', 'Sở Nội vụ'],
  ]
  const found = findHeadingRow(rows)
  t.same(found, { first: 2, last: 3, data: 5, fields: 5 })
  const headings = joinHeadings(rows.slice(2, 4))
  t.same(headings, [
    'STT',
    'Họ và tên',
    'Thông tin liên hệ / Số điện thoại',
    'Thông tin liên hệ / Email',
    'Cơ quan / Mã',
    'Cơ quan / Tên',
  ])
  t.same(matchHeadings(headings).columns, { fullName: 1, phone: 2, email: 3, agency: 4, agencyName: 5 })
})

t.test('a day of birth in a column for men and one for women is asked about', async t => {
  const rows = [
    ['TT', 'Họ và tên', 'Ngày sinh', '', 'Chức vụ'],
    ['', '', 'Nam', 'Nữ', ''],
    ['1', 'Nguyễn Văn An', '05/02/1980', '', 'Văn thư'],
  ]
  const found = findHeadingRow(rows)
  t.same([found?.first, found?.last, found?.data], [0, 1, 2])
  t.same(matchHeadings(joinHeadings(rows.slice(0, 2))).twice, [{ field: 'birthDay', columns: [2, 3] }])
})

t.test('the first row of people is never taken for headings, nor are titles', async t => {
  const rows = [
    ['Đơn vị', 'Sở Nội vụ', ''],
    ['Mã số', 'Họ tên', 'Phòng'],
    ['a', 'Lê Thị Phòng', ''],
    ['b', 'Tên', ''],
  ]
  t.same(findHeadingRow(rows), { first: 1, last: 1, data: 2, fields: 2 })
})

t.test('headings of our names only, of none of our names, and none at all', async t => {
  t.same(findHeadingRow([['staffId', 'fullName', 'agency']]), { first: 0, last: 0, data: 1, fields: 3 })
  t.same(findHeadingRow([['Báo cáo'], ['x', 'y'], ['1', '2']]), { first: 1, last: 1, data: 2, fields: 0 })
  t.equal(findHeadingRow([['Báo cáo'], ['']]), null)
  t.equal(findHeadingRow([]), null)
})

t.test('headings in legacy text are found before it is known to be that', async t => {
  const headings = ['STT', 'Họ và tên', 'Chức vụ', 'Đơn vị']
  for (const old of [headings.map(toTcvn3), headings.map(toVni)]) {
    t.same(findHeadingRow([['x', 'y'], old]), { first: 1, last: 1, data: 2, fields: 3 })
  }
})

t.test('cells of brackets as long as cells can be do not hold up whoever reads them', async t => {
  const row = Array.from({ length: 4 }, (_, i) => '([(['[i % 4]?.repeat(32_767) ?? '')
  const before = performance.now()
  t.same(findHeadingRow(Array.from({ length: 40 }, () => row))?.fields, 0)
  t.ok(performance.now() - before < 5000)
})
