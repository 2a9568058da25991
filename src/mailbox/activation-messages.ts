/** What people read who are to set the password of their mailbox, and those who invite them. */
import type { SkipReason } from './invitation.ts'
import type { Locale } from './messages.ts'
import { PASSWORD_MOST, type PasswordFault, type PasswordPolicy } from './password-policy.ts'

// the rules ---------------------------------------------------------------------------------------------------------

/** The policy as a list, before anybody types. */
export function rulesOf(locale: Locale, { minLength, classes }: PasswordPolicy): string[] {
  return locale === 'vi'
    ? [
        `Từ ${minLength} ký tự trở lên.`,
        classes === 4
          ? 'Có chữ thường, chữ hoa, chữ số và ký hiệu (như # % + ?).'
          : `Có ít nhất ${classes} trong 4 loại: chữ thường, chữ hoa, chữ số, ký hiệu (như # % + ?).`,
        'Chỉ gồm chữ không dấu, chữ số và ký hiệu: hãy tắt bộ gõ tiếng Việt khi nhập.',
        'Không chứa họ tên, địa chỉ hộp thư, số hiệu cán bộ hay ngày sinh.',
        'Không phải mật khẩu dễ đoán hoặc đã từng bị lộ.',
      ]
    : [
        `${minLength} characters or more.`,
        classes === 4
          ? 'Small letters, capitals, digits and signs (such as # % + ?).'
          : `At least ${classes} of: small letters, capitals, digits, signs (such as # % + ?).`,
        'Only letters without diacritics, digits and signs.',
        'Not your name, address, staff number or birth date.',
        'Not easily guessed, and not known from a leak.',
      ]
}

const faults: Record<PasswordFault, Record<Locale, (policy: PasswordPolicy) => string>> = {
  missing: { vi: () => 'Chưa nhập mật khẩu.', en: () => 'No password yet.' },
  characters: {
    vi: () =>
      'Có chữ có dấu, ký tự lạ hoặc dấu cách ở đầu, cuối. Hãy tắt bộ gõ tiếng Việt rồi nhập lại: chỉ chữ không dấu, chữ số và ký hiệu.',
    en: () =>
      'There are letters with diacritics, unusual characters, or blanks at an end. Only plain letters, digits and signs.',
  },
  short: {
    vi: ({ minLength }) => `Còn ngắn: cần từ ${minLength} ký tự trở lên.`,
    en: ({ minLength }) => `Too short: ${minLength} characters or more.`,
  },
  long: {
    vi: () => `Quá dài: nhiều nhất ${PASSWORD_MOST} ký tự.`,
    en: () => `Too long: ${PASSWORD_MOST} characters at most.`,
  },
  classes: {
    vi: ({ classes }) =>
      classes === 4
        ? 'Cần có đủ chữ thường, chữ hoa, chữ số và ký hiệu.'
        : `Cần có ít nhất ${classes} trong 4 loại: chữ thường, chữ hoa, chữ số, ký hiệu.`,
    en: ({ classes }) =>
      classes === 4
        ? 'Small letters, capitals, digits and signs are all needed.'
        : `At least ${classes} of small letters, capitals, digits and signs are needed.`,
  },
  name: {
    vi: () => 'Có chứa họ tên hoặc địa chỉ hộp thư; hãy chọn chữ khác.',
    en: () => 'It contains your name or address; choose other words.',
  },
  number: {
    vi: () => 'Có chứa số hiệu cán bộ; hãy chọn số khác.',
    en: () => 'It contains your staff number; choose other digits.',
  },
  date: {
    vi: () => 'Có chứa ngày tháng năm, dễ đoán ra ngày sinh; hãy chọn số khác.',
    en: () => 'It contains a date, the first thing to be guessed; choose other digits.',
  },
  simple: {
    vi: () => 'Ký tự lặp lại hoặc liền nhau trên bàn phím nên dễ đoán; hãy chọn cách khác.',
    en: () => 'Repeated or neighbouring characters are easily guessed; choose another.',
  },
  leaked: {
    vi: () => 'Mật khẩu này dễ đoán hoặc nằm trong danh sách đã bị lộ; hãy chọn mật khẩu khác.',
    en: () => 'This is easily guessed or known from a leak; choose another.',
  },
}

export function faultText(locale: Locale, fault: PasswordFault, policy: PasswordPolicy): string {
  return faults[fault][locale](policy)
}

// the pages ---------------------------------------------------------------------------------------------------------

