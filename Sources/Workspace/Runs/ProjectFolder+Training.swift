import Files
import RunLog

extension ProjectFolder {
  /// The number of a run that a process of this machine trains; nil if there is none. Throws `RunLogError`.
  package func trainedRun() throws -> Int64? {
    guard let archive = try RunArchive(at: database) else { return nil }
    let survey = RunSurvey(project: self)
    return try archive.runs().last {
      $0.status == .running && $0.host == CurrentProcess.host && !survey.isDead($0)
    }?.id
  }
}
