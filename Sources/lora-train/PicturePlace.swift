import DreamBooth
import Foundation
import NN

/// Where pictures are written: one `.png` file, or a folder with a file for each seed.
struct PicturePlace {
  private let url: URL
  private let isFile: Bool

  /// What `--output` says, made ready to be written to, since drawing takes long. Throws
  /// `UsageError`, `FileAccessError`.
  init(_ output: String, count: Int) throws {
    url = URL(filePath: output)
    isFile = url.pathExtension.lowercased() == "png"
    let others = ["jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"]
    guard !others.contains(url.pathExtension.lowercased()) else {
      throw UsageError("--output is \(output), but pictures are .png files; choose such a name.")
    }
    guard count == 1 || !isFile else {
      throw UsageError("--count is \(count), so --output must be a folder, and not \(output).")
    }
    let folder = isFile ? url.deletingLastPathComponent() : url
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw FileAccessError.unwritable(
        file: folder.relativePath, reason: error.reason)
    }
    guard access(folder.path, W_OK) == 0 else {
      throw FileAccessError.unwritable(
        file: folder.relativePath, reason: String(cString: strerror(errno)))
    }
  }

  /// The file of a seed's picture.
  func file(seed: UInt64) -> URL { isFile ? url : url.appending(path: "\(seed).png") }
}
