public import Drawing
import Files
public import Foundation
import Images

/// One file in the folder of all caches.
public struct CacheEntry: Sendable {
  /// What it is.
  public let kind: CacheKind
  /// Where it is.
  public let url: URL
  /// Its path in the folder of all caches.
  public let path: String
  /// Its size.
  public let bytes: Int
  /// When it was written.
  let modified: Date

  /// An entry of a folder; nil for what is not a file, or gone.
  init?(_ kind: CacheKind, name: String, in caches: URL) {
    path = (kind.folder.map { "\($0)/" } ?? "") + name
    url = caches.appending(path: path)
    self.kind = kind
    var status = stat()
    guard lstat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    bytes = Int(status.st_size)
    modified = Date(timeIntervalSince1970: TimeInterval(status.st_mtim.tv_sec))
  }

  /// What is wrong with it, as one sentence; nil: it is what was written.
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
