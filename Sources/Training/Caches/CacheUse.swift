public import Files
public import Foundation
import NN

/// The cache entries that a run reads, listed in `caches.json` in the run folder. Entries that no
/// run lists can be removed.
public struct CacheUse: Codable, Sendable, Equatable {
  /// Paths relative to the cache folder, sorted: `latents/<key>.safetensors`.
  public let files: [String]

  /// Lists those of the files that are in the cache folder `caches`.
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

  /// Writes the list to a run folder, replacing an older one. Throws `FileAccessError.unwritable`.
  public func write(to run: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try DurableFile.replace(Self.url(in: run), with: encoder.encode(self))
  }

  /// Reads the list of a run; nil if it has none. Throws `FileAccessError.unreadable`.
  public init?(of run: RunFolder) throws(FileAccessError) {
    let url = Self.url(in: run)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    do {
      self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
    } catch {
      throw .unreadable(file: url.relativePath, reason: error.reason)
    }
  }

  /// The file with a run's list.
  static func url(in run: RunFolder) -> URL { run.url.appending(path: "caches.json") }
}
