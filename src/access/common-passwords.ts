/** Pieces of which people here make passwords, without diacritics: lists made elsewhere know few of them. Pure. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `matkhau matkhaumoi matma doimatkhau quenmatkhau khongcomatkhau anhyeuem emyeuanh yeuem yeuanh anhnhoem emnhoanh
   yeumai maiyeu tinhyeu hanhphuc giadinh bome conyeu vochong ngocquy nguoiyeu vietnam vietnamvodich toiyeuvietnam
   hanoi saigon hochiminh hcm danang haiphong cantho thanglong dongda codo songhuong xinchao chaoban camon
   khongbiet khongco khongcogi biet mothaiba motnambon motdentam nhatnguyen ngaymai homnay muahe muaxuan
   congchuc vienchuc canbo congvu hopthu hopthucongvu thudientu email mail thongtin tinhoc congnghe vanphong vanthu
   uybannhandan uybannhandantinh ubnd ubndtinh ubndhuyen ubndxa sonoivu soyte sotaichinh sothongtin tinhuy huyenuy danguy
   hdnd chinhphu chinhquyen nhanuoc quochoi dangcongsan dangvien doanvien congdoan bacho bachovidai dienbienphu
   quanly quantri quantrivien chuyenvien truongphong phophong giamdoc chutich lanhdao nhanvien
   admin administrator root user test abc abcd abcdef qwe qwerty asd asdf zxc iloveyou welcome hello changeme
   thanglong phattai phatloc taiphat locphat maymanh thanhcong vuive hoahong hoasen phuonghoang conrong`.split(
    /\s+/,
  ),
)
