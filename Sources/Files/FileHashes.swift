public import Foundation

/// Hashes of large files, remembered while the file stays as it is, so that gigabytes of weights are
/// not read again at every start.
///
/// A file counts as unchanged when its place, number, size and times of last change are the same;
/// the time of the last change of status (ctime) moves with every write and cannot be set back.
/// Hashes of files that are gone or have changed are dropped when the others are saved, and no more
/// than ``limit`` are kept.
public final class FileHashes {
  /// How many hashes are kept.
  package static let limit = 2000

  /// Name of the file in its folder.
  package static let fileName = "file-hashes.json"

  private let store: URL
  private var known: [String: String]
  /// What was asked for by this object, which is kept before others.
  private var used: Set<String> = []
  private var isChanged = false

  /// The hashes remembered in a folder. What is there and cannot be used is forgotten.
  public init(in folder: URL) {
    store = folder.appending(path: Self.fileName)
    do {
      known = try Self.read(store)
    } catch {
      known = [:]
    }
  }

  /// The SHA-256 of a file. Throws `FileAccessError`.
  public func hash(of url: URL) throws -> String {
    let key = try Self.identity(of: url)
    used.insert(key)
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
    prune()
    try DurableFile.replace(store, with: JSONEncoder().encode(known))
    isChanged = false
  }

  /// Drops what no file has any more, and what is too much.
  private func prune() {
    known = known.filter { key, _ in
      guard let path = Self.path(in: key) else { return false }
      do {
        return try Self.identity(of: URL(filePath: path)) == key
      } catch {
        return false
      }
    }
    let surplus = known.count - Self.limit
    guard surplus > 0 else { return }
    for key in known.keys.filter({ !used.contains($0) }).sorted().prefix(surplus) {
      known[key] = nil
    }
  }

  /// Whether a file holds hashes.
  package static func isReadable(_ url: URL) -> Bool {
    do {
      _ = try read(url)
      return true
    } catch {
      return false
    }
  }

  private static func read(_ url: URL) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(contentsOf: url))
  }

  /// The path of the file in an identity; the other five fields hold no separator.
  private static func path(in identity: String) -> String? {
    let fields = identity.split(separator: "|", omittingEmptySubsequences: false)
    return fields.count > 5 ? fields.dropLast(5).joined(separator: "|") : nil
  }

  private static func identity(of url: URL) throws(FileAccessError) -> String {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
      throw FileAccessError(reading: url)
    }
    let changed = status.st_ctim
    let written = status.st_mtim
    return [
      url.standardizedFileURL.path, "\(status.st_dev)", "\(status.st_ino)", "\(status.st_size)",
      "\(written.tv_sec).\(written.tv_nsec)", "\(changed.tv_sec).\(changed.tv_nsec)",
    ].joined(separator: "|")
  }
}
