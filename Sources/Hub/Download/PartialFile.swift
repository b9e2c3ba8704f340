import Files
import Foundation

/// A file whose bytes are still arriving: `<name>.<beginning of the hash>.partial` beside its place.
///
/// The hash in the name keeps bytes of another version apart: a changed file starts anew.
final class PartialFile {
  private static let ending = ".partial"

  /// Bytes so far.
  private(set) var length = 0

  private let file: RepositoryFile
  private let url: URL
  private let destination: URL
  private var output: AppendedFile
  private var digest: RunningDigest

  /// Opens what an earlier download has left, or begins. Removes what is left of other versions.
  /// Makes the folder. Throws `FileAccessError`.
  init(of file: RepositoryFile, for destination: URL) throws(FileAccessError) {
    self.file = file
    self.destination = destination
    url = Self.place(of: file, for: destination)
    try DurableFile.makeFolder(destination.deletingLastPathComponent())
    try Self.removeOthers(than: url, for: destination)
    digest = RunningDigest(for: file.digest, size: file.size)
    let found = Self.length(of: file, for: destination)
    if found > 0 { try digest.update(file: url) }
    output = try AppendedFile(url, keeping: found)
    length = found
  }

  /// The bytes that an earlier download of the same file has left.
  static func length(of file: RepositoryFile, for destination: URL) -> Int {
    let found = RunningDigest.size(of: place(of: file, for: destination)) ?? 0
    return found > file.size ? 0 : found
  }

  var isComplete: Bool { length == file.size }

  /// Takes the next bytes. Returns false, and takes none, if they are more than the file has. Throws
  /// `FileAccessError.unwritable`.
  func append(_ bytes: Data) throws(FileAccessError) -> Bool {
    guard length + bytes.count <= file.size else { return false }
    try output.append(bytes)
    digest.update(bytes)
    length += bytes.count
    return true
  }

  /// Drops all bytes. Throws `FileAccessError.unwritable`.
  func restart() throws(FileAccessError) {
    guard length > 0 else { return }
    output = try AppendedFile(url, keeping: 0)
    digest = RunningDigest(for: file.digest, size: file.size)
    length = 0
  }

  /// Gives a complete file its name, and returns its SHA-256; nil if its hash is wrong, and then the
  /// bytes are dropped. Throws `FileAccessError.unwritable`.
  func finish() throws(FileAccessError) -> String? {
    guard let sha256 = digest.match else {
      try restart()
      return nil
    }
    try output.sync()
    try DurableFile.rename(url, to: destination)
    return sha256
  }

  /// Removes the bytes. Throws `FileAccessError.unwritable`.
  func remove() throws(FileAccessError) { try DurableFile.remove(url) }

  private static func place(of file: RepositoryFile, for destination: URL) -> URL {
    destination.deletingLastPathComponent().appending(
      path: "\(destination.lastPathComponent).\(file.digest.value.prefix(12))\(ending)")
  }

  private static func removeOthers(than url: URL, for destination: URL) throws(FileAccessError) {
    let folder = destination.deletingLastPathComponent()
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw .unreadable(file: folder.relativePath, reason: error.reason)
    }
    for name in names
    where name.hasPrefix("\(destination.lastPathComponent).") && name.hasSuffix(ending)
      && name != url.lastPathComponent
    {
      try DurableFile.remove(folder.appending(path: name))
    }
  }
}