export const pageWords = {
  vi: {
    title: 'Kích hoạt hộp thư',
    forgottenTitle: 'Đặt lại mật khẩu hộp thư',
    codeTitle: 'Kích hoạt hộp thư',
    codeLead: 'Nhập mã in trên phiếu kích hoạt, gồm 12 chữ và số.',
    code: 'Mã kích hoạt',
    codeHint: 'Ví dụ: 7K3M-2XQ9-D4TB. Chữ hoa hay chữ thường, có hay không có gạch nối đều được.',
    codeMissing: 'Chưa nhập mã.',
    codeWrong:
      'Mã này không dùng được: có thể nhập chưa đúng, đã dùng, đã có mã mới hơn hoặc đã hết hạn. Xin kiểm tra lại từng nhóm; nếu vẫn không được, hãy đề nghị quản trị viên của cơ quan cấp phiếu mới.',
    next: 'Tiếp tục',
    hello: 'Kính gửi',
    address: 'Địa chỉ hộp thư',
    lead: 'Xin đặt mật khẩu để bắt đầu sử dụng hộp thư công vụ.',
    forgottenLead: 'Xin đặt mật khẩu mới; mật khẩu cũ sẽ không dùng được nữa.',
    rules: 'Yêu cầu đối với mật khẩu',
    password: 'Mật khẩu mới',
    again: 'Nhập lại mật khẩu mới',
    differ: 'Hai lần nhập không giống nhau; xin nhập lại.',
    againMissing: 'Xin nhập lại mật khẩu lần nữa.',
    set: 'Đặt mật khẩu',
    until: 'Liên kết này dùng được một lần, đến hết ngày',
    notYou: 'Nếu không phải Anh/Chị, xin đóng trang này và báo quản trị viên của cơ quan.',
    faulty: 'Chưa đặt được mật khẩu; xin sửa mục được đánh dấu.',
    away: 'Hệ thống thư tạm thời chưa kết nối được. Mật khẩu chưa được đặt, liên kết vẫn còn dùng được: xin quay lại sau ít phút.',
    suspended:
      'Hộp thư này đang tạm khoá nên chưa đặt được mật khẩu. Liên kết vẫn còn dùng được; xin liên hệ quản trị viên của cơ quan.',
    refused:
      'Hệ thống thư không nhận mật khẩu cho hộp thư này. Chưa có gì thay đổi; xin liên hệ quản trị viên của cơ quan.',
    taken:
      'Một yêu cầu khác đang dùng liên kết này. Nếu Anh/Chị vừa bấm nút hai lần, mật khẩu đã được đặt: hãy thử đăng nhập. Nếu không, xin mở lại liên kết sau một phút.',
    closedTitle: 'Liên kết không còn dùng được',
    closed:
      'Liên kết này có thể đã được dùng, đã có liên kết mới hơn, đã hết hạn hoặc chưa được chép đủ. Vì lý do an toàn, trang này không cho biết cụ thể.',
    closedDone:
      'Nếu Anh/Chị vừa đặt mật khẩu xong, hãy đăng nhập bằng mật khẩu đó; không cần mở lại liên kết.',
    closedAsk:
      'Nếu chưa, hãy đề nghị quản trị viên của cơ quan gửi liên kết mới hoặc cấp phiếu kích hoạt mới.',
    closedCode: 'Nhập mã trên phiếu kích hoạt',
    slowTitle: 'Thử quá nhiều lần',
    slow: 'Đã có quá nhiều lần thử không đúng từ nơi này. Xin chờ một phút rồi thử lại.',
    doneTitle: 'Đã đặt mật khẩu',
    done: 'Hộp thư đã sẵn sàng. Từ nay Anh/Chị đăng nhập bằng địa chỉ và mật khẩu vừa đặt.',
    webmail: 'Mở hộp thư trên trình duyệt',
    phone: 'Thêm hộp thư vào điện thoại và máy tính',
    servers: 'Thông số máy chủ',
    incoming: 'Thư đến (IMAP)',
    outgoing: 'Thư đi (SMTP)',
    server: 'Máy chủ',
    port: 'Cổng',
    security: 'Bảo mật',
    securities: { tls: 'SSL/TLS', starttls: 'STARTTLS' },
    user: 'Tên đăng nhập',
    userIs: 'địa chỉ hộp thư, ghi đầy đủ',
    devices: [
      {
        name: 'iPhone, iPad',
        steps: [
          'Mở Cài đặt, chọn Ứng dụng, Mail, Tài khoản Mail, Thêm tài khoản, Khác, Thêm tài khoản Mail.',
          'Nhập họ tên, địa chỉ hộp thư và mật khẩu vừa đặt, bấm Tiếp.',
          'Giữ mục IMAP; ở cả hai mục máy chủ thư đến và thư đi nhập tên máy chủ bên dưới, tên đăng nhập là địa chỉ hộp thư, mật khẩu vừa đặt, rồi bấm Tiếp.',
          'Để mục Mail ở trạng thái bật, bấm Lưu.',
        ],
      },
      {
        name: 'Điện thoại Android (Gmail)',
        steps: [
          'Mở ứng dụng Gmail, bấm ảnh đại diện ở góc trên, chọn Thêm tài khoản khác, rồi chọn Khác.',
          'Nhập địa chỉ hộp thư, chọn Cá nhân (IMAP), nhập mật khẩu vừa đặt.',
          'Máy chủ thư đến: nhập tên máy chủ, cổng và kiểu bảo mật bên dưới. Máy chủ thư đi: cũng vậy.',
          'Bấm Tiếp theo đến khi xong.',
        ],
      },
      {
        name: 'Outlook trên máy tính',
        steps: [
          'Mở Outlook, chọn Tệp, Thêm tài khoản, nhập địa chỉ hộp thư.',
          'Chọn thiết lập thủ công, rồi chọn IMAP.',
          'Nhập tên máy chủ, cổng và kiểu bảo mật của thư đến và thư đi như bên dưới.',
          'Nhập mật khẩu vừa đặt, bấm Kết nối.',
        ],
      },
    ],
  },
  en: {
    title: 'Activate the mailbox',
    forgottenTitle: 'Set a new mailbox password',
    codeTitle: 'Activate the mailbox',
    codeLead: 'Enter the code printed on the activation slip: 12 letters and digits.',
    code: 'Activation code',
    codeHint: 'For example 7K3M-2XQ9-D4TB. Capitals or small letters, with or without the dashes.',
    codeMissing: 'No code yet.',
    codeWrong:
      'This code cannot be used: it may be mistyped, used, replaced by a newer one or out of date. Check each group; if it still does not work, ask your agency’s administrator for a new slip.',
    next: 'Continue',
    hello: 'For',
    address: 'Mailbox address',
    lead: 'Set a password to begin using your official mailbox.',
    forgottenLead: 'Set a new password; the old one will no longer work.',
    rules: 'What the password must be',
    password: 'New password',
    again: 'The new password again',
    differ: 'The two are not the same; type them again.',
    againMissing: 'Type the password once more.',
    set: 'Set the password',
    until: 'This link can be used once, until the end of',
    notYou: 'If this is not you, close this page and tell your agency’s administrator.',
    faulty: 'The password was not set; mend what is marked.',
    away: 'The mail system cannot be reached right now. No password was set and the link is still good: come back in a few minutes.',
    suspended:
      'This mailbox is suspended, so no password was set. The link is still good; ask your agency’s administrator.',
    refused:
      'The mail system took no password for this mailbox. Nothing was changed; ask your agency’s administrator.',
    taken:
      'Another request is using this link. If you pressed the button twice, the password is set: try to sign in. If not, open the link again in a minute.',
    closedTitle: 'This link can no longer be used',
    closed:
      'It may have been used, replaced by a newer one, be out of date, or not be copied whole. For safety this page does not say which.',
    closedDone: 'If you have just set your password, sign in with it; the link is not needed again.',
    closedAsk: 'If not, ask your agency’s administrator for a new link or a new activation slip.',
    closedCode: 'Enter the code of an activation slip',
    slowTitle: 'Too many tries',
    slow: 'There were too many wrong tries from here. Wait a minute and try again.',
    doneTitle: 'The password is set',
    done: 'The mailbox is ready. From now on sign in with its address and the password you have just set.',
    webmail: 'Open the mailbox in the browser',
    phone: 'Add the mailbox to a phone or computer',
    servers: 'Server settings',
    incoming: 'Incoming (IMAP)',
    outgoing: 'Outgoing (SMTP)',
    server: 'Server',
    port: 'Port',
    security: 'Security',
    securities: { tls: 'SSL/TLS', starttls: 'STARTTLS' },
    user: 'User name',
    userIs: 'the whole mailbox address',
    devices: [
      {
        name: 'iPhone, iPad',
        steps: [
          'Open Settings, Apps, Mail, Mail Accounts, Add Account, Other, Add Mail Account.',
          'Enter your name, the mailbox address and the password you have just set; tap Next.',
          'Keep IMAP; for both the incoming and the outgoing server enter the server name below, the mailbox address as user name, and the password; tap Next.',
          'Leave Mail switched on and tap Save.',
        ],
      },
      {
        name: 'Android phone (Gmail)',
        steps: [
          'Open Gmail, tap your picture at the top, Add another account, then Other.',
          'Enter the mailbox address, choose Personal (IMAP), enter the password you have just set.',
          'Incoming server: enter the server name, port and security below. Outgoing server: likewise.',
          'Tap Next until it is done.',
        ],
      },
      {
        name: 'Outlook on a computer',
        steps: [
          'Open Outlook, choose File, Add Account, enter the mailbox address.',
          'Choose to set it up manually, then IMAP.',
          'Enter server name, port and security of incoming and outgoing mail as below.',
          'Enter the password you have just set and choose Connect.',
        ],
      },
    ],
  },
} as const

