/** What the pages of operators and of the audit say, in Vietnamese and English. */
import type { AuditAction } from './audit.ts'
import type { Locale } from './messages.ts'

type AuditWords = Record<
  | 'title'
  | 'intro'
  | 'at'
  | 'who'
  | 'what'
  | 'whom'
  | 'agency'
  | 'detail'
  | 'all'
  | 'day'
  | 'filter'
  | 'older'
  | 'newest'
  | 'none'
  | 'noneText'
  | 'verify'
  | 'local'
  | 'anonymous'
  | 'forgotten',
  string
> & { whole: (entries: number) => string; broken: (first: number | null) => string }

type OperatorWords = Record<
  | 'title'
  | 'name'
  | 'role'
  | 'scope'
  | 'whole'
  | 'lastSignIn'
  | 'never'
  | 'state'
  | 'add'
  | 'nameHint'
  | 'agency'
  | 'agencyHint'
  | 'agencyOwn'
  | 'manage'
  | 'submit'
  | 'link'
  | 'disable'
  | 'disabled'
  | 'linkTitle'
  | 'linkText'
  | 'next'
  | 'none'
  | 'noneText'
  | 'badName'
  | 'taken'
  | 'badRole'
  | 'badAgency'
  | 'needsAgency'
  | 'notSelf'
  | 'gone',
  string
> & { states: Record<'active' | 'invited' | 'disabled', string> }

type Words = {
  audit: AuditWords
  operators: OperatorWords
  actions: Record<AuditAction, string>
  /** Names of what a detail holds; one that is not here is shown as it is. */
  details: Record<string, string>
  /** Codes a detail may hold, in words; one that is not here is shown as it is. */
  values: Record<string, string>
  yes: string
  no: string
}

