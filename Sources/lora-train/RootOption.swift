import ArgumentParser
import Foundation
import RunLog

/// Where everything that this program keeps lies.
struct RootOption: ParsableArguments {
  @Option(help: "Where base models, runs and caches are kept.")
  var root = "Checkpoints"

  var url: URL { URL(filePath: root, directoryHint: .isDirectory) }

  var caches: URL { url.appending(path: "cache") }

  var database: URL { url.appending(path: "runs.sqlite") }

  /// The records of all runs.
  func runLog() throws -> RunLog { try RunLog(at: database) }
}
