import Foundation
import RunLog
import Testing
import Training
import Workspace

/// Trainings started, reported, stopped and resumed without a console.
@Suite struct TrainingSessionTests {
  private let project: Project

  init() throws { project = try Project() }

  @Test("A run is started, reported, stopped, resumed and finished through this target alone")
  func wholeCourse() throws {
    guard case .stopped(let run, let step) = try project.train(project.config(), stopAfter: 2)
    else {
      Issue.record("The run was not stopped.")
      return
    }
    #expect(step == 2 && project.steps == [1, 2])
    #expect(try project.library().run(.latest).status == .interrupted)
    guard case .finished(let same, let adapter) = try project.train(project.config()) else {
      Issue.record("The run was not finished.")
      return
    }
    #expect(same.id == run.id && project.steps == [1, 2, 3, 4])
    #expect(FileManager.default.fileExists(atPath: adapter.path))
    let starts = project.events.compactMap { event -> TrainingStart? in
      if case .starting(let start) = event { start } else { nil }
    }
    #expect(starts.map(\.resumedFrom) == [nil, 2])
    #expect(starts.map(\.images) == [3, 3])
    let detail = try project.library().detail(of: run)
    #expect(detail.summary.run.status == .finished)
    #expect(detail.losses.map(\.step) == [1, 2, 3, 4])
    #expect(detail.resumes.map(\.step) == [2])
  }

  @Test("A rerun gives the same adapter; an unfinished run is refused")
  func rerun() throws {
    try project.train(project.config(), stopAfter: 2)
    let unfinished = try project.library().run(.latest)
    #expect(throws: RunError.unfinished(run: 1, step: 2, steps: 4)) {
      try Rerun(unfinished, in: project.library())
    }
    try project.train(project.config())
    let rerun = try Rerun(project.library().run(.latest), in: project.library())
    #expect(rerun.change == nil)
    guard
      case .finished(let again, _) = try rerun.train(
        project.session(rerun.config), project.control())
    else {
      Issue.record("The run was not finished.")
      return
    }
    #expect(again.id == 2)
    #expect(try rerun.compare(with: again).count == 64)
  }

  @Test("Other unfinished runs of a subject are compared by their states alone")
  func comparesStates() throws {
    let other = project.config { $0.seed = 1 }
    try project.train(other, stopAfter: 2)
    try project.train(project.config(), new: true, stopAfter: 2)
    // Opening a pipe without a writer blocks forever.
    let folder = project.folder.folder(of: try project.library().run(.parse("1")))
    for checkpoint in folder.checkpoints {
      for name in ["adapter.safetensors", "optimizer.safetensors"] {
        let file = checkpoint.url.appending(path: name)
        try FileManager.default.removeItem(at: file)
        #expect(mkfifo(file.path, 0o600) == 0)
      }
    }
    guard case .finished(let run, _) = try project.train(project.config()) else {
      Issue.record("The run was not finished.")
      return
    }
    #expect(run.id == 2)
  }

  @Test("A run whose folder is missing is an error and is not started again")
  func folderGone() throws {
    try project.train(project.config(), stopAfter: 3)
    let run = try project.library().run(.latest)
    let folder = project.folder.folder(of: run).url
    let aside = folder.deletingLastPathComponent().appending(path: "run-best")
    try FileManager.default.moveItem(at: folder, to: aside)
    let damaged = aside.deletingLastPathComponent().appending(path: "a/step-000003")
    try FileManager.default.createDirectory(at: damaged, withIntermediateDirectories: true)
    let gone = RunError.checkpointsGone(
      run: 1, step: 3, folder: folder.relativePath, renamed: aside.relativePath)
    #expect(throws: gone) { try project.train(project.config()) }
    #expect(!FileManager.default.fileExists(atPath: folder.path))
    #expect(throws: gone) { try project.library().checkpoint(nil, of: run) }
    #expect(
      gone.description
        == "Run 1 has done 3 steps, but \(folder.relativePath) has no checkpoint; rename "
        + "\(aside.relativePath), which has its checkpoints, to run-1, or start a new run with `new`."
    )
    try FileManager.default.moveItem(at: aside, to: folder)
    try project.train(project.config())
    #expect(try project.library().run(.latest).status == .finished)
  }
}
