/** What access says to people, in Vietnamese and English: signing in, the account, the command line. */
import type { Role } from './access.ts'
import type { PasswordProblem } from './password-policy.ts'

export type Locale = 'vi' | 'en'

type Words = {
  roles: Record<Role, string>
  command: {
    link: (name: string, role: string, agency: string | null) => string
    disabled: (name: string) => string
  }
  signIn: Record<
    | 'title'
    | 'name'
    | 'password'
    | 'submit'
    | 'help'
    | 'wrong'
    | 'linkTitle'
    | 'linkText'
    | 'linkSubmit'
    | 'deadTitle'
    | 'deadText'
    | 'toSignIn',
    string
  > & { wait: (seconds: number) => string }
  account: Record<
    | 'title'
    | 'name'
    | 'role'
    | 'scope'
    | 'whole'
    | 'change'
    | 'passwordTitle'
    | 'first'
    | 'current'
    | 'wanted'
    | 'again'
    | 'rule'
    | 'save'
    | 'differs'
    | 'currentWrong'
    | 'saved'
    | 'sessions'
    | 'since'
    | 'seen'
    | 'here'
    | 'end'
    | 'endOthers'
    | 'ended'
    | 'noSession',
    string
  >
  password: Record<PasswordProblem, string>
}

const vi: Words = {
  roles: {
    admin: 'Quản trị hệ thống',
    'agency-admin': 'Quản trị cơ quan',
    head: 'Lãnh đạo cơ quan',
    viewer: 'Xem số liệu',
    auditor: 'Kiểm tra, giám sát',
  },
  command: {
    link: (name, role, agency) =>
      `Liên kết đăng nhập một lần của ${name} (${role}${agency === null ? '' : `, ${agency}`}), có hiệu lực 72 giờ:`,
    disabled: name => `Đã ngừng quyền đăng nhập của ${name} và kết thúc các phiên đang mở.`,
  },
  signIn: {
    title: 'Đăng nhập',
    name: 'Tên đăng nhập',
    password: 'Mật khẩu',
    submit: 'Đăng nhập',
    help: 'Chưa có hoặc quên mật khẩu: xin quản trị hệ thống cấp liên kết đăng nhập một lần.',
    wrong:
      'Tên đăng nhập hoặc mật khẩu chưa đúng. Xin kiểm tra rồi nhập lại; nếu quên mật khẩu, đề nghị quản trị hệ thống cấp liên kết đăng nhập mới.',
    wait: seconds =>
      `Nhập chưa đúng nhiều lần. Xin chờ ${seconds} giây rồi thử lại; tài khoản không bị khoá.`,
    linkTitle: 'Đăng nhập bằng liên kết',
    linkText:
      'Liên kết này dùng được một lần. Sau khi đăng nhập, xin đặt mật khẩu cho những lần đăng nhập sau.',
    linkSubmit: 'Đăng nhập và đặt mật khẩu',
    deadTitle: 'Liên kết không còn hiệu lực',
    deadText:
      'Liên kết đã được sử dụng, đã hết hạn hoặc chưa đầy đủ. Chưa có gì thay đổi. Xin quản trị hệ thống cấp liên kết mới, hoặc đăng nhập bằng mật khẩu nếu đã đặt.',
    toSignIn: 'Đến trang đăng nhập',
  },
  account: {
    title: 'Tài khoản',
    name: 'Tên đăng nhập',
    role: 'Vai trò',
    scope: 'Phạm vi',
    whole: 'Toàn hệ thống',
    change: 'Đổi mật khẩu',
    passwordTitle: 'Đặt mật khẩu',
    first: 'Xin đặt mật khẩu trước khi tiếp tục. Từ lần sau, đăng nhập bằng tên và mật khẩu này.',
    current: 'Mật khẩu hiện tại',
    wanted: 'Mật khẩu mới',
    again: 'Nhập lại mật khẩu mới',
    rule: 'Ít nhất 12 ký tự, không chứa tên đăng nhập, không phải mật khẩu phổ biến. Nên ghép vài từ không liên quan với nhau.',
    save: 'Lưu mật khẩu',
    differs: 'Hai lần nhập chưa giống nhau.',
    currentWrong: 'Mật khẩu hiện tại chưa đúng; mật khẩu chưa thay đổi.',
    saved: 'Đã lưu mật khẩu mới. Các phiên đăng nhập khác đã kết thúc.',
    sessions: 'Phiên đăng nhập đang mở',
    since: 'Đăng nhập lúc',
    seen: 'Hoạt động gần nhất',
    here: 'phiên này',
    end: 'Kết thúc',
    endOthers: 'Kết thúc các phiên khác',
    ended: 'Đã kết thúc phiên đăng nhập.',
    noSession: 'Phiên này đã kết thúc từ trước.',
  },
  password: {
    short: 'Mật khẩu cần ít nhất 12 ký tự.',
    long: 'Mật khẩu dài quá 256 ký tự.',
    name: 'Mật khẩu không được chứa tên đăng nhập.',
    leaked: 'Mật khẩu này nằm trong danh sách mật khẩu phổ biến, dễ bị đoán. Xin chọn mật khẩu khác.',
    simple: 'Mật khẩu lặp lại quá ít ký tự, dễ bị đoán. Xin chọn mật khẩu khác.',
  },
}

