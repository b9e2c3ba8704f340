import Foundation

/// A place where a test may end the process at once, cut its power, or have a system call fail, as the
/// environment variable `LORA_TRAIN_FAILPOINT` says (``FailpointPlan``). In release builds nothing of
/// it is there.
public enum Failpoint: String, CaseIterable, Sendable {
  case startUp = "start-up"
  case caching, step, validation, sampling
  case write, append, sync, rename, manifest, database, deletion

  /// A place where a process can die.
  public func pass(_ path: @autoclosure () -> String = "") { _ = fails(path()) }

  /// Whether a test has the system call that follows fail; `errno` says how.
  public func fails(_ path: @autoclosure () -> String = "") -> Bool {
    #if DEBUG
      guard let code = FailpointPlan.current?.reach(self, path()) else { return false }
      errno = code
      return true
    #else
      return false
    #endif
  }

  /// A file's bytes are on the disk.
  public static func synced(_ path: String) {
    #if DEBUG
      FailpointPlan.current?.note { $0.synced(path) }
    #endif
  }

  /// Of a file that grows at its end, so many bytes are on the disk.
  public static func appended(_ path: String, synced length: Int) {
    #if DEBUG
      FailpointPlan.current?.note { $0.appended(path, synced: length) }
    #endif
  }

  /// The names in a folder are on the disk.
  public static func syncedFolder(_ path: String) {
    #if DEBUG
      FailpointPlan.current?.note { $0.syncedFolder(path) }
    #endif
  }

  /// A file or folder has a new name.
  public static func renamed(_ source: String, to destination: String) {
    #if DEBUG
      FailpointPlan.current?.note { $0.renamed(source, to: destination) }
    #endif
  }
}
