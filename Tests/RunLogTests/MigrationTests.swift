import Foundation
import GRDB
import Testing

@testable import RunLog

@Suite struct MigrationTests {
  let fixture = Fixture()

  /// Writes a database of the program's first version, with a run of one step.
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

  @Test("A database of the first version keeps its rows and takes new ones")
  func firstVersion() throws {
    try writeFirstVersion()
    let log = try fixture.open()
    #expect(try log.losses(1) == [step(1)])
    try log.record(step(2))
    #expect(try log.detail(1).losses == [step(1), step(2)])
    #expect(try log.summaries().map(\.run.step) == [2])
  }

  @Test("A database of the first version is read and unchanged")
  func firstVersionRead() throws {
    try writeFirstVersion()
    let before = try fixture.contents()
    let archive = try #require(try RunArchive(at: fixture.file))
    #expect(try archive.losses(1) == [step(1)])
    #expect(try archive.detail(1).summary.run.status == .interrupted)
    #expect(try archive.validation(1).isEmpty)
    #expect(try fixture.contents() == before)
  }

  /// Writes a database of an older version, with two resumes.
  private func writePreviousVersion() throws {
    try FileManager.default.createDirectory(at: fixture.root, withIntermediateDirectories: true)
    let pool = try DatabasePool(path: fixture.file.path)
    try Schema.migrator.migrate(pool, upTo: "v5: changes let pass")
    try pool.write { db in
      try db.execute(
        sql: """
          INSERT INTO run VALUES (1, 'dog', 'interrupted', 1, 10, 'dog/run-1', 'demo',
            'Datasets/dog', '{}', '0.1.0', '2026-01-01 00:00:00', '2026-01-01 00:00:00', NULL, 1,
            NULL, NULL, 1, 'host');
          INSERT INTO step VALUES (1, 1, 1, 0.0001, 0.3333333333333333, 0.5, 500, NULL, NULL);
          INSERT INTO step VALUES (1, 2, 1, 0.0001, 0.3333333333333333, 0.5, 500, NULL, NULL);
          INSERT INTO step VALUES (1, 3, 1, 0.0001, 0.3333333333333333, 0.25, 500, NULL, NULL);
          INSERT INTO checkpoint VALUES (1, 1, 'dog/run-1/step-000001', 'ab');
          INSERT INTO validation VALUES (1, 1, 0.25, '[0.25]', 0.5, '[0.5]');
          INSERT INTO resumption VALUES (1, 4, 'ab', '0.1.0', '2026-01-01 00:00:00', NULL);
          INSERT INTO resumption VALUES (1, 2, 'cd', '0.1.0', '2026-01-02 00:00:00', 'seed: 1 -> 2');
          """)
    }
    try pool.close()
  }

  private func expectPreviousVersion(in history: any RunHistory) throws {
    let detail = try history.detail(1)
    #expect(detail.losses.map(\.step) == [1, 2, 3] && detail.losses.first == step(1))
    #expect(detail.summary.secondsPerStep == 0.25)
    #expect(detail.checkpoints.map(\.sha256) == ["ab"])
    #expect(detail.validation.map(\.trainingBands) == [[0.5]])
    #expect(detail.resumes.map(\.step) == [4, 2])
    #expect(detail.resumes.map(\.changes) == [nil, "seed: 1 -> 2"])
    #expect(detail.resumes.first?.resumedAt == Date(timeIntervalSince1970: 1_767_225_600))
  }

  @Test("A database of an older version is read and unchanged, then opened and takes rows")
  func previousVersion() throws {
    try writePreviousVersion()
    let before = try fixture.contents()
    try expectPreviousVersion(in: try #require(try RunArchive(at: fixture.file)))
    #expect(try fixture.contents() == before)

    let log = try fixture.open()
    try expectPreviousVersion(in: log)
    let run = try log.run(1)
    let unknown = ResumeRecord(run: 1, step: 6, sha256: nil, version: "0.1.0", resumedAt: nil)
    try log.adopt(run, resumes: try log.resumes(1) + [unknown])
    #expect(try log.resumes(1).last == unknown)
    #expect(try log.resume(1, from: 1, sha256: "ab", version: "0.2.0").step == 1)
  }
}