// inviting ----------------------------------------------------------------------------------------------------------

const skips: Record<SkipReason, Record<Locale, string>> = {
  unknown_address: { vi: 'không có hộp thư này', en: 'no such mailbox' },
  no_holder: { vi: 'hộp thư chưa gắn với cán bộ nào', en: 'nobody holds this mailbox' },
  suspended: { vi: 'hộp thư đang tạm khoá', en: 'the mailbox is suspended' },
  left: {
    vi: 'cán bộ đã thôi công tác; hộp thư chờ tạm khoá theo đề xuất thay đổi',
    en: 'the holder has left; the mailbox waits to be suspended by a plan',
  },
  not_on_platform: {
    vi: 'hộp thư không còn trên hệ thống thư; hãy lập đề xuất mới',
    en: 'the mailbox is gone from the platform; make a new plan',
  },
  already_activated: {
    vi: 'đã kích hoạt; nếu quên mật khẩu, hãy nêu rõ địa chỉ',
    en: 'already activated; if the password is forgotten, name the address',
  },
  no_other_address: {
    vi: 'danh sách cán bộ chưa có địa chỉ khác; hãy dùng phiếu in: --sheet TỆP.pdf',
    en: 'the roster has no other address; use a hand-out sheet: --sheet FILE.pdf',
  },
  mail_refused: { vi: 'máy chủ thư không nhận thư mời', en: 'the mail server refused the letter' },
  mail_unknown: {
    vi: 'máy chủ thư không trả lời, thư có thể đã đi; hãy chạy lại',
    en: 'the mail server gave no answer, the letter may have gone; run again',
  },
  mail_unreachable: {
    vi: 'không kết nối được máy chủ thư; hãy chạy lại',
    en: 'the mail server cannot be reached; run again',
  },
}

