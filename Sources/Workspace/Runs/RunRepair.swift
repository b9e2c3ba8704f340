import Files
import Foundation
import RunLog
import Training

/// Repairs the database from the run folders. Only commands that train do this.
struct RunRepair {
  let log: RunLog
  let project: ProjectFolder
  let report: WorkspaceReport

  /// Records the runs that the database lacks, and marks runs whose process died as interrupted. Throws
  /// `RunLogError`.
  func repair() throws {
    let survey = RunSurvey(project: project)
    let (found, problems) = try survey.unrecorded(besides: log.runs())
    for problem in problems { report(.note(problem)) }
    for run in found {
      try run.records.enter(run.run, in: log)
      report(.note("\(run.folder.url.relativePath) was not recorded; it is recorded now."))
    }
    for dead in try log.interrupt(where: survey.isDead) {
      let (run, records, note) = survey.reconciled(dead, known: try log.checkpoints(dead.id))
      try records.enter(run, in: log)
      report(.note("Run \(run.id) was interrupted at step \(run.step)."))
      if let note { report(.note(note)) }
    }
  }
}

extension ProjectFolder {
  /// Opens the database for writing and repairs it from the run folders. Throws `RunLogError`,
  /// `FileAccessError.linkTarget`.
  func openRunLog(_ report: @escaping WorkspaceReport) throws -> RunLog {
    try checkLink()
    let log = try RunLog(at: database)
    try RunRepair(log: log, project: self, report: report).repair()
    return log
  }

  /// Opens the database again after it was damaged or deleted. A damaged file is renamed. Throws
  /// `RunLogError`, `FileAccessError`.
  func replaceRunLog(_ report: @escaping WorkspaceReport) throws -> RunLog {
    let endings = ["", "-wal", "-shm"]
    // SQLite would take the log of the deleted file for the new one's.
    if !FileManager.default.fileExists(atPath: database.path) {
      for ending in endings.dropFirst() { unlink(database.path + ending) }
    }
    do {
      let log = try RunLog(at: database)
      try log.verify()
      try RunRepair(log: log, project: self, report: report).repair()
      return log
    } catch RunLogError.damaged, RunLogError.notADatabase {
      let aside = database.appendingPathExtension("damaged")
      for ending in endings {
        let file = database.path + ending
        guard FileManager.default.fileExists(atPath: file) else { continue }
        guard rename(file, aside.path + ending) == 0 else {
          throw FileAccessError(writing: database)
        }
      }
      report(
        .note(
          "\(database.relativePath) is damaged; it was renamed to \(aside.relativePath), and a new one "
            + "is written from the run folders."))
      return try openRunLog(report)
    }
  }
}
