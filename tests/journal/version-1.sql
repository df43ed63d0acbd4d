-- A log as version 1 of its tables had it.
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    run INTEGER NOT NULL,
    event TEXT NOT NULL,
    robot TEXT NOT NULL,
    who TEXT,
    role TEXT,
    device INTEGER,
    text TEXT NOT NULL,
    data TEXT,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX entries_at ON entries (at_ms);
CREATE TABLE fact (name TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB) STRICT, WITHOUT ROWID;
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    lock TEXT NOT NULL UNIQUE,
    program TEXT NOT NULL,
    pid INTEGER NOT NULL,
    began_ms INTEGER NOT NULL,
    closed_ms INTEGER
) STRICT;
INSERT INTO run VALUES (1, 'run-4711-00000001', 'joywire run', 4711, 1764323999000, 1764324003000);
INSERT INTO entries VALUES (1, 1764324000000, 1, 'chat', 'Rover', 'Ada', 'driver', 7, 'hello', NULL, x'b167de1c79ef3dc10fefd3d3135dbb9bcaef154be8a6f295f5cbeae372a29db5');
INSERT INTO entries VALUES (2, 1764324001000, 1, 'chat', 'Rover', 'Grace', NULL, NULL, 'is anybody there?', '{"n":1}', x'4354a30ef6846a28a2c9e97ea5d02aff0ad82a80dad0f7427a37af573fd2e74e');
INSERT INTO entries VALUES (3, 1764324002000, 1, 'stop', 'Rover', 'Ada', 'driver', 7, 'STOP was pressed', NULL, x'101171af50d3d2a274d098719b0bf073fe7fea745cc7b3e133f2b09897797db4');
PRAGMA user_version = 1;