export function skipText(locale: Locale, reason: SkipReason): string {
  return skips[reason][locale]
}

export const inviteWords = {
  vi: {
    invited: 'Đã mời kích hoạt',
    mailed: 'gửi thư',
    printed: 'in phiếu',
    skipped: 'chưa mời được',
    nobody: 'Không còn ai chờ kích hoạt.',
    keep: 'Tệp phiếu có mã kích hoạt: chỉ in và giao tận tay, xong thì xoá.',
    more: 'và còn nữa; xem đủ bằng --json',
  },
  en: {
    invited: 'Invited',
    mailed: 'by mail',
    printed: 'on the sheet',
    skipped: 'not invited',
    nobody: 'Nobody waits for activation.',
    keep: 'The sheet holds activation codes: print it, hand it out, delete it.',
    more: 'and more; all of them with --json',
  },
} as const

export type LetterFacts = {
  name: string
  address: string
  agency: string
  link: string
  /** Last day it can be used, as it is shown. */
  day: string
  forgotten: boolean
}

/** The mail with the link. */
export function letterText(locale: Locale, facts: LetterFacts): { subject: string; text: string } {
  return locale === 'vi' ? letterVi(facts) : letterEn(facts)
}

function letterVi({ name, address, agency, link, day, forgotten }: LetterFacts) {
  const subject = forgotten ? `Đặt lại mật khẩu hộp thư ${address}` : `Kích hoạt hộp thư ${address}`
  const first = forgotten
    ? `Quản trị viên của cơ quan đã mở lại việc đặt mật khẩu cho hộp thư công vụ của Anh/Chị:`
    : `Anh/Chị đã được cấp hộp thư công vụ:`
  const text = `Kính gửi Anh/Chị ${name}${agency === '' ? '' : ` (${agency})`},

${first}

    ${address}

Để đặt mật khẩu, xin mở liên kết sau (dùng được một lần, đến hết ngày ${day}):

${link}

Trang này sẽ nêu yêu cầu đối với mật khẩu và cách thêm hộp thư vào điện thoại.

Không chuyển thư này cho người khác: ai mở liên kết cũng có thể đặt mật khẩu.
Nếu liên kết không dùng được, hoặc Anh/Chị không chờ thư này, xin liên hệ quản trị viên của cơ quan.
Đây là thư tự động, xin không trả lời.
`
  return { subject, text }
}

