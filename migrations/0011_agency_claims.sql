-- What those entries of a read called themselves that were not taken: within the read nobody else is meant by it. An
-- entry without a code that can be read has an empty one.
create unlogged table roster_staged_claim (
  run_id bigint not null,
  source_key text not null,
  own_ref text not null,
  code text not null,
  primary key (run_id, source_key, code)
);
