import Foundation
import GRDB
import RunLog
import Testing

@Suite struct MigrationTests {
  let fixture = Fixture()

  /// A database as the first version of the program made it, with a run of one step.
  private func writeFirstVersion() throws {
    try FileManager.default.createDirectory(at: fixture.root, withIntermediateDirectories: true)
    try DatabaseQueue(path: fixture.file.path).write { db in
      try db.execute(
        sql: """
          CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
          INSERT INTO grdb_migrations VALUES ('v1');
          CREATE TABLE run (id INTEGER PRIMARY KEY, subject TEXT NOT NULL, status TEXT NOT NULL,
            step INTEGER NOT NULL, steps INTEGER NOT NULL, path TEXT NOT NULL, model TEXT NOT NULL,
            dataset TEXT NOT NULL, config TEXT NOT NULL, version TEXT NOT NULL,
            started_at DATETIME NOT NULL, updated_at DATETIME NOT NULL, finished_at DATETIME,
            loss DOUBLE, peak_memory_bytes INTEGER, failure TEXT, pid INTEGER NOT NULL,
            host TEXT NOT NULL);
          CREATE TABLE step (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
            step INTEGER NOT NULL, loss DOUBLE NOT NULL, learning_rate DOUBLE NOT NULL,
            grad_norm DOUBLE, seconds DOUBLE NOT NULL, timestep DOUBLE, PRIMARY KEY (run, step))
            WITHOUT ROWID;
          CREATE TABLE checkpoint (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
            step INTEGER NOT NULL, path TEXT NOT NULL, sha256 TEXT NOT NULL,
            PRIMARY KEY (run, step)) WITHOUT ROWID;
          CREATE TABLE sample (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
            step INTEGER NOT NULL, path TEXT NOT NULL, PRIMARY KEY (run, step)) WITHOUT ROWID;
          CREATE TABLE resumption (run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
            step INTEGER NOT NULL, sha256 TEXT, version TEXT NOT NULL,
            resumed_at DATETIME NOT NULL);
          INSERT INTO run VALUES (1, 'dog', 'interrupted', 1, 10, 'dog/run-1', 'demo',
            'Datasets/dog', '{}', '0.1.0', '2026-01-01 00:00:00', '2026-01-01 00:00:00', NULL, 1,
            NULL, NULL, 1, 'host');
          INSERT INTO step VALUES (1, 1, 1, 0.0001, 0.3333333333333333, 0.5, 500);
          """)
    }
  }

  @Test("A database of the first version keeps its rows, and takes new ones")
  func firstVersion() throws {
    try writeFirstVersion()
    let log = try fixture.open()
    #expect(try log.losses(1) == [step(1)])
    try log.record(step(2))
    #expect(try log.detail(1).losses == [step(1), step(2)])
    #expect(try log.summaries().map(\.run.step) == [2])
  }
}
