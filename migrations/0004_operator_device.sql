-- access: browsers an operator has signed in from ---------------------------------------------------------------------

-- A wrong password typed elsewhere slows down guesses at the name, not these: nobody keeps an operator out by guessing.
-- Only a hash is kept; knowing it opens nothing, the password is asked for all the same.
create table operator_device (
  token_hash bytea primary key,
  operator_id bigint not null references operator (id),
  created_at timestamptz not null
);
create index operator_device_by_operator on operator_device (operator_id, created_at);
