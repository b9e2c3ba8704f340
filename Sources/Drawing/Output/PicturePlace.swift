package import Files
package import Foundation

/// Where pictures are written: one `.png` file, or a folder with a file for each seed. A picture that
/// is there is not replaced, unless that is wanted.
package struct PicturePlace {
  /// Where a picture goes when nothing is said, as long as that is free.
  package static let standard = "picture.png"

  private let url: URL
  private let isFile: Bool

  /// The `output`, made ready to be written to, since drawing takes long; nil: the first of
  /// picture.png, picture-2.png and so on that is free. Throws `OutputError`,
  /// `FileAccessError`.
  package init(_ output: String?, seeds: [UInt64], overwrite: Bool) throws {
    let count = seeds.count
    let output = output ?? (overwrite || count > 1 ? Self.standard : Self.free(Self.standard))
    url = URL(filePath: output)
    isFile = url.pathExtension.lowercased() == "png"
    let others = ["jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff"]
    guard !others.contains(url.pathExtension.lowercased()) else {
      throw OutputError.notPNG(output)
    }
    guard count == 1 || !isFile else {
      throw OutputError.single(output, count: count)
    }
    try Self.makeWritable(isFile ? url.deletingLastPathComponent() : url)
    if !overwrite, let file = seeds.map(file).first(where: { Self.exists($0) }) {
      throw OutputError.exists(file.relativePath)
    }
  }

  /// Makes a folder that can be written to. Throws `FileAccessError`.
  package static func makeWritable(_ folder: URL) throws(FileAccessError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(file: folder.relativePath, reason: error.reason)
    }
    guard access(folder.path, W_OK) == 0 else {
      throw FileAccessError(writing: folder)
    }
  }

  private static func exists(_ file: URL) -> Bool {
    FileManager.default.fileExists(atPath: file.path)
  }

  /// The first name that no file has: itself, or with a number.
  private static func free(_ name: String) -> String {
    let url = URL(filePath: name)
    let stem = url.deletingPathExtension().relativePath
    var candidate = name
    var number = 1
    while FileManager.default.fileExists(atPath: candidate) {
      number += 1
      candidate = "\(stem)-\(number).\(url.pathExtension)"
    }
    return candidate
  }

  /// The file of a seed's picture.
  package func file(seed: UInt64) -> URL { isFile ? url : url.appending(path: "\(seed).png") }
}
