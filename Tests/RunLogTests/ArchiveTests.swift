import Foundation
import GRDB
import RunLog
import Testing

/// Reading a database changes no file beside it.
@Suite struct ArchiveTests {
  let fixture = Fixture()

  private func archive() throws -> RunArchive { try #require(try RunArchive(at: fixture.file)) }

  @Test("Without a database there is no archive, and no file is created")
  func nothing() throws {
    #expect(try RunArchive(at: fixture.file) == nil)
    #expect(!FileManager.default.fileExists(atPath: fixture.root.path))
  }

  @Test("A database that nobody has open is read; no file is created or changed")
  func atRest() throws {
    try fillAndClose()
    let before = try fixture.contents()
    #expect(before.keys.sorted() == ["runs.sqlite"])
    #expect(try archive().runs().map(\.id) == [1])
    #expect(try archive().detail(1).losses.count == 50)
    #expect(try archive().summaries().map(\.secondsPerStep) == [0.5])
    try archive().verify()
    #expect(try fixture.contents() == before)
  }

  @Test("The log of a killed process is read; no file is created or changed")
  func killed() async throws {
    try await killAWriter()
    let before = try fixture.contents()
    #expect(before.keys.sorted() == ["runs.sqlite", "runs.sqlite-shm", "runs.sqlite-wal"])
    #expect(try archive().losses(1) == (1...50).map { step($0) })
    #expect(try fixture.contents() == before)
  }

  @Test("A log without its index, as in a copied folder, is read")
  func copied() async throws {
    try await killAWriter()
    try FileManager.default.removeItem(atPath: fixture.file.path + "-shm")
    let before = try fixture.contents()
    #expect(try archive().losses(1) == (1...50).map { step($0) })
    #expect(try fixture.contents() == before)
  }

  @Test("A reader sees every step of a writer as it is written")
  func whileWriting() throws {
    let writer = try fixture.open()
    let run = try writer.beginExample(steps: 50)
    let reader = try archive()
    for number in 1...50 {
      try writer.record(step(number))
      #expect(try reader.run(run.id).step == number)
      #expect(try reader.losses(run.id).count == number)
    }
  }

  @Test("Readers never fail while a writer opens and closes the database")
  func openingAndClosing() async throws {
    try fillAndClose()
    let file = fixture.file
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        // As in the program, where the readers are other processes. In one process, SQLite shares the
        // reader's read-only view of the log's index with the writer, which then cannot write.
        try await #require(processExitsWith: .success) { [path = file.path as String] in
          for _ in 0..<40 {
            let log = try RunLog(at: URL(fileURLWithPath: path), flushInterval: .zero)
            let run = try log.beginExample()
            for number in 1...20 { try log.record(step(number, of: run.id)) }
          }
        }
      }
      group.addTask {
        var runs = 0
        while runs < 41, !Task.isCancelled {
          let reader = try #require(try RunArchive(at: file))
          let found = try reader.runs()
          #expect(found.count >= runs)
          runs = found.count
        }
      }
      // Unlike `waitForAll`, this ends both when one fails.
      for try await _ in group {}
    }
  }

  @Test("Readers never fail while a writer creates the database")
  func creating() async throws {
    let folder = fixture.root
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        // Another process, for the reason above.
        try await #require(processExitsWith: .success) { [path = folder.path as String] in
          for number in 1...60 {
            let file = URL(fileURLWithPath: path).appending(path: "\(number).sqlite")
            _ = try RunLog(at: file).beginExample()
          }
        }
      }
      group.addTask {
        for number in 1...60 {
          let file = folder.appending(path: "\(number).sqlite")
          while try RunArchive(at: file)?.runs().isEmpty ?? true, !Task.isCancelled {}
        }
      }
      for try await _ in group {}
    }
  }

  @Test("A database of a newer version and a file that is no database are refused and unchanged")
  func refused() throws {
    try fillAndClose()
    try DatabaseQueue(path: fixture.file.path).write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('v99')")
    }
    var before = try fixture.contents()
    #expect(throws: RunLogError.newerVersion(file: fixture.file.path)) { try archive() }
    #expect(try fixture.contents() == before)
    for suffix in ["", "-wal", "-shm"] { unlink(fixture.file.path + suffix) }
    try Data(String(repeating: "no database. ", count: 400).utf8).write(to: fixture.file)
    before = try fixture.contents()
    #expect(throws: RunLogError.notADatabase(file: fixture.file.path)) { try archive() }
    #expect(try fixture.contents() == before)
  }

  private func fillAndClose() throws {
    let log = try fixture.open(flushInterval: .seconds(3600))
    _ = try log.beginExample()
    for number in 1...50 { try log.record(step(number)) }
    try log.finish(1)
  }

  /// Runs a process that is killed while it records.
  private func killAWriter() async throws {
    let path = fixture.file.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let log = try RunLog(at: URL(fileURLWithPath: path), flushInterval: .zero)
      _ = try log.beginExample()
      for number in 1...50 { try log.record(step(number)) }
      kill(ProcessInfo.processInfo.processIdentifier, SIGKILL)
    }
  }
}

extension Fixture {
  /// A file's bytes and the time of its last change.
  struct Content: Equatable {
    let bytes: Data
    let modified: Date
  }

  /// The contents of every file in the project folder, by name.
  func contents() throws -> [String: Content] {
    let names = try FileManager.default.contentsOfDirectory(atPath: root.path)
    return Dictionary(
      uniqueKeysWithValues: try names.map { name in
        let file = root.appendingPathComponent(name)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        return (
          name,
          Content(
            bytes: try Data(contentsOf: file),
            modified: try #require(attributes[.modificationDate] as? Date))
        )
      })
  }
}
