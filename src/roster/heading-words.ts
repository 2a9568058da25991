/**
 * What the columns of a roster are called in practice, Vietnamese and English, as `foldHeading` writes it.
 *
 * Whole headings only: a part of one says little (`ngày sinh của con`). A year of birth is no day, and a civil
 * servant's grade (ngạch) is no staff class, so neither is here.
 */
import type { RosterField } from './headings.ts'

const words: Record<RosterField, string> = {
  staffId: `so hieu can bo; so hieu; so hieu cb; so hieu cc; so hieu cbcc; so hieu cong chuc; so hieu vien chuc;
    so hieu can bo cong chuc; so hieu cbccvc; so hieu nhan vien; ma so cbcc; ma so cbccvc; ma so can bo;
    ma so nhan vien; ma nhan vien; ma nv; ma can bo; ma cb; ma cbcc; ma cbccvc; ma cong chuc; ma vien chuc;
    ma cong chuc vien chuc; ma ho so; ma ho so can bo; staff id; staff no; staff number; employee id; employee no;
    employee number; personnel number`,
  fullName: `ho va ten; ho ten; ho va ten can bo; ho ten can bo; ho va ten khai sinh; ho ten khai sinh; ten can bo;
    ten day du; ho chu dem va ten; ho dem va ten; ho va ten nguoi su dung; ho ten nguoi su dung; ho va ten ca nhan;
    ho va ten chu hop thu; full name; name; display name; cn`,
  familyName: `ho va ten dem; ho ten dem; ho dem; ho va dem; ho va chu dem; ho chu dem; ho va chu lot; ho chu lot;
    ho va ten lot; ho lot; ho; family name; family and middle name; family and middle names; last name; surname`,
  givenName: 'ten; ten goi; given name; first name',
  personalNumber: `so cccd; cccd; so cmnd; cmnd; so cmnd cccd; cmnd cccd; cccd cmnd; so cccd cmnd; so can cuoc;
    can cuoc; so can cuoc cong dan; can cuoc cong dan; so the can cuoc; so the cccd; so dinh danh ca nhan;
    so dinh danh; ma dinh danh ca nhan; so ddcn; so chung minh nhan dan; chung minh nhan dan; chung minh thu;
    so chung minh thu; so giay to tuy than; personal number; personal id; citizen id; national id; id number;
    id card; identity number`,
  birthDay: `ngay sinh; ngay thang nam sinh; ngay thang sinh; sinh ngay; ngay sinh ddmmyyyy; birth day; birth date;
    date of birth; birthday; dob`,
  agency: `ma co quan; ma don vi; ma co quan don vi; ma dinh danh co quan; ma dinh danh don vi; ma phong ban;
    ma dinh danh dien tu; ma dinh danh co quan don vi; ma dinh danh dien tu co quan; ma to chuc; agency code;
    agency id; organisation code; organization code; department number; department code; unit code`,
  agencyName: `ten co quan; ten don vi; ten co quan don vi; co quan; don vi; co quan don vi; don vi cong tac;
    co quan cong tac; co quan don vi cong tac; noi cong tac; phong ban; phong ban don vi; ten phong ban; phong;
    bo phan; phong ban bo phan; phong don vi; to chuc; ten to chuc; truong; agency; agency name; department; unit;
    organisation; organization; office; division`,
  staffClass: `loai; loai can bo; doi tuong; loai doi tuong; nhom doi tuong; doi tuong quan ly; loai cbcc;
    loai cbccvc; can bo cong chuc vien chuc; phan loai; loai hinh; loai nhan su; staff class; class; employee type;
    staff type`,
  title: `chuc vu; chuc danh; chuc vu chuc danh; chuc danh chuc vu; chuc vu hien tai; chuc vu cong tac;
    chuc vu chuc danh cong tac; chuc vu don vi; vi tri viec lam; vi tri cong tac; title; position; job title; post`,
  phone: `so dien thoai; dien thoai; sdt; so dt; dt; di dong; so di dong; dt di dong; dtdd; so dtdd;
    dien thoai di dong; so dien thoai di dong; so dien thoai lien he; dien thoai lien he; phone; phone number;
    mobile; mobile phone; telephone; cell phone`,
  email: `thu dien tu khac; thu dien tu; dia chi thu dien tu; thu dien tu ca nhan; email; dia chi email; email khac;
    email ca nhan; hop thu khac; e mail; mail; other email; personal email; private email; email address`,
  address: `hop thu cong vu; thu dien tu cong vu; email cong vu; thu cong vu; dia chi thu cong vu;
    dia chi thu dien tu cong vu; dia chi hop thu cong vu; hop thu dien tu cong vu; dia chi email cong vu;
    dia chi hop thu; mail cong vu; tai khoan thu cong vu; tai khoan thu dien tu cong vu; official email;
    official mailbox; official address; work email; mailbox; address`,
  startDay: `ngay vao lam; ngay tuyen dung; ngay bat dau; ngay bat dau lam viec; ngay vao co quan; ngay nhan cong tac;
    ngay bat dau cong tac; ngay vao nganh; ngay hop dong; start day; start date; hire date; date of joining;
    joining date`,
  endDay: `ngay nghi huu; ngay thoi viec; ngay nghi viec; ngay ket thuc; ngay nghi; ngay nghi huu thoi viec;
    ngay thoi viec nghi huu; ngay ket thuc cong tac; ngay cham dut hop dong; end day; end date; leaving date;
    retirement date; termination date`,
  absentFrom: `tam khong tinh tu ngay; tam khong tinh tu; vang tu ngay; vang mat tu ngay; nghi tu ngay;
    ngay bat dau tam khong tinh; absent from; absence from; absence start`,
  absentUntil: `tam khong tinh den ngay; tam khong tinh den; tam khong tinh den het ngay; vang den ngay;
    vang mat den ngay; nghi den ngay; ngay ket thuc tam khong tinh; absent until; absence until; absent to;
    absence end`,
  absenceKind: `ly do tam khong tinh; loai tam khong tinh; hinh thuc tam khong tinh; ly do vang; ly do vang mat;
    ly do nghi; absence kind; absence reason; reason of absence; reason for absence`,
  absenceDocument: `so van ban; so quyet dinh; van ban; quyet dinh; so ky hieu van ban; can cu; van ban so;
    quyet dinh so; so van ban tam khong tinh; absence document; document; document number; decision number`,
}

/** Folded heading without blanks → field. Blanks are no part of it: `Họ tên` = `HọTên`, `staffId` = `staff id`. */
export const fieldOfWords: ReadonlyMap<string, RosterField> = new Map(
  (Object.keys(words) as RosterField[]).flatMap(field =>
    words[field].split(';').map(each => [each.replace(/\s+/g, ''), field] as const),
  ),
)

/** Ends of a heading that say of whom, or how it is to be filled in; taken off where the whole is not known. */
export const ENDINGS =
  /\s(?:cua )?(?:can bo cong chuc vien chuc|can bo cong chuc|cong chuc vien chuc|cbccvc|cbcc|can bo|cong chuc|vien chuc|nhan vien|nguoi lao dong|neu co|bat buoc|hien nay|hien tai)$/
/** Rows are numbered; the number says nothing of a person. */
export const ORDINALS: ReadonlySet<string> = new Set([
  'stt',
  'tt',
  'sott',
  'sothutu',
  'thutu',
  'no',
  'ordinal',
  'index',
])