const en: Words = {
  roles: {
    admin: 'Administrator',
    'agency-admin': 'Agency administrator',
    head: 'Head of agency',
    viewer: 'Figures only',
    auditor: 'Auditor',
  },
  command: {
    link: (name, role, agency) =>
      `One-time sign-in link for ${name} (${role}${agency === null ? '' : `, ${agency}`}), good for 72 hours:`,
    disabled: name => `${name} may no longer sign in; open sessions are ended.`,
  },
  signIn: {
    title: 'Sign in',
    name: 'Name',
    password: 'Password',
    submit: 'Sign in',
    help: 'No password yet, or forgotten: ask the administrator for a one-time sign-in link.',
    wrong:
      'The name or the password is not right. Check and try again; for a forgotten password ask the administrator for a new sign-in link.',
    wait: seconds =>
      `Not right several times. Wait ${seconds} seconds and try again; the account is not locked.`,
    linkTitle: 'Sign in by link',
    linkText: 'This link works once. After signing in, set a password for the times to come.',
    linkSubmit: 'Sign in and set a password',
    deadTitle: 'This link is no longer good',
    deadText:
      'It was used, has expired or is not complete. Nothing was changed. Ask the administrator for a new one, or sign in with your password if you have set one.',
    toSignIn: 'To the sign-in page',
  },
  account: {
    title: 'Account',
    name: 'Name',
    role: 'Role',
    scope: 'Scope',
    whole: 'Whole installation',
    change: 'Change password',
    passwordTitle: 'Set a password',
    first: 'Set a password before going on. From the next time, sign in with your name and this password.',
    current: 'Current password',
    wanted: 'New password',
    again: 'New password again',
    rule: 'At least 12 characters, without your name, and not a common one. Some words that have nothing to do with each other do well.',
    save: 'Save password',
    differs: 'The two are not the same.',
    currentWrong: 'The current password is not right; nothing was changed.',
    saved: 'The new password is saved. Other sessions have ended.',
    sessions: 'Open sessions',
    since: 'Signed in',
    seen: 'Last used',
    here: 'this one',
    end: 'End',
    endOthers: 'End all others',
    ended: 'The session has ended.',
    noSession: 'That session had ended before.',
  },
  password: {
    short: 'A password needs at least 12 characters.',
    long: 'The password is longer than 256 characters.',
    name: 'The password must not contain your name.',
    leaked: 'This password is a common one and easily guessed. Choose another.',
    simple: 'The password repeats too few characters and is easily guessed. Choose another.',
  },
}

export const words: Record<Locale, Words> = { vi, en }
