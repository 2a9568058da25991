/** What the laboratory prints: where everything is, and what to try step by step. */
import type { Servers } from '../../test/support/servers/index.ts'
import { DOMAIN } from '../demo/agencies.ts'

export type Ready = {
  servers: Servers
  config: string
  signInLink: string
  plan: string
  people: unknown
  mailFolder: string
}

export function whatToTry({ servers, config, signInLink, plan, people, mailFolder }: Ready): string {
  const { slapd, postfixAdmin, dovecot, postfix } = servers
  const joiners = typeof people === 'object' && people !== null && 'joiners' in people ? people.joiners : '?'
  const hopthu = (words: string) => `npm run -s hopthu -- ${words} --config ${config}`
  const secrets = `LAB_LDAP_PASSWORD=${slapd.readerPassword} LAB_WATCHER_PASSWORD=${dovecot.masterPassword}`
  const web = new URL(signInLink).origin
  const lines = [
    '',
    `Phòng thử nghiệm đã sẵn sàng: tỉnh Phước An, ${joiners} cán bộ trong OpenLDAP, chưa cấp hộp thư nào.`,
    '',
    `  OpenLDAP   ${slapd.url}   PostfixAdmin ${postfixAdmin.url}`,
    `  Dovecot    imap://127.0.0.1:${dovecot.imapPort}   nhật ký ${dovecot.logFile}`,
    `  Postfix    gửi thư 127.0.0.1:${postfix.submissionPort}   nhật ký ${postfix.logFile}`,
    `  Thư gửi ra ngoài tỉnh được giữ tại ${mailFolder}`,
    '',
    'Hãy thử lần lượt:',
    '  1. Đăng nhập bằng liên kết dùng một lần (người dùng quantri):',
    `       ${signInLink}`,
    `  2. Xem và phê duyệt đề xuất cấp hộp thư: ${web}/plans/${plan}`,
    '  3. Gửi liên kết kích hoạt cho một người tại trang Hộp thư, hoặc:',
    `       ${secrets} ${hopthu(`mailbox invite ten@${DOMAIN}`)}`,
    '     Thư mời đến địa chỉ khác của người đó; tệp thư và liên kết hiện ở đây.',
    '  4. Mở liên kết, đặt mật khẩu.',
    '  5. Đăng nhập hộp thư rồi gửi một thư như phần mềm thư vẫn làm:',
    `       curl -u 'ten@${DOMAIN}:MẬT-KHẨU' imap://127.0.0.1:${dovecot.imapPort}/INBOX`,
    `       printf 'Subject: thu\\n\\nxin chao\\n' | curl -u 'ten@${DOMAIN}:MẬT-KHẨU' --mail-from ten@${DOMAIN} \\`,
    `         --mail-rcpt vanthu@bo.example -T - smtp://127.0.0.1:${postfix.submissionPort}`,
    `  6. Xem số liệu ngày hôm nay thay đổi: ${web}/`,
    `       ${secrets} ${hopthu(`adoption --as-of $(TZ=Asia/Ho_Chi_Minh date +%F)`)}`,
    '',
    'Nhấn Ctrl-C để dừng; mọi máy chủ và tệp tạm sẽ được dọn sạch.',
    '',
  ]
  return `${lines.join('\n')}\n`
}
