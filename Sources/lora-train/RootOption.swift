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

  /// The records in a file that can be used, where the one that was open is damaged or was deleted. A
  /// damaged one is moved aside. Throws `RunLogError`, `FileAccessError`.
  func replacedRunLog() throws -> RunLog {
    let endings = ["", "-wal", "-shm"]
    // Those of a file that is gone would be taken for the new one's.
    if !FileManager.default.fileExists(atPath: database.path) {
      for ending in endings.dropFirst() { unlink(database.path + ending) }
    }
    do {
      let log = try RunLog(at: database)
      try log.verify()
      try RunRepair(log: log, root: self).repair()
      return log
    } catch RunLogError.damaged, RunLogError.notADatabase {
      let aside = database.appendingPathExtension("damaged")
      for ending in endings {
        let file = database.path + ending
        guard FileManager.default.fileExists(atPath: file) else { continue }
        guard rename(file, aside.path + ending) == 0 else {
          throw FileAccessError.unwritable(
            file: database.relativePath, reason: String(cString: strerror(errno)))
        }
      }
      Console.say(
        "Note: \(database.relativePath) is damaged; it is now \(aside.relativePath), and a new one is "
          + "made from the run folders.")
      return try runLog()
    }
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
