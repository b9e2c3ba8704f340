import Foundation
import NN
import RunLog
import Testing
import Training
import Workspace

/// A resume states what it does: the number of steps, what is missing, and where it starts.
@Suite struct ResumeTests {
  private let project: Project

  init() throws { project = try Project() }

  private func run(_ id: String = "latest") throws -> Run {
    try project.library().run(.parse(id))
  }

  private func finishedRun(_ result: TrainingResult) throws -> Run {
    guard case .finished(let run, _) = result else { throw NotFinished() }
    return run
  }

  private struct NotFinished: Error {}

  @Test("Without a number of steps, a resumed run keeps its own")
  func keepsSteps() throws {
    try project.train(project.config(), stopAfter: 2)
    try project.train(project.config { $0.steps = 1000 }, keepsSteps: true)
    #expect(try run().steps == 4 && run().status == .finished)
    #expect(!project.notes.contains { $0.contains("number of steps") })
  }

  @Test("Another number of steps is reported")
  func moreSteps() throws {
    try project.train(project.config(), stopAfter: 2)
    try project.train(project.config { $0.steps = 6 })
    #expect(project.notes.contains("Run 1 has another number of steps: 4 -> 6."))
  }

  @Test("More steps extend a finished run to the bytes of a run with that many steps")
  func extended() throws {
    try project.train(project.config())
    let extended = try finishedRun(project.train(project.config { $0.steps = 6 }))
    #expect(extended.id == 1 && project.steps == [1, 2, 3, 4, 5, 6])
    let whole = try finishedRun(project.train(project.config { $0.steps = 6 }, new: true))
    #expect(whole.id == 2)
    let hashes = try [extended, whole].map {
      try project.folder.folder(of: $0).checkpoint(step: 6).verify()
    }
    #expect(hashes[0] == hashes[1])
    #expect(try project.library().detail(of: run("1")).isExact)
  }

  @Test("A schedule of an extended run ends later; the note has both learning rates")
  func extendedSchedule() throws {
    let config = project.config {
      $0.optimization.learningRateSchedule = .linear
      $0.optimization.learningRate = 1e-3
    }
    try project.train(config)
    var longer = config
    longer.steps = 8
    _ = try finishedRun(project.train(longer))
    #expect(
      project.notes.contains(
        "Run 1 has another number of steps: 4 -> 8; its linear schedule now ends at step 8, so the "
          + "learning rate changes from 0.00025 in step 4 to 0.0005 in step 5, and the result is not "
          + "that of a run of 8 steps."))
    let detail = try project.library().detail(of: run())
    #expect(detail.losses.map(\.learningRate)[3...4] == [0.00025, 0.0005])
    #expect(!detail.isExact && detail.resumes.map(\.changes) == ["steps: 4 -> 8"])
  }

  @Test("The same training again starts a new run, and the finished one is named")
  func again() throws {
    try project.train(project.config())
    let second = try finishedRun(project.train(project.config(), keepsSteps: true))
    #expect(second.id == 2)
    #expect(
      project.notes.contains(
        "Run 1 has finished 4 steps with these settings, and a new run starts; more `steps` extend "
          + "run 1."))
  }

  @Test("A finished run can be resumed with more steps, or if its last checkpoint is missing")
  func resumable() throws {
    try project.train(project.config())
    let finished = RunError.finished(run: 1, step: 4)
    #expect(throws: finished) { try project.library().resumable(.parse("1")) }
    #expect(throws: finished) {
      try project.session(project.config()).resume(run(), project.control())
    }
    #expect(throws: RunError.noneInterrupted(file: project.folder.database.relativePath)) {
      try project.library().resumable(.latest)
    }
    #expect(try project.library().resumable(.latest, extends: true).id == 1)
    #expect(throws: CheckpointError.stepsDone(requested: 3, done: 4)) {
      try project.session(project.config { $0.steps = 3 }).resume(run(), project.control())
    }

    let folder = try project.folder.folder(of: run())
    for step in [3, 4] {
      try FileManager.default.removeItem(at: folder.checkpoint(step: step).url)
    }
    let gone = RunError.lastCheckpointGone(run: 1, step: 4, newest: 2)
    #expect(throws: gone) { try Rerun(run(), in: project.library()) }
    #expect(
      gone.description
        == "Run 1 has lost its checkpoint of step 4, and its newest one is of step 2; train the "
        + "steps since then again with lora-train resume 1.")
    let lost = try project.library().resumable(.parse("1"))
    let result = try project.session(project.config()).resume(lost, project.control())
    #expect(try finishedRun(result).id == 1 && project.steps == [1, 2, 3, 4, 3, 4])
    #expect(project.notes.contains("Run 1 has lost its checkpoints of step 3, 4."))
    #expect(try Rerun(run(), in: project.library()).change == nil)
  }

  @Test("More steps with another setting start a new run, and the setting is named")
  func notExtended() throws {
    try project.train(project.config())
    let changed = project.config {
      $0.steps = 6
      $0.seed = 7
    }
    #expect(try finishedRun(project.train(changed)).id == 2)
    #expect(
      project.notes.contains(
        "Run 1 has finished 4 steps and is not extended, because its training was another "
          + "(seed: 42 -> 7), so a new run starts."))
    let before = project.notes.count
    #expect(try finishedRun(project.train(project.config { $0.seed = 8 })).id == 3)
    #expect(!project.notes.dropFirst(before).contains { $0.contains("is not extended") })
  }

  @Test("latest with a number of steps is the latest run, as in other commands")
  func latestExtended() throws {
    try project.train(project.config(), stopAfter: 2)
    try project.train(project.config(), new: true)
    let library = try project.library()
    #expect(try library.resumable(.latest, extends: true).id == 2)
    #expect(try library.resumable(.latest).id == 1)
    for extends in [false, true] {
      #expect(try library.resumable(nil, extends: extends).id == 1)
    }
  }

  @Test("A run that has saved nothing starts again, with a note")
  func nothingSaved() throws {
    try project.train(project.config(), stopAfter: 2)
    let log = try RunLog(at: project.folder.database)
    try log.keepCheckpoints(of: 1, steps: [])
    let folder = try project.folder.folder(of: run())
    for checkpoint in folder.checkpoints {
      try FileManager.default.removeItem(at: checkpoint.url)
    }
    #expect(try finishedRun(project.train(project.config())).id == 1)
    #expect(
      project.notes.contains(
        "Run 1 had done 2 steps but has saved no checkpoint, so it starts again."))
    try log.keepCheckpoints(of: 1, steps: [])
    try log.interrupt(1)
    for checkpoint in folder.checkpoints {
      try FileManager.default.removeItem(at: checkpoint.url)
    }
    #expect(try finishedRun(project.train(project.config { $0.seed = 7 })).id == 2)
    #expect(
      project.notes.contains(
        "Run 1 has saved no checkpoint and was another training (seed: 42 -> 7), so a new run starts."
      ))
  }
}
