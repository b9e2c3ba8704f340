import Foundation

/// A file that cannot be read or written.
public enum FileAccessError: Error, Equatable, CustomStringConvertible {
  /// Reading failed.
  case unreadable(file: String, reason: String)
  /// Writing failed.
  case unwritable(file: String, reason: String)

  /// One sentence: what was found and what to do.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file) cannot be read (\(reason)); check that it is there and readable."
    case .unwritable(let file, let reason):
      "\(file) cannot be written (\(reason)); free some space or choose another place."
    }
  }
}

/// What makes writing safe against being interrupted.
enum DurableFile {
  /// Makes a folder and those above it. Throws `FileAccessError.unwritable`.
  static func makeFolder(_ url: URL) throws(FileAccessError) {
    do {
      try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(file: url.relativePath, reason: error.localizedDescription)
    }
  }

  /// Writes a new file and syncs it to the disk. Throws `FileAccessError.unwritable`.
  static func write(_ data: Data, to url: URL) throws(FileAccessError) {
    do {
      try data.write(to: url)
      let file = try FileHandle(forUpdating: url)
      try file.synchronize()
      try file.close()
    } catch {
      throw .unwritable(file: url.relativePath, reason: error.localizedDescription)
    }
  }

  /// Gives a file or folder its final name, replacing a file of that name, so that it is there whole
  /// or not at all, and syncs the folder it lies in. Throws `FileAccessError.unwritable`.
  static func rename(_ source: URL, to destination: URL) throws(FileAccessError) {
    guard Foundation.rename(source.path, destination.path) == 0 else {
      throw .unwritable(
        file: destination.relativePath, reason: String(cString: strerror(errno)))
    }
    try syncFolder(destination.deletingLastPathComponent())
  }

  /// Makes the names in a folder durable. Throws `FileAccessError.unwritable`.
  static func syncFolder(_ url: URL) throws(FileAccessError) {
    let descriptor = open(url.path, O_RDONLY)
    guard descriptor >= 0 else {
      throw .unwritable(file: url.relativePath, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw .unwritable(file: url.relativePath, reason: String(cString: strerror(errno)))
    }
  }
}