const vi: Words = {
  audit: {
    title: 'Nhật ký truy vết',
    intro:
      'Mỗi dòng ghi lại một việc đã làm hoặc đã xem; chỉ ghi thêm, không sửa, không xoá. Tên chỉ được tra khi hiển thị.',
    at: 'Thời điểm',
    who: 'Người thực hiện',
    what: 'Việc',
    whom: 'Đối tượng',
    agency: 'Cơ quan',
    detail: 'Chi tiết',
    all: 'Tất cả các việc',
    day: 'Ngày',
    filter: 'Lọc',
    older: 'Dòng cũ hơn',
    newest: 'Về dòng mới nhất',
    none: 'Không có dòng nào',
    noneText: 'Chưa có việc nào được ghi trong phạm vi đã chọn. Thử chọn ngày khác hoặc tất cả các việc.',
    verify: 'Kiểm tra chuỗi',
    local: 'Dòng lệnh trên máy chủ',
    anonymous: 'Chưa đăng nhập',
    forgotten: 'không còn lưu tên',
    whole: entries => `Chuỗi nhật ký còn nguyên vẹn: ${entries.toLocaleString('vi-VN')} dòng.`,
    broken: first =>
      `Chuỗi nhật ký đã bị thay đổi, bắt đầu từ dòng ${first?.toLocaleString('vi-VN') ?? '–'}.`,
  },
  operators: {
    title: 'Người dùng',
    name: 'Tên đăng nhập',
    role: 'Vai trò',
    scope: 'Phạm vi',
    whole: 'Toàn hệ thống',
    lastSignIn: 'Đăng nhập gần nhất',
    never: 'chưa đăng nhập',
    state: 'Tình trạng',
    add: 'Thêm người dùng',
    nameHint: 'Chữ không dấu, chữ số và . _ @ -, từ 2 đến 64 ký tự; ví dụ nguyen.van.an',
    agency: 'Mã cơ quan',
    agencyHint: 'Để trống nếu phạm vi là toàn hệ thống.',
    agencyOwn: 'Cơ quan trong phạm vi của bạn, ví dụ H99.01',
    manage: 'Thao tác',
    submit: 'Thêm và tạo liên kết',
    link: 'Tạo liên kết',
    disable: 'Ngừng quyền',
    disabled: 'Đã ngừng quyền đăng nhập và kết thúc các phiên đang mở.',
    linkTitle: 'Liên kết đăng nhập một lần',
    linkText: 'Chỉ hiển thị lần này, có hiệu lực 72 giờ. Xin chuyển cho đúng người qua kênh an toàn.',
    next: 'Trang sau',
    none: 'Chưa có người dùng nào',
    noneText: 'Thêm người đầu tiên bằng biểu mẫu bên dưới.',
    badName: 'Tên đăng nhập gồm 2 đến 64 chữ không dấu, chữ số và . _ @ -',
    taken: 'Tên đăng nhập này đã có người dùng.',
    badRole: 'Xin chọn một vai trò.',
    badAgency: 'Không có cơ quan nào mang mã này trong phạm vi của bạn.',
    needsAgency: 'Vai trò và phạm vi này cần mã cơ quan.',
    notSelf: 'Không thể ngừng quyền của chính mình; xin nhờ quản trị khác.',
    gone: 'Người dùng này đã ngừng quyền từ trước; chưa thay đổi gì.',
    states: { active: 'đang hoạt động', invited: 'chưa đặt mật khẩu', disabled: 'đã ngừng quyền' },
  },
  actions: {
    'session.opened': 'Đăng nhập',
    'session.refused': 'Đăng nhập không thành công',
    'session.ended': 'Đăng xuất hoặc kết thúc phiên',
    'link.made': 'Tạo liên kết đăng nhập',
    'link.used': 'Đăng nhập bằng liên kết',
    'password.set': 'Đặt mật khẩu',
    'operator.added': 'Thêm người dùng',
    'operator.disabled': 'Ngừng quyền người dùng',
    export: 'Xuất dữ liệu',
    'people.listed': 'Xem danh sách cán bộ theo tình trạng',
    'person.viewed': 'Xem hoạt động của một người',
    'plan.made': 'Lập đề xuất thay đổi',
    'plan.applied': 'Phê duyệt và thực hiện đề xuất',
    'run.approved': 'Phê duyệt lượt chạy',
    'roster.synced': 'Đồng bộ danh sách cán bộ',
    'roster.imported': 'Nhập danh sách cán bộ từ tệp',
    'agency.opened': 'Thêm cơ quan',
    'agency.changed': 'Thay đổi cơ quan',
    'agency.closed': 'Cho cơ quan thôi hoạt động',
    'agency.scheduled': 'Ghi thay đổi cơ quan cho ngày sắp tới',
    'agency.withdrawn': 'Rút lại thay đổi cơ quan',
    'review.answered': 'Trả lời trường hợp cần xác minh',
    'holding.answered': 'Trả lời về người chờ chuyển công tác',
    'roster.confirmed': 'Xác nhận danh sách',
    'decision.announced': 'Nhập biến động theo quyết định',
    'decision.withdrawn': 'Rút lại biến động đang chờ',
    'decision.scanned': 'Tải bản chụp quyết định',
    'absence.entered': 'Nhập thời gian tạm không tính',
    'absence.changed': 'Sửa thời gian tạm không tính',
    'activity.ingested': 'Đọc nhật ký thư',
    'activity.swept': 'Quét hộp thư',
    'night.run': 'Chạy lượt đêm',
    'mailbox.invited': 'Cấp liên kết kích hoạt hộp thư',
    'mailbox.activated': 'Kích hoạt hộp thư',
    'target.changed': 'Thay đổi mục tiêu',
    'database.migrated': 'Nâng cấp cơ sở dữ liệu',
    'backup.made': 'Sao lưu',
    'backup.restored': 'Khôi phục bản sao lưu',
  },
  details: {
    action: 'việc',
    answer: 'câu trả lời',
    kind: 'loại',
    review: 'trường hợp',
    staff: 'số người',
    already: 'đã có sẵn',
    bytes: 'byte',
    asOf: 'số liệu ngày',
    channel: 'cách trao',
    count: 'số lượng',
    day: 'ngày',
    done: 'hoàn tất',
    error: 'lỗi',
    exit: 'mã kết quả',
    failed: 'chưa thành công',
    force: 'vượt ngưỡng',
    format: 'định dạng',
    invited: 'đã mời',
    lines: 'số dòng nhật ký',
    decision: 'quyết định',
    plan: 'đề xuất',
    read: 'đã đọc',
    refused: 'bị từ chối',
    role: 'vai trò',
    purpose: 'mục đích',
    rows: 'số dòng',
    run: 'lượt chạy',
    searched: 'có tìm theo từ',
    sessions: 'số phiên',
    shown: 'số mục hiển thị',
    skipped: 'bỏ qua',
    stage: 'mức sử dụng',
    state: 'trạng thái',
    step: 'bước',
    tables: 'số bảng',
    what: 'nội dung',
  },
  values: {
    all: 'tất cả',
    'chua-cap': 'chưa được cấp',
    'chua-kich-hoat': 'đã cấp, chưa kích hoạt',
    'khong-su-dung': 'không phát sinh sử dụng',
    'chua-thuong-xuyen': 'chưa đạt mức thường xuyên',
    'thuong-xuyen': 'sử dụng thường xuyên',
    'khong-thuoc-dien': 'không thuộc diện cấp',
    'kich-hoat-cham': 'đã cấp quá 14 ngày, chưa kích hoạt',
    'khong-khop': 'có sử dụng, không có hộp thư đang hoạt động',
    adoption: 'số liệu sử dụng',
    people: 'danh sách cán bộ',
    mailbox: 'một hộp thư',
    mailboxes: 'danh sách hộp thư',
    reviews: 'danh sách cần xác minh',
    holding: 'danh sách chờ chuyển công tác',
    roster: 'danh sách của cơ quan',
    movements: 'biến động của lượt chạy',
    rejections: 'mục không nhận của lượt chạy',
    same: 'cùng một người',
    different: 'hai người khác nhau',
    stays: 'vẫn công tác',
    left: 'đã nghỉ',
    later: 'để sau',
    sameName: 'trùng họ tên',
    sameStaffId: 'trùng số hiệu',
    recreated: 'mục được lập lại',
    duplicate: 'hai dòng giống nhau',
    reusedKey: 'mã khoá đổi người',
    swappedName: 'đổi họ tên cho nhau',
    missing: 'không còn trong danh sách',
    planned: 'đề xuất',
    invited: 'đã gửi kích hoạt',
    active: 'đang hoạt động',
    locked: 'bị khoá',
    suspended: 'tạm khoá',
    archived: 'lưu trữ',
    removed: 'đã xoá',
    mail: 'thư điện tử',
    sheet: 'phiếu',
    first: 'đặt mật khẩu lần đầu',
    forgotten: 'đặt lại mật khẩu',
    start: 'bắt đầu',
    end: 'kết thúc',
    admin: 'quản trị hệ thống',
    'agency-admin': 'quản trị cơ quan',
    head: 'lãnh đạo cơ quan',
    viewer: 'xem số liệu',
    auditor: 'kiểm tra, giám sát',
  },
  yes: 'có',
  no: 'không',
}