function letterEn({ name, address, agency, link, day, forgotten }: LetterFacts) {
  const subject = forgotten ? `New password for the mailbox ${address}` : `Activate the mailbox ${address}`
  const first = forgotten
    ? 'Your agency’s administrator lets you set a new password for your official mailbox:'
    : 'You have been given an official mailbox:'
  const text = `To ${name}${agency === '' ? '' : ` (${agency})`},

${first}

    ${address}

To set its password, open this link (it can be used once, until the end of ${day}):

${link}

The page tells what the password must be and how to add the mailbox to a phone.

Do not pass this mail on: whoever opens the link can set the password.
If the link does not work, or you did not expect this mail, ask your agency’s administrator.
This mail was sent automatically; please do not answer it.
`
  return { subject, text }
}

// the sheet ---------------------------------------------------------------------------------------------------------

export type SheetWords = {
  title: string
  page: (agency: string, number: number) => string
  cut: string
  until: (day: string) => string
  /** `place` is the address of the page where a code is typed in. */
  steps: (place: string) => readonly string[]
  code: string
  care: string
}

export const sheetWords: Record<Locale, SheetWords> = {
  vi: {
    title: 'Phiếu kích hoạt hộp thư công vụ',
    page: (agency, number) => `${agency} · tờ ${number}`,
    cut: 'Cắt theo đường kẻ, giao tận tay từng người.',
    until: day => `Dùng được một lần, đến hết ngày ${day}`,
    steps: place => [
      `Quét mã QR bằng máy ảnh điện thoại; hoặc mở ${place} và nhập mã:`,
      'Đặt mật khẩu theo yêu cầu ghi trên trang, rồi thêm hộp thư vào điện thoại theo hướng dẫn.',
    ],
    code: 'Mã kích hoạt',
    care: 'Không chụp, không đưa phiếu cho người khác. Mất phiếu hoặc không dùng được: báo quản trị viên của cơ quan.',
  },
  en: {
    title: 'Mailbox activation slip',
    page: (agency, number) => `${agency} · sheet ${number}`,
    cut: 'Cut along the lines and hand each slip to its person.',
    until: day => `Can be used once, until the end of ${day}`,
    steps: place => [
      `Scan the QR code with the phone’s camera; or open ${place} and enter:`,
      'Set a password as the page asks, then add the mailbox to the phone as it shows.',
    ],
    code: 'Activation code',
    care: 'Take no picture and pass it to nobody. If it is lost or does not work, tell your agency’s administrator.',
  },
}

// inviting from the pages -------------------------------------------------------------------------------------------

export const invitePageWords = {
  vi: {
    title: 'Mời đặt mật khẩu',
    address: 'Hộp thư',
    other: 'Địa chỉ khác',
    noOther: 'chưa có trong danh sách cán bộ',
    choose: 'Liên kết và phiếu trước đây của hộp thư này sẽ không còn dùng được.',
    byMail: 'Gửi liên kết đến địa chỉ khác',
    bySlip: 'Hiện phiếu để in',
    sent: (to: string) => `Đã gửi liên kết đến ${to}.`,
    notInvited: 'Chưa mời được:',
    once: 'Phiếu chỉ hiện một lần: in trang này ngay (Ctrl+P) và giao tận tay người có tên.',
    qr: 'Mã QR của liên kết kích hoạt',
    back: 'Về hộp thư',
    backToAgency: 'Về cơ quan',
    sheetTitle: 'Phiếu kích hoạt',
    nobody: 'Cơ quan này không còn ai chờ kích hoạt nên không có phiếu để in.',
  },
  en: {
    title: 'Invite to set a password',
    address: 'Mailbox',
    other: 'Other address',
    noOther: 'not in the roster',
    choose: 'Earlier links and slips of this mailbox will no longer work.',
    byMail: 'Send a link to the other address',
    bySlip: 'Show a slip to print',
    sent: (to: string) => `A link was sent to ${to}.`,
    notInvited: 'Not invited:',
    once: 'The slip is shown once: print this page now (Ctrl+P) and hand it to the person named.',
    qr: 'QR code of the activation link',
    back: 'To the mailbox',
    backToAgency: 'To the agency',
    sheetTitle: 'Activation slips',
    nobody: 'Nobody of this agency waits for activation, so there is no slip to print.',
  },
} as const
