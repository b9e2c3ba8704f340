public import Drawing
import Files
public import Foundation
import Images

/// One file in the cache folder.
public struct CacheEntry: Sendable {
  /// The cache that it belongs to.
  public let kind: CacheKind
  /// The file.
  public let url: URL
  /// Path relative to the cache folder.
  public let path: String
  /// Size in bytes.
  public let bytes: Int
  /// Time of the last write.
  let modified: Date

  /// The file `name` of a cache; nil if it is gone or not a regular file.
  init?(_ kind: CacheKind, name: String, in caches: URL) {
    path = (kind.folder.map { "\($0)/" } ?? "") + name
    url = caches.appending(path: path)
    self.kind = kind
    var status = stat()
    guard lstat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    bytes = Int(status.st_size)
    modified = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
  }

  /// Checks the file against its hash. Returns the damage in one sentence, or nil if it is intact.
  public func problem() -> String? {
    do {
      switch kind {
      case .latents, .text: _ = try TensorEntry(url: url).read()
      case .classImages, .pictures: try PictureEntry.verify(url)
      case .fileHashes:
        guard FileHashes.isReadable(url) else {
          throw CacheError.damaged(file: url.relativePath, problem: "it is not a list of hashes")
        }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }
}