const en: Words = {
  audit: {
    title: 'Audit',
    intro:
      'Each line is something done or seen; lines are only added, never changed or removed. Names are looked up for showing only.',
    at: 'When',
    who: 'Who',
    what: 'What',
    whom: 'Whom',
    agency: 'Agency',
    detail: 'Detail',
    all: 'Everything',
    day: 'Day',
    filter: 'Filter',
    older: 'Older lines',
    newest: 'Back to the newest',
    none: 'No lines',
    noneText: 'Nothing was recorded for this choice. Try another day, or everything.',
    verify: 'Verify the chain',
    local: 'Command line on the server',
    anonymous: 'Not signed in',
    forgotten: 'name no longer kept',
    whole: entries => `The chain is whole: ${entries.toLocaleString('en-GB')} entries.`,
    broken: first => `The chain was changed, from entry ${first?.toLocaleString('en-GB') ?? '–'} on.`,
  },
  operators: {
    title: 'Operators',
    name: 'Name',
    role: 'Role',
    scope: 'Scope',
    whole: 'Whole installation',
    lastSignIn: 'Last sign-in',
    never: 'never signed in',
    state: 'State',
    add: 'Add an operator',
    nameHint: 'Letters a to z, digits and . _ @ -, 2 to 64 characters; such as nguyen.van.an',
    agency: 'Code of the agency',
    agencyHint: 'Empty for the whole installation.',
    agencyOwn: 'An agency within your scope, such as H99.01',
    manage: 'Actions',
    submit: 'Add and make a link',
    link: 'Make a link',
    disable: 'Disable',
    disabled: 'They may no longer sign in; open sessions are ended.',
    linkTitle: 'One-time sign-in link',
    linkText: 'Shown only now, good for 72 hours. Hand it to the right person over a safe channel.',
    next: 'Next page',
    none: 'No operators yet',
    noneText: 'Add the first one with the form below.',
    badName: 'A name is 2 to 64 letters a to z, digits and . _ @ -',
    taken: 'This name is taken.',
    badRole: 'Choose a role.',
    badAgency: 'No agency within your scope has this code.',
    needsAgency: 'This role and scope need the code of an agency.',
    notSelf: 'You cannot disable yourself; ask another administrator.',
    gone: 'They were disabled before; nothing was changed.',
    states: { active: 'active', invited: 'no password yet', disabled: 'disabled' },
  },
  actions: {
    'session.opened': 'Signed in',
    'session.refused': 'Sign-in refused',
    'session.ended': 'Signed out, or session ended',
    'link.made': 'Made a sign-in link',
    'link.used': 'Signed in by link',
    'password.set': 'Set a password',
    'operator.added': 'Added an operator',
    'operator.disabled': 'Disabled an operator',
    export: 'Took out data',
    'people.listed': 'Looked at a list of names',
    'person.viewed': 'Looked at one person’s activity',
    'plan.made': 'Made a plan',
    'plan.applied': 'Approved and applied a plan',
    'run.approved': 'Approved a run',
    'roster.synced': 'Synced the roster',
    'roster.imported': 'Imported the roster from a file',
    'agency.opened': 'Opened an agency',
    'agency.changed': 'Changed an agency',
    'agency.closed': 'Closed an agency',
    'agency.scheduled': 'Entered a change of an agency for a day to come',
    'agency.withdrawn': 'Withdrew a change of an agency',
    'review.answered': 'Answered a review',
    'holding.answered': 'Answered about somebody waiting to move',
    'roster.confirmed': 'Confirmed a list',
    'decision.announced': 'Announced by a decision',
    'decision.withdrawn': 'Withdrew an announcement',
    'decision.scanned': 'Took the scan of a decision',
    'absence.entered': 'Entered an absence',
    'absence.changed': 'Changed an absence',
    'activity.ingested': 'Read mail logs',
    'activity.swept': 'Swept the mailboxes',
    'night.run': 'Ran the night',
    'mailbox.invited': 'Issued an activation link',
    'mailbox.activated': 'Activated a mailbox',
    'target.changed': 'Changed a target',
    'database.migrated': 'Brought the database up',
    'backup.made': 'Made a backup',
    'backup.restored': 'Restored a backup',
  },
  details: { asOf: 'figures of', searched: 'searched by a word', exit: 'exit status' },
  values: {
    'chua-cap': 'not issued yet',
    'chua-kich-hoat': 'issued, not activated',
    'khong-su-dung': 'without use',
    'chua-thuong-xuyen': 'not regular yet',
    'thuong-xuyen': 'using regularly',
    'khong-thuoc-dien': 'not required to have one',
    'kich-hoat-cham': 'issued over 14 days ago, not activated',
    'khong-khop': 'use without an active mailbox',
    adoption: 'figures',
    sheet: 'slip',
  },
  yes: 'yes',
  no: 'no',
}

export const auditWords: Record<Locale, Words> = { vi, en }
