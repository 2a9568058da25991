/** What each error code means to an administrator, in Vietnamese; the message behind it says what exactly happened. */
import type { ErrorCode } from './error.ts'

const headlines: Record<ErrorCode, string> = {
  usage: 'Lệnh chưa đúng',
  config_invalid: 'Tệp cấu hình chưa đúng',
  not_found: 'Không tìm thấy',
  not_signed_in: 'Cần đăng nhập',
  forbidden: 'Không có quyền thực hiện việc này',
  too_many_requests: 'Thử quá nhiều lần, hãy chờ ít phút',
  busy: 'Đang có lượt chạy khác, hãy chờ',
  port_taken: 'Cổng mạng đã có chương trình khác sử dụng',
  guard_refused: 'Vượt ngưỡng an toàn, chưa thay đổi gì',
  ground_moved: 'Dữ liệu đã thay đổi sau khi lập đề xuất, chưa thay đổi gì; hãy lập lại',
  read_incomplete: 'Chưa đọc hết nguồn, danh sách cũ được giữ nguyên',
  directory_unreachable: 'Không kết nối được máy chủ danh sách cán bộ, danh sách cũ được giữ nguyên',
  directory_refused: 'Máy chủ danh sách cán bộ từ chối, danh sách cũ được giữ nguyên',
  platform_unreachable: 'Không kết nối được hệ thống thư; phần đã làm được ghi lại, chạy lại để làm tiếp',
  platform_refused: 'Hệ thống thư từ chối',
  address_taken: 'Địa chỉ đã có người dùng',
  mailbox_suspended: 'Hộp thư đang tạm khoá, chưa thay đổi gì',
  mail_server_unreachable: 'Không kết nối được máy chủ thư',
  mail_server_refused: 'Máy chủ thư từ chối',
  cannot_separate:
    'Chưa phân biệt được lượt giám sát với lượt đăng nhập của người dùng, chưa quét hộp thư nào',
  database_unreachable: 'Không kết nối được cơ sở dữ liệu',
  database_refused: 'Cơ sở dữ liệu từ chối',
  database_locked: 'Cơ sở dữ liệu đang được tiến trình khác sử dụng',
  database_outdated: 'Cơ sở dữ liệu cần nâng cấp',
  database_not_empty: 'Cơ sở dữ liệu đã có dữ liệu, chưa khôi phục gì',
  backup_refused: 'Không nhận tệp sao lưu, chưa thay đổi gì',
  file_unreadable: 'Không đọc được tệp',
  check_failed: 'Có phần chưa hoạt động',
  cancelled: 'Đã dừng theo yêu cầu; phần đã làm được ghi lại',
  internal: 'Lỗi ngoài dự kiến; xin gửi dòng dưới đây cho người bảo trì',
}

export function headline(code: ErrorCode): string {
  return headlines[code]
}
