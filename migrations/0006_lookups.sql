-- What the pages look up in tables that only grow: the changes a mailbox met, and entries of the audit of one kind.
create index plan_change_by_mailbox on plan_change (mailbox_id, plan_id);
create index audit_by_action on audit (action, number);
