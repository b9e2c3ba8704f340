package import Files
package import Foundation

/// The output of a drawing: one `.png` file, or a folder with a file for each seed. An existing picture
/// is only replaced with `overwrite`.
package struct PicturePlace {
  /// The file without an `output`, if it does not exist yet.
  package static let standard = "picture.png"

  private let url: URL
  private let isFile: Bool

  /// Checks the output and creates its folder, before a drawing that takes long. Throws `OutputError`,
  /// `FileAccessError`.
  ///
  /// - Parameter output: nil: the first free name of picture.png, picture-2.png and so on.
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

  /// Creates a folder and checks that it is writable. Throws `FileAccessError`.
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

  /// The name itself, or the first with a number that no file has.
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

  package func file(seed: UInt64) -> URL { isFile ? url : url.appending(path: "\(seed).png") }
}
