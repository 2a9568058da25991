/** Why a file is not read, and how to save it right, in Vietnamese and English. */
import type { Locale } from './messages.ts'

export type FileRefusal =
  | 'empty'
  | 'tooLarge'
  | 'encoding'
  | 'tcvn3'
  | 'vni'
  | 'notLegacy'
  | 'noHeadings'
  | 'oldExcel'
  | 'lockedExcel'
  | 'binaryExcel'
  | 'openDocument'
  | 'word'
  | 'otherArchive'
  | 'cutArchive'
  | 'damagedExcel'
  | 'unpacksTooLarge'
  | 'tooManyTexts'
  | 'tooManyMerged'
  | 'emptyCells'
  | 'rowsOutOfOrder'
  | 'noSheet'
  | 'emptySheet'
  | 'pdf'
  | 'picture'
  | 'webPage'
  | 'xmlSpreadsheet'
  | 'richText'
  | 'compressed'
  | 'binary'

const asWorkbook = {
  vi: 'Hãy mở tệp bằng Excel, chọn “Lưu thành” với loại “Excel Workbook (*.xlsx)” rồi gửi lại.',
  en: 'Open it in Excel and save it as “Excel Workbook (*.xlsx)”.',
}

export const fileRefusalWords: Record<FileRefusal, Record<Locale, string>> = {
  empty: {
    vi: 'Tệp không có nội dung. Hãy kiểm tra lại nơi xuất tệp.',
    en: 'The file is empty. Check where it was exported.',
  },
  tooLarge: {
    vi: 'Tệp lớn hơn mức cho phép. Hãy chia danh sách thành nhiều tệp, mỗi tệp của một số cơ quan.',
    en: 'The file is larger than allowed. Split the list into several files, each of some agencies.',
  },
  encoding: {
    vi: 'Không nhận ra bảng mã chữ của tệp. Hãy lưu lại với loại “CSV UTF-8 (*.csv)” hoặc “Excel Workbook (*.xlsx)”.',
    en: 'The encoding of the text is not recognised. Save it as “CSV UTF-8 (*.csv)” or “Excel Workbook (*.xlsx)”.',
  },
  tcvn3: {
    vi: 'Chữ trong tệp theo bảng mã cũ TCVN3 (phông .VnTime). Có thể chuyển sang Unicode sau khi xem thử các dòng mẫu.',
    en: 'The text is in the old TCVN3 table (fonts .VnTime). It can be converted to Unicode; look at the sample first.',
  },
  vni: {
    vi: 'Chữ trong tệp theo bảng mã cũ VNI (phông VNI-Times). Có thể chuyển sang Unicode sau khi xem thử các dòng mẫu.',
    en: 'The text is in the old VNI table (fonts VNI-Times). It can be converted to Unicode; look at the sample first.',
  },
  notLegacy: {
    vi: 'Chữ trong tệp không theo bảng mã cũ đã chọn, chưa chuyển đổi gì. Hãy nhập tệp mà không chọn chuyển đổi.',
    en: 'The text is not in the old table that was chosen; nothing was converted. Import it without converting.',
  },
  noHeadings: {
    vi: 'Không tìm thấy dòng tiêu đề cột. Dòng đầu của danh sách cần có tên cột, chẳng hạn “Họ và tên”, “Chức vụ”.',
    en: 'No row of headings was found. The list has to begin with the names of its columns, such as “Full name”.',
  },
  oldExcel: {
    vi: `Tệp theo định dạng Excel cũ (*.xls). ${asWorkbook.vi}`,
    en: `The file is in the old format of Excel (*.xls). ${asWorkbook.en}`,
  },
  lockedExcel: {
    vi: 'Tệp Excel có đặt mật khẩu mở tệp. Hãy gỡ mật khẩu rồi gửi lại.',
    en: 'The Excel file is locked with a password. Take the password off and send it again.',
  },
  binaryExcel: {
    vi: `Tệp theo định dạng Excel nhị phân (*.xlsb). ${asWorkbook.vi}`,
    en: `The file is a binary workbook (*.xlsb). ${asWorkbook.en}`,
  },
  openDocument: {
    vi: 'Tệp theo định dạng OpenDocument (*.ods). Hãy lưu lại với loại “Excel 2007–365 (*.xlsx)” rồi gửi lại.',
    en: 'The file is an OpenDocument file (*.ods). Save it as “Excel 2007–365 (*.xlsx)”.',
  },
  word: {
    vi: 'Đây là văn bản Word. Hãy chép bảng sang Excel, lưu thành tệp *.xlsx rồi gửi lại.',
    en: 'This is a Word document. Copy the table into Excel and save it as *.xlsx.',
  },
  otherArchive: {
    vi: 'Đây là tệp nén, không phải bảng tính. Hãy giải nén rồi gửi tệp *.xlsx hoặc *.csv bên trong.',
    en: 'This is an archive, no workbook. Unpack it and send the *.xlsx or *.csv file inside.',
  },
  cutArchive: {
    vi: 'Tệp Excel bị thiếu phần cuối, có thể do tải chưa xong. Hãy gửi lại tệp.',
    en: 'The end of the Excel file is missing, as when a transfer was broken off. Send the file again.',
  },
  damagedExcel: {
    vi: 'Tệp Excel bị hỏng hoặc bị thiếu nội dung. Hãy mở tệp, lưu lại rồi gửi lại toàn bộ.',
    en: 'The Excel file is damaged or incomplete. Open it, save it again and send all of it.',
  },
  unpacksTooLarge: {
    vi: 'Nội dung bên trong tệp Excel lớn hơn mức cho phép. Hãy chép danh sách sang một tệp mới rồi gửi lại.',
    en: 'The Excel file unpacks to more than allowed. Copy the list into a new workbook and send that.',
  },
  tooManyTexts: {
    vi: 'Tệp Excel có quá nhiều nội dung chữ. Hãy lưu trang tính với loại “CSV UTF-8 (*.csv)” rồi gửi lại.',
    en: 'The Excel file holds too much text. Save the sheet as “CSV UTF-8 (*.csv)” and send that.',
  },
  tooManyMerged: {
    vi: 'Trang tính có quá nhiều ô được gộp. Hãy bỏ gộp ô, lưu lại rồi gửi lại.',
    en: 'The sheet has too many merged cells. Undo the merging, save it and send it again.',
  },
  emptyCells: {
    vi: 'Trang tính có hàng triệu ô trống được kẻ khung hoặc tô màu. Hãy xóa các dòng, các cột trống, lưu lại rồi gửi lại.',
    en: 'The sheet has millions of empty cells with borders or colours. Delete the empty rows and columns, save it and send it again.',
  },
  rowsOutOfOrder: {
    vi: 'Trang tính có ô được gộp và các dòng không theo thứ tự. Hãy mở bằng LibreOffice, lưu lại rồi gửi lại.',
    en: 'The sheet has merged cells and rows out of order. Open it in LibreOffice, save it and send it again.',
  },
  noSheet: {
    vi: 'Tệp Excel không có trang tính đã chọn. Hãy chọn trang tính khác.',
    en: 'The Excel file has no such sheet. Choose another.',
  },
  emptySheet: {
    vi: 'Trang tính này không có nội dung. Hãy chọn trang tính khác.',
    en: 'The sheet is empty. Choose another.',
  },
  pdf: {
    vi: 'Đây là tệp PDF. Cần tệp Excel (*.xlsx) hoặc CSV đã dùng để lập ra nó.',
    en: 'This is a PDF. What is needed is the Excel (*.xlsx) or CSV file it was made from.',
  },
  picture: {
    vi: 'Đây là tệp ảnh. Cần tệp Excel (*.xlsx) hoặc CSV của danh sách.',
    en: 'This is a picture. What is needed is the Excel (*.xlsx) or CSV file of the list.',
  },
  webPage: {
    vi: `Đây là trang web được đặt tên như tệp Excel. ${asWorkbook.vi}`,
    en: `This is a web page named like a workbook. ${asWorkbook.en}`,
  },
  xmlSpreadsheet: {
    vi: `Tệp theo định dạng XML, không phải *.xlsx. ${asWorkbook.vi}`,
    en: `The file is XML, no *.xlsx. ${asWorkbook.en}`,
  },
  richText: {
    vi: 'Đây là văn bản RTF. Hãy chép bảng sang Excel, lưu thành tệp *.xlsx rồi gửi lại.',
    en: 'This is a rich text document. Copy the table into Excel and save it as *.xlsx.',
  },
  compressed: {
    vi: 'Đây là tệp nén. Hãy giải nén rồi gửi tệp bên trong.',
    en: 'The file is compressed. Unpack it and send the file inside.',
  },
  binary: {
    vi: 'Tệp không phải là danh sách dạng *.xlsx, *.csv hay *.ldif.',
    en: 'The file is no list in the form of *.xlsx, *.csv or *.ldif.',
  },
}
