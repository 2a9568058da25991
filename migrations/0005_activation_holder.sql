-- Whom an invitation was made for. A mailbox may be given to somebody else while a link lies in an inbox or on paper:
-- it must open nothing then.
alter table activation add column person_id bigint references person (id);
update activation a set person_id = h.person_id from mailbox_holder h
where h.mailbox_id = a.mailbox_id and h.last_day = 'infinity';
