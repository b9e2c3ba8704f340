import Foundation
import GRDB
import Testing

@testable import RunLog

@Suite struct ErrorTests {
  let fixture = Fixture()

  @Test("A folder that cannot be created is an error that names the file")
  func noFolder() throws {
    try Data("a file".utf8).write(to: fixture.root)
    let error = #expect(throws: RunLogError.self) { try fixture.open() }
    #expect(error == .cannotOpen(file: fixture.file.path, reason: "File exists"))
  }

  @Test("A file that is no database is refused and unchanged")
  func notADatabase() throws {
    try FileManager.default.createDirectory(at: fixture.root, withIntermediateDirectories: true)
    let text = Data(String(repeating: "this is not a database. ", count: 400).utf8)
    try text.write(to: fixture.file)
    #expect(throws: RunLogError.notADatabase(file: fixture.file.path)) { try fixture.open() }
    #expect(try Data(contentsOf: fixture.file) == text)
  }

  @Test(
    "Errors of file systems without locks or shared memory name what is missing",
    arguments: [
      (ResultCode.SQLITE_IOERR_LOCK, "file locks"), (.SQLITE_IOERR_RDLOCK, "file locks"),
      (.SQLITE_IOERR_SHMMAP, "shared memory"), (.SQLITE_IOERR_SHMOPEN, "shared memory"),
    ])
  func unsupported(code: ResultCode, lacks: String) {
    let error = RunLogError(DatabaseError(resultCode: code), file: "runs.sqlite")
    #expect(error == .unsupportedFileSystem(file: "runs.sqlite", lacks: lacks))
    #expect(
      error.description
        == "runs.sqlite is on a file system without \(lacks), which the database needs: choose a folder "
        + "on another file system with `root`.")
  }

  @Test("A damaged page is found by verify and by reading it")
  func damaged() throws {
    do {
      let log = try fixture.open(flushInterval: .seconds(3600))
      _ = try log.beginExample()
      for number in 1...2000 { try log.record(step(number)) }
      try log.flush()
    }
    let handle = try FileHandle(forUpdating: fixture.file)
    for page in 14..<20 {
      try handle.seek(toOffset: UInt64(page * 4096))
      try handle.write(contentsOf: Data(repeating: 0xA5, count: 4096))
    }
    try handle.close()
    let log = try fixture.open()
    for error in [
      #expect(throws: RunLogError.self) { try log.verify() },
      #expect(throws: RunLogError.self) { _ = try log.losses(1) },
    ] {
      guard case .damaged(fixture.file.path, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("A database of a newer version is refused")
  func newerVersion() throws {
    _ = try fixture.open().beginExample()
    try DatabaseQueue(path: fixture.file.path).write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v99')")
    }
    #expect(throws: RunLogError.newerVersion(file: fixture.file.path)) { try fixture.open() }
  }

  @Test("While another process writes, a change waits, fails as locked and loses no step")
  func locked() throws {
    let log = try fixture.open(busyTimeout: 0.1)
    let run = try log.beginExample()
    try DatabaseQueue(path: fixture.file.path).inTransaction(.immediate) { _ in
      #expect(throws: RunLogError.locked(file: fixture.file.path)) { try log.record(step(1)) }
      try log.record(step(2))
      #expect(log.unwritten == [step(1), step(2)])
      return .rollback
    }
    try log.finish(run.id)
    #expect(try log.losses(run.id) == [step(1), step(2)])
  }

  @Test("A deleted file is detected, and a new log adopts the run and the unwritten steps")
  func deleted() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    try log.record(step(1))
    for suffix in ["", "-wal", "-shm"] {
      try FileManager.default.removeItem(atPath: fixture.file.path + suffix)
    }
    #expect(throws: RunLogError.replaced(file: fixture.file.path)) { try log.record(step(2)) }
    let renewed = try fixture.open()
    #expect(throws: RunLogError.replaced(file: fixture.file.path)) { try log.flush() }
    try renewed.adopt(run, steps: [step(1)] + log.unwritten)
    #expect(try renewed.losses(run.id) == [step(1), step(2)])
  }

  @Test("The error for an unknown run lists the existing runs")
  func noSuchRun() throws {
    let log = try fixture.open()
    let lookups: [(Int64) throws -> Void] = [
      { _ = try log.run($0) }, { _ = try log.losses($0) }, { _ = try log.checkpoints($0) },
      { _ = try log.samples($0) }, { _ = try log.resumes($0) }, { _ = try log.detail($0) },
      { try log.finish($0) }, { try log.interrupt($0) }, { try log.fail($0, "why") },
      { _ = try log.resume($0, from: 0, sha256: nil, version: "0.1.0") },
      { try log.record(CheckpointRecord(run: $0, step: 1, path: "folder", sha256: "ab")) },
      { try log.record(SampleRecord(run: $0, step: 1, path: "grid")) },
    ]
    for existing in [[], [1], [1, 2, 3]] as [[Int64]] {
      if !existing.isEmpty {
        while try log.runs().last?.id != existing.last { _ = try log.beginExample() }
      }
      for lookup in lookups {
        #expect(throws: RunLogError.noSuchRun(id: 99, file: fixture.file.path, existing: existing))
        { try lookup(99) }
      }
    }
  }

  @Test("Steps of an unknown run are kept until the run is adopted")
  func orphans() throws {
    let log = try fixture.open()
    let run = try log.beginExample()
    let orphan = step(1, of: 2)
    #expect(throws: RunLogError.noSuchRun(id: 2, file: fixture.file.path, existing: [1])) {
      try log.record(orphan)
    }
    try log.adopt(
      Run(
        id: 2, subject: "cat", status: .running, step: 0, steps: 10, path: "cat/run-2",
        model: "demo", dataset: "Datasets/cat", config: "{}", version: "0.1.0",
        startedAt: run.startedAt, updatedAt: run.updatedAt))
    #expect(try log.losses(2) == [orphan])
    #expect(log.unwritten.isEmpty)
  }

  @Test(
    "Every error names the file and what to do",
    arguments: [
      (.cannotOpen(file: "f", reason: "r"), "f cannot be opened (r): check that"),
      (.locked(file: "f"), "f is locked by another process: close the program"),
      (.notADatabase(file: "f"), "f is not an SQLite database: move it away"),
      (.damaged(file: "f", reason: "r"), "f is damaged (r): move it away"),
      (.newerVersion(file: "f"), "f was written by a newer version of lora-train: update"),
      (.replaced(file: "f"), "f was deleted or replaced while it was in use: put it back"),
      (.cannotWrite(file: "f", reason: "r"), "f cannot be written (r): free some space"),
      (.readOnly(file: "f"), "f or its folder is read-only: change the permissions"),
      (.unsupportedFileSystem(file: "f", lacks: "locks"), "f is on a file system without locks"),
      (.failed(file: "f", reason: "r"), "f could not be used (r): check the file"),
      (
        .noFreeID(file: "f", highest: 9),
        "No run can be added to f, because run 9 has the highest possible number: move"
      ),
      (
        .noSuchRun(id: 9, file: "f", existing: []),
        "There is no run 9 in f: no run is recorded there; train one first"
      ),
      (
        .noSuchRun(id: 9, file: "f", existing: [4]),
        "There is no run 9 in f: the only one is run 4"
      ),
      (
        .noSuchRun(id: 9, file: "f", existing: [2, 1]),
        "There is no run 9 in f: choose one of 1, 2"
      ),
      (
        .noSuchRun(id: 99, file: "f", existing: Array(1...12)),
        "There is no run 99 in f: the latest are 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"
      ),
    ] as [(RunLogError, String)])
  func sentences(error: RunLogError, beginning: String) {
    #expect(error.description.hasPrefix(beginning))
  }
}
