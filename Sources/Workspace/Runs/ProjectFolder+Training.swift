import Files
import RunLog
import Training

extension ProjectFolder {
  /// The number of a run that a process of this machine trains or prepares to resume; nil if there is none.
  /// Throws `RunLogError`.
  package func trainedRun() throws -> Int64? {
    guard let archive = try RunArchive(at: database) else { return nil }
    let survey = RunSurvey(project: self)
    return try archive.runs().last { run in
      guard survey.status(of: run) == .running else { return false }
      // The record of a run that is being prepared still has the host of before.
      return run.status == .running
        ? run.host == CurrentProcess.host : RunLock.ownHolder(folder(of: run)) != nil
    }?.id
  }
}
