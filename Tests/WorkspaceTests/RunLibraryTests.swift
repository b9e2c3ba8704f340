import Files
import Foundation
import RunLog
import Testing
import Training
import Workspace

/// Reading runs changes nothing, and shows the content of the run folders.
@Suite struct RunLibraryTests {
  private let project: Project

  init() throws { project = try Project() }

  @Test("A missing project folder has no runs, and is not created")
  func empty() throws {
    let library = try project.library()
    #expect(try library.runs().isEmpty && library.summaries().isEmpty)
    let missing = RunError.noFolder(project.folder.url.relativePath)
    #expect(throws: missing) { try library.run(.latest) }
    #expect(throws: missing) { try library.resumable(.latest) }
    #expect(!FileManager.default.fileExists(atPath: project.folder.url.path))
  }

  @Test("An empty project folder has no runs, and a file is no project folder")
  func noRuns() throws {
    let folder = project.folder
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    let library = try project.library()
    #expect(throws: RunError.noRuns(file: folder.database.relativePath)) {
      try library.run(.latest)
    }
    #expect(throws: RunError.noneInterrupted(file: folder.database.relativePath)) {
      try library.resumable(.latest)
    }
    try FileManager.default.removeItem(at: folder.url)
    try Data("a".utf8).write(to: URL(filePath: folder.url.path))
    #expect(throws: ProjectFolderError.file(folder.url.relativePath)) { try project.library() }
  }

  @Test("Reading runs creates and changes no file")
  func readsOnly() throws {
    try project.train(project.config())
    try project.train(project.config(), new: true, stopAfter: 2)
    let before = try project.contents()
    try readEverything()
    #expect(try project.contents() == before)
    project.removeDatabase()
    let without = try project.contents()
    try readEverything()
    #expect(try project.contents() == without)
  }

  @Test("A run that a process prepares to resume is running, and uses the machine")
  func preparedResume() throws {
    try project.train(project.config(), stopAfter: 2)
    #expect(try project.library().runs().map(\.status) == [.interrupted])
    #expect(try project.folder.trainedRun() == nil)
    let run = try project.library().run(.latest)
    do {
      let lock = try RunLock(project.folder.folder(of: run))
      defer { withExtendedLifetime(lock) {} }
      #expect(try project.library().runs().map(\.status) == [.running])
      #expect(try project.library().summaries().map(\.run.status) == [.running])
      #expect(try project.library().detail(of: run).summary.run.status == .running)
      #expect(try project.folder.trainedRun() == run.id)
    }
    #expect(try project.library().runs().map(\.status) == [.interrupted])
    #expect(try project.folder.trainedRun() == nil)
  }

  private func readEverything() throws {
    let library = try project.library()
    #expect(try library.runs().map(\.status) == [.finished, .interrupted])
    #expect(try library.summaries().map(\.run.step) == [4, 2])
    #expect(try library.resumable(.latest).id == 2)
    for run in try library.runs() {
      #expect(try library.detail(of: run).losses.map(\.step) == Array(1...run.step))
      #expect(try library.checkpoint(nil, of: run).checkpoint.step == run.step)
      #expect(
        try ComparedRun.all([.parse("\(run.id)")], in: library, report: { _ in })[0]
          .checkpoints.count == run.step)
    }
    try library.verify()
    #expect(throws: RunLogError.self) { try library.run(.parse("9")) }
  }

  @Test("Without the database, runs are read from their folders; the next training records them")
  func databaseLost() throws {
    try project.train(project.config())
    let before = try project.library().detail(of: project.library().run(.latest))
    project.removeDatabase()
    let library = try project.library()
    let after = try library.detail(of: library.run(.latest))
    #expect(after.losses == before.losses)
    #expect(after.checkpoints == before.checkpoints)
    #expect(after.config == before.config)
    #expect(library.notes.count == 1 && library.notes[0].contains("dog/run-1 is not recorded in"))
    try project.train(project.config(), new: true)
    #expect(
      project.notes.contains { $0.hasSuffix("dog/run-1 was not recorded; it is recorded now.") })
    #expect(try project.library().notes.isEmpty)
    #expect(try project.library().runs().map(\.id) == [1, 2])
  }

  @Test(
    "A run whose process died is interrupted at its folder's step; the database is unchanged")
  func dead() throws {
    try project.train(project.config(), stopAfter: 3)
    let log = try RunLog(at: project.folder.database)
    var run = try log.run(1)
    run.status = .running
    run.step = 2
    run.pid = 1 << 22 + 1
    try log.adopt(run)
    let library = try project.library()
    let shown = try library.run(.latest)
    #expect(shown.status == .interrupted && shown.step == 3)
    #expect(try library.detail(of: shown).losses.map(\.step) == [1, 2, 3])
    #expect(try log.run(1).status == .running)
  }

  @Test("If the newest checkpoint is missing, the one before is returned with a note")
  func newestGone() throws {
    try project.train(project.config())
    let run = try project.library().run(.latest)
    let folder = project.folder.folder(of: run)
    try FileManager.default.removeItem(at: folder.checkpoint(step: 4).url)
    let (checkpoint, note) = try project.library().checkpoint(nil, of: run)
    #expect(checkpoint.step == 3)
    #expect(note == "Run 1 has lost its checkpoint of step 4. The one of step 3 is used.")
    #expect(try project.library().detail(of: run).missingCheckpoints == [4])
    #expect(try project.library().checkpoint(2, of: run).note == nil)
  }

  @Test(
    "A subject's folder with a second name, as on a file system that ignores case, is no second run"
  )
  func secondName() throws {
    try project.train(project.config())
    try FileManager.default.createSymbolicLink(
      at: project.folder.url.appending(path: "DOG"),
      withDestinationURL: project.folder.url.appending(path: "dog"))
    let library = try project.library()
    #expect(try library.runs().map(\.id) == [1] && library.notes.isEmpty)
    project.removeDatabase()
    #expect(try project.library().runs().map(\.id) == [1])
  }

  @Test("A link to a disk that is not mounted is named, for the project, a subject and a run")
  func linkToNothing() throws {
    try project.train(project.config())
    let run = try project.library().run(.latest)
    let folder = project.folder.folder(of: run).url
    for url in [folder, folder.deletingLastPathComponent(), project.folder.url] {
      let aside = url.deletingLastPathComponent().appending(path: "aside")
      try FileManager.default.moveItem(at: url, to: aside)
      try FileManager.default.createSymbolicLink(
        atPath: url.path, withDestinationPath: "/no/such/disk")
      let error = FileAccessError.linkTarget(file: url.relativePath, target: "/no/such/disk")
      #expect(throws: error) { try project.library().checkpoint(nil, of: run) }
      try FileManager.default.removeItem(at: url)
      try FileManager.default.moveItem(at: aside, to: url)
    }
  }

  @Test("A renamed run folder is named, and a copy of one")
  func renamed() throws {
    try project.train(project.config())
    let folder = try project.folder.folder(of: project.library().run(.latest)).url
    let best = folder.deletingLastPathComponent().appending(path: "run-1-best")
    try FileManager.default.copyItem(at: folder, to: best)
    #expect(
      try project.library().notes == [
        "\(best.relativePath) has checkpoints, but is not listed, because it is a copy of run 1."
      ])
    try FileManager.default.removeItem(at: folder)
    #expect(
      try project.library().notes == [
        "\(best.relativePath) has checkpoints, but is not listed, because its name is not run-1; rename "
          + "it to use it."
      ])
  }

  @Test("A checkpoint that was copied from another run is refused, also without the database")
  func copied() throws {
    try project.train(project.config())
    try project.train(project.config { $0.seed = 7 }, new: true)
    let library = try project.library()
    let one = try library.run(.parse("1"))
    let other = try project.folder.folder(of: library.run(.parse("2"))).url
    let place = project.folder.folder(of: one).url.appending(path: "step-000004")
    try FileManager.default.removeItem(at: place)
    try FileManager.default.copyItem(at: other.appending(path: "step-000004"), to: place)
    let error = RunError.otherRun(checkpoint: place.relativePath, run: 1, owner: 2)
    #expect(
      error.description
        == "\(place.relativePath) is not a checkpoint of run 1, but one of run 2; move it out of the "
        + "folder, or put the checkpoint of run 1 back.")
    #expect(throws: error) { try library.checkpoint(nil, of: one) }
    #expect(throws: error) { try library.checkpoint(4, of: one) }
    #expect(throws: error) { try Rerun(one, in: library) }
    #expect(throws: error) {
      try project.session(project.config { $0.steps = 6 }).resume(one, project.control())
    }
    #expect(try library.checkpoint(3, of: one).checkpoint.step == 3)
    #expect(try library.strangers(in: one) == [error.description])
    #expect(
      try ComparedRun.all([.parse("1")], in: library, report: project.report)[0]
        .checkpoints.map(\.folder.step) == [1, 2, 3])
    #expect(project.notes.contains(error.description))

    project.removeDatabase()
    let rebuilt = try project.library()
    let found = try rebuilt.run(.parse("1"))
    #expect(rebuilt.notes.contains(error.description))
    #expect(found.step == 3)
    #expect(throws: error) { try rebuilt.checkpoint(4, of: found) }
  }

  @Test("Swapped run folders are refused; without the database, a run may have another number")
  func swapped() throws {
    try project.train(project.config())
    try project.train(project.config { $0.seed = 7 }, new: true)
    let library = try project.library()
    let runs = try library.runs()
    let folders = runs.map { project.folder.folder(of: $0).url }
    let aside = folders[0].deletingLastPathComponent().appending(path: "aside")
    for (from, to) in [(folders[0], aside), (folders[1], folders[0]), (aside, folders[1])] {
      try FileManager.default.moveItem(at: from, to: to)
    }
    let error = RunError.otherRun(
      checkpoint: folders[0].appending(path: "step-000004").relativePath, run: 1, owner: 2)
    #expect(throws: error) { try library.checkpoint(nil, of: runs[0]) }
    #expect(try library.strangers(in: runs[1]).count == 4)
    project.removeDatabase()
    let rebuilt = try project.library()
    for run in try rebuilt.runs() {
      #expect(try rebuilt.checkpoint(nil, of: run).checkpoint.step == 4)
    }
  }

  @Test("Checkpoints that were lost before a killed run was repaired are named")
  func lostOfKilled() throws {
    try project.train(project.config(), stopAfter: 3)
    let log = try RunLog(at: project.folder.database)
    var run = try log.run(1)
    (run.status, run.pid) = (.running, 1 << 22 + 1)
    try log.adopt(run)
    try FileManager.default.removeItem(
      at: project.folder.folder(of: run).checkpoint(step: 3).url)
    let lost = "Run 1 has lost its checkpoint of step 3."
    #expect(try project.library().notes == [lost])
    try project.train(project.config())
    #expect(project.notes.contains(lost))
  }

  @Test("Checkpoints that a killed run had removed by --keep-last are not lost, and others are")
  func removedOfKilled() throws {
    try project.train(project.config { $0.keepLast = 2 }, stopAfter: 3)
    let log = try RunLog(at: project.folder.database)
    var run = try log.run(1)
    (run.status, run.pid) = (.running, 1 << 22 + 1)
    // The process was killed between the removal of step 1 and its record.
    try log.adopt(
      run,
      checkpoints: [CheckpointRecord(run: 1, step: 1, path: "dog/run-1/step-000001", sha256: "a")])
    #expect(try project.library().notes.isEmpty)
    #expect(try project.library().detail(of: run).checkpoints.map(\.step) == [2, 3])
    #expect(try project.library().detail(of: run).missingCheckpoints.isEmpty)
    try FileManager.default.removeItem(
      at: project.folder.folder(of: run).checkpoint(step: 2).url)
    #expect(try project.library().notes == ["Run 1 has lost its checkpoint of step 2."])
  }

  @Test("A resume with an unreadable date has no date")
  func unknownDate() throws {
    try project.train(project.config(), stopAfter: 2)
    try project.train(project.config())
    let run = try project.library().run(.latest)
    let checkpoint = try project.folder.folder(of: run).checkpoint(step: 4)
    let state = checkpoint.url.appending(path: "state.json")
    let before = try ContentHash.of(fileAt: state)
    let pattern = /"resumed_at":"[^"]*"/
    try String(contentsOf: state, encoding: .utf8)
      .replacing(pattern, with: "\"resumed_at\":\"on a Monday\"")
      .write(to: state, atomically: true, encoding: .utf8)
    let manifest = checkpoint.url.appending(path: "manifest.json")
    let after = try ContentHash.of(fileAt: state)
    try String(contentsOf: manifest, encoding: .utf8).replacing(before, with: after)
      .write(to: manifest, atomically: true, encoding: .utf8)
    project.removeDatabase()
    let resumes = try project.library().records(of: run).resumes
    #expect(resumes.map(\.step) == [2])
    #expect(resumes.map(\.resumedAt) == [nil])
  }
}
