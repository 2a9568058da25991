import t from 'tap'
import { parseCellDay } from '../../src/roster/cell-day.ts'

t.test('a day is read in each way people write it', async t => {
  const texts = [
    '05/02/1980',
    '5/2/1980',
    '05-02-1980',
    '5.2.1980',
    ' 05 / 02 / 1980 ',
    '1980-02-05',
    '1980/2/5',
    '05/02/1980 00:00:00',
    '1980-02-05T00:00:00',
    '1980-02-05 0:00',
    'ngày 5 tháng 2 năm 1980',
    'Ngày 05 tháng 02 năm 1980',
    '5 tháng 2, năm 1980',
    'Ngày 05 tháng 02 năm 1980'.normalize('NFD'),
  ]
  for (const text of texts) t.equal(parseCellDay(text), '1980-02-05', text)
  t.equal(parseCellDay('29/02/2024'), '2024-02-29')
})

t.test('what is no day for certain is none at all', async t => {
  const texts = [
    '',
    '1980',
    '02/1980',
    '5/2/80',
    '05/02/80',
    '31/02/1980',
    '29/02/2023',
    '02/13/1980',
    '13/25/1980',
    '00/01/1980',
    '05/02-1980',
    '05/02/1980 08:30',
    '1980-13-01',
    '29256',
    'tháng 2 năm 1980',
    '05/02/0980',
    '1/1/0001',
    '5/2/198',
    '05021980',
    'không rõ',
    '2016-12-31T23:59:60',
  ]
  for (const text of texts) t.equal(parseCellDay(text), null, text)
})
