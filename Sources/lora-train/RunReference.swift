import ArgumentParser
import DreamBooth
import Foundation
import RunLog

/// A run as users name it: `7`, `latest`, `7@500`, `latest@500`.
struct RunReference: ExpressibleByArgument {
  /// nil: the latest.
  let id: Int64?
  /// nil: the newest checkpoint.
  let step: Int?

  static let latest = RunReference(id: nil, step: nil)

  private init(id: Int64?, step: Int?) {
    self.id = id
    self.step = step
  }

  init?(argument: String) {
    let parts = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else { return nil }
    let id = Int64(parts[0])
    let step = parts.count == 2 ? Int(parts[1]) : nil
    guard parts[0] == "latest" || id != nil, parts.count == 1 || step != nil else { return nil }
    self.init(id: id, step: step)
  }

  /// The run's record. Throws `RunLogError`, `NothingFound`.
  func run(in log: RunLog) throws -> Run {
    if let id { return try log.run(id) }
    guard let run = try log.latest() else {
      throw NothingFound(
        "No run is recorded in \(log.url.relativePath); train one first with --subject.")
    }
    return run
  }
}

extension Run {
  /// The run's folder below a root.
  func folder(below root: RootOption) -> RunFolder { RunFolder(root.url.appending(path: path)) }
}
