public import Foundation

/// Hashes of large files, remembered while the file stays as it is, so that gigabytes of weights are
/// not read again at every start.
///
/// A file counts as unchanged when its place, number, size and times of last change are the same;
/// the time of the last change of status (ctime) moves with every write and cannot be set back.
public final class FileHashes {
  private let store: URL
  private var known: [String: String]
  private var isChanged = false

  /// The hashes remembered in a folder. What is there and cannot be used is forgotten.
  public init(in folder: URL) {
    store = folder.appending(path: CacheKind.fileHashes.rawValue)
    do {
      known = try Self.read(store)
    } catch {
      known = [:]
    }
  }

  /// The SHA-256 of a file. Throws `FileAccessError`.
  public func hash(of url: URL) throws -> String {
    let key = try Self.identity(of: url)
    if let hash = known[key] { return hash }
    let hash = try ContentHash.of(fileAt: url)
    known[key] = hash
    isChanged = true
    return hash
  }

  /// The hash of several files of different names, by their names and contents. Throws
  /// `FileAccessError`.
  public func hash(of files: [URL]) throws -> String {
    ContentHash.of(try files.flatMap { [$0.lastPathComponent, try hash(of: $0)] })
  }

  /// Remembers the hashes taken so far beyond this process. Throws `FileAccessError`.
  public func save() throws {
    guard isChanged else { return }
    try DurableFile.replace(store, with: JSONEncoder().encode(known))
    isChanged = false
  }

  /// Throws `CacheError.damaged` for a file of hashes that cannot be used.
  static func verify(_ url: URL) throws(CacheError) {
    do {
      _ = try read(url)
    } catch {
      throw .damaged(file: url.relativePath, problem: "it is not a list of hashes")
    }
  }

  private static func read(_ url: URL) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(contentsOf: url))
  }

  private static func identity(of url: URL) throws(FileAccessError) -> String {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw .unreadable(file: url.relativePath, reason: String(cString: strerror(errno)))
    }
    let changed = status.st_ctim
    let written = status.st_mtim
    return [
      url.standardizedFileURL.path, "\(status.st_dev)", "\(status.st_ino)", "\(status.st_size)",
      "\(written.tv_sec).\(written.tv_nsec)", "\(changed.tv_sec).\(changed.tv_nsec)",
    ].joined(separator: "|")
  }
}
