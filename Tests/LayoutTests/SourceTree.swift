import Foundation
import TestSupport

/// The Swift files of the package.
struct SourceTree {
  /// A file, by its path below the folder of its target.
  struct File {
    let target: String
    let path: String
    let source: SwiftSource
  }

  /// The files of Sources, read once for all tests.
  static let sources = Result { try SourceTree(below: Repository.root.appending(path: "Sources")) }

  let files: [File]

  private init(below folder: URL) throws {
    files = try Self.paths(below: folder, endings: ["swift"]).map { path in
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      let parts = path.split(separator: "/", maxSplits: 1)
      return File(target: String(parts[0]), path: String(parts[1]), source: SwiftSource(text))
    }
  }

  /// The files below a folder that end in one of some extensions, sorted.
  static func paths(below folder: URL, endings: Set<String>) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .filter { endings.contains(URL(filePath: $0).pathExtension) }.sorted()
  }
}
