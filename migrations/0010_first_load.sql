-- A first load of a hundred thousand people is bound by what each row costs.

-- Who turns out to be new has their number from the moment they were staged: records and posts need no look-up of it.
alter table roster_staged_person add column new_id bigint not null default nextval('person_id_seq');

-- People and agencies are never deleted, and what is saved by the hundred thousand takes their numbers from those very
-- tables in the same transaction; looking each of them up again was a third of the time. test/roster/truth.test.ts
-- looks for rows that point nowhere.
alter table roster_record drop constraint roster_record_person_id_fkey;
alter table employment drop constraint employment_person_id_fkey;
alter table employment drop constraint employment_agency_id_fkey;
