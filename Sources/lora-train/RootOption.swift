import ArgumentParser
import DreamBooth
import Foundation
import RunLog

/// Where everything that this program keeps lies.
struct RootOption: ParsableArguments {
  @Option(help: ArgumentHelp("Where base models, runs and caches are kept.", valueName: "folder"))
  var root = "Checkpoints"

  var url: URL { URL(filePath: root, directoryHint: .isDirectory) }

  var caches: URL { url.appending(path: "cache") }

  var database: URL { url.appending(path: "runs.sqlite") }

  /// The records of all runs, made whole from the folders. Throws `RunLogError`.
  func runLog() throws -> RunLog {
    let log = try RunLog(at: database)
    try RunRepair(log: log, root: self).repair()
    return log
  }

  /// The same for a command that only looks: nil where nothing was ever trained, so that looking
  /// leaves no trace.
  func existingRunLog() throws -> RunLog? {
    guard
      FileManager.default.fileExists(atPath: database.path) || RunFolder.highestID(below: url) > 0
    else { return nil }
    return try runLog()
  }
}
