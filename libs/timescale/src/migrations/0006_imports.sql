-- Imports: what each brought, so that it can go on where it was, and be undone. docs/adr/0015 says why it looks
-- like this.

CREATE TABLE imports (
  id          int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- What the input was called.
  source      text NOT NULL,
  -- How it was read: what of the command line decides which events it holds.
  settings    jsonb NOT NULL,
  -- SHA-256 of the file as it lies there, and its size; NULL of a stream.
  digest      bytea,
  size_bytes  bigint,
  state       text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'undoing', 'undone')),
  started_at  timestamptz NOT NULL DEFAULT now(),
  -- When its process was last heard of.
  seen_at     timestamptz NOT NULL DEFAULT now(),
  -- When it was finished or undone.
  ended_at    timestamptz
);
CREATE INDEX imports_digest ON imports (digest);

-- What is done of an import: written in the transaction of its events, so that killed anywhere it neither lacks
-- nor repeats any. Positions are bytes of the text, decompressed; rows where the input is no text.
CREATE TABLE import_chunks (
  import_id  int NOT NULL REFERENCES imports,
  start_at   bigint NOT NULL,
  end_at     bigint NOT NULL,
  first_line bigint NOT NULL,
  lines      bigint NOT NULL,
  -- SHA-256 of what stood there.
  digest     bytea NOT NULL,
  -- inserted + duplicates + rejected = rows
  rows       int NOT NULL,
  inserted   int NOT NULL,
  duplicates int NOT NULL,
  rejected   int NOT NULL,
  -- Of the events in it, inserted or not; NULL: there are none.
  earliest   timestamptz,
  latest     timestamptz,
  done_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (import_id, start_at)
);

-- The import that brought the event; NULL: it came by itself, and no undo removes it.
ALTER TABLE events ADD COLUMN import_id int;

-- Who else brought an event that is an import's: another import, or 0: it was also sent by itself. So undoing the
-- one leaves what the other brought as well. Claims are few: nobody imports much twice.
CREATE TABLE import_claims (
  event_id    uuid NOT NULL,
  occurred_at timestamptz NOT NULL,
  import_id   int NOT NULL,
  PRIMARY KEY (event_id, occurred_at, import_id)
);
CREATE INDEX import_claims_import ON import_claims (import_id, occurred_at);
