import Foundation
import TestSupport

/// Files with the bytes of the moment, for readers that take the path of a file.
enum Scratch {
  private static let folder = Result { try TemporaryDirectory(isShared: true) }

  /// The file `name` in the folder of a target, with these bytes.
  static func file(_ target: String, _ name: String, _ bytes: Data) throws -> URL {
    let folder = try folder(target)
    let file = folder.appending(path: name)
    try bytes.write(to: file)
    return file
  }

  /// The folder of a target.
  static func folder(_ target: String) throws -> URL {
    let url = try folder.get().url.appending(path: target, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }
}
