-- A table that refuses who comes too late: a write with a lower fencing token than the highest that the row has seen.
-- The writer says its token in the same transaction, `SELECT set_config('holdfast.token', '<token>', true)`, so that
-- no statement of the application has to name it; a writer without one is refused too.
-- The lock may be in any store; for one lock's tokens only order matters.

CREATE TABLE stock(item text PRIMARY KEY, amount integer NOT NULL, token bigint NOT NULL DEFAULT 0);

CREATE FUNCTION fence() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  given bigint := nullif(current_setting('holdfast.token', true), '');
BEGIN
  IF given IS NULL THEN
    RAISE EXCEPTION 'stock is written under a lock only: set holdfast.token' USING ERRCODE = 'check_violation';
  END IF;
  IF TG_OP = 'UPDATE' AND given < OLD.token THEN
    RAISE EXCEPTION 'the token % is stale: % has written since', given, OLD.token USING ERRCODE = 'check_violation';
  END IF;
  NEW.token := given;
  RETURN NEW;
END $$;

CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION fence();
