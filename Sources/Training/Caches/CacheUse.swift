public import Files
public import Foundation
import NN

/// Which entries of the caches a run reads: `caches.json` in the run's folder, so that the others can
/// be cleared.
public struct CacheUse: Codable, Sendable, Equatable {
  /// The entries by their paths in the folder of all caches, sorted: `latents/<key>.safetensors`.
  public let files: [String]

  /// The use of files; those that are not below the folder of all caches are left out.
  public init(of files: [URL], below caches: URL) {
    let root = caches.standardizedFileURL.path(percentEncoded: false)
    let prefix = root.hasSuffix("/") ? root : root + "/"
    self.files = Set(
      files.compactMap { file in
        let path = file.standardizedFileURL.path(percentEncoded: false)
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
      }
    ).sorted()
  }

  /// Writes the list into a run's folder, in place of an older one. Throws
  /// `FileAccessError.unwritable`.
  public func write(to run: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.replace(Self.url(in: run), with: encoder.encode(self))
  }

  /// The list of a run; nil where it has none. Throws `FileAccessError.unreadable` for one that is
  /// there and cannot be read.
  public init?(of run: RunFolder) throws(FileAccessError) {
    let url = Self.url(in: run)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    } catch {
      throw .unreadable(file: url.relativePath, reason: error.reason)
    }
  }

  /// Where a run's list lies.
  static func url(in run: RunFolder) -> URL { run.url.appending(path: "caches.json") }
}
