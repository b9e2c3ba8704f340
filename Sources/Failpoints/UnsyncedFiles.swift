#if DEBUG
  import Foundation

  /// What a power cut would destroy of the files that this process has written: bytes that are not
  /// synced, and new and changed names in folders that are not synced. All of it is lost at once,
  /// the worst case that POSIX allows. SQLite's own files are not included.
  struct UnsyncedFiles {
    private struct Rename {
      var source: String
      var destination: String
    }

    /// How many bytes of each file are on the disk.
    private var contents: [String: Int] = [:]
    private var names: Set<String> = []
    private var renames: [Rename] = []

    mutating func wrote(_ path: String) {
      contents[path] = 0
      if access(path, F_OK) != 0 { names.insert(path) }
    }

    mutating func synced(_ path: String) { contents[path] = nil }

    mutating func appended(_ path: String, synced length: Int) { contents[path] = length }

    mutating func syncedFolder(_ path: String) {
      let folder = Self.trimmed(path)
      names = names.filter { Self.parent($0) != folder }
      renames = renames.filter { Self.parent($0.destination) != folder }
    }

    /// A file that had the destination's name before is not restored.
    mutating func renamed(_ source: String, to destination: String) {
      let (source, destination) = (Self.trimmed(source), Self.trimmed(destination))
      func moved(_ path: String) -> String {
        path == source || path.hasPrefix(source + "/")
          ? destination + path.dropFirst(source.count) : path
      }
      contents = Dictionary(contents.map { (moved($0), $1) }) { $1 }
      names = Set(names.map(moved))
      renames.append(Rename(source: source, destination: destination))
    }

    /// Leaves the disk as the power cut would.
    mutating func drop() {
      for (path, length) in contents { truncate(path, off_t(length)) }
      for path in names { unlink(path) }
      for change in renames.reversed() { Foundation.rename(change.destination, change.source) }
    }

    private static func parent(_ path: String) -> String {
      trimmed(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
    }

    private static func trimmed(_ path: String) -> String {
      path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
  }
#endif
