import Files
import Foundation
import RunLog
import Training

/// Makes the records whole again from the run folders. Only commands that train do this.
struct RunRepair {
  let log: RunLog
  let project: ProjectFolder
  let report: WorkspaceReport

  /// Enters the runs on the disk that the records do not have, and marks as interrupted those that
  /// nobody trains any more. Throws `RunLogError`.
  func repair() throws {
    let survey = RunSurvey(project: project)
    let (found, problems) = try survey.unrecorded(besides: log.runs())
    for problem in problems { report(.note(problem)) }
    for run in found {
      try run.records.enter(run.run, in: log)
      report(.note("\(run.folder.url.relativePath) was not recorded, and is now."))
    }
    for dead in try log.interrupt(where: survey.isDead) {
      let (run, records) = survey.reconciled(dead, known: try log.checkpoints(dead.id))
      try records.enter(run, in: log)
      report(.note("run \(run.id) was interrupted at step \(run.step)."))
    }
  }
}

extension ProjectFolder {
  /// The records of all runs, for writing, made whole from the folders. Throws `RunLogError`.
  func openRunLog(_ report: @escaping WorkspaceReport) throws -> RunLog {
    let log = try RunLog(at: database)
    try RunRepair(log: log, project: self, report: report).repair()
    return log
  }

  /// The records in a file that can be used, where the one that was open is damaged or was deleted. A
  /// damaged one is moved aside. Throws `RunLogError`, `FileAccessError`.
  func replaceRunLog(_ report: @escaping WorkspaceReport) throws -> RunLog {
    let endings = ["", "-wal", "-shm"]
    // Those of a file that is gone would be taken for the new one's.
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
          "\(database.relativePath) is damaged; it is now \(aside.relativePath), and a new one is made "
            + "from the run folders."))
      return try openRunLog(report)
    }
  }
}
