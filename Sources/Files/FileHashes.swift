public import Foundation

/// Hashes of large files, remembered until the files change, so that gigabytes of weights are not
/// read at every start.
///
/// A file counts as unchanged if its path, device, inode, size and times are the same: the time of
/// the last write, and the time of the last change of status (ctime), which moves with every write
/// and cannot be set back. Saving drops the hashes of changed and removed files, and those over
/// ``limit``.
public final class FileHashes {
  /// The most hashes that are kept.
  package static let limit = 2000

  package static let fileName = "file-hashes.json"

  private let store: URL
  private var known: [String: String]
  /// The keys that this object has returned hashes for. They are kept before others.
  private var used: Set<String> = []
  private var isChanged = false

  /// Reads the hashes remembered in a folder. A file that cannot be read counts as empty.
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

  /// One hash of the names and contents of several files with different names. Throws
  /// `FileAccessError`.
  public func hash(of files: [URL]) throws -> String {
    ContentHash.of(try files.flatMap { [$0.lastPathComponent, try hash(of: $0)] })
  }

  /// Saves the hashes for later processes. Throws `FileAccessError`.
  public func save() throws {
    guard isChanged else { return }
    prune()
    try DurableFile.replace(store, with: JSONEncoder().encode(known))
    isChanged = false
  }

  /// Drops the hashes of changed and removed files, and those over the limit.
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

  /// Whether a file can be read as saved hashes.
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

  /// The path of the file in an identity; the other five fields contain no separator.
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
