import Crypto
public import Foundation

/// A file that a test server keeps.
public struct StoredFile: Sendable {
  /// Its bytes.
  public let content: Data
  /// Whether it is kept in Git LFS.
  public let isLarge: Bool

  /// A file in git, or in Git LFS.
  public init(_ content: Data, isLarge: Bool = false) {
    self.content = content
    self.isLarge = isLarge
  }

  /// The SHA-256 of the content.
  public var sha256: String { hexadecimal(SHA256.hash(data: content)) }

  /// The name of the content in git.
  public var blob: String {
    hexadecimal(Insecure.SHA1.hash(data: Data("blob \(content.count)\0".utf8) + content))
  }

  /// The `ETag` of a download.
  var tag: String { "\"\(isLarge ? sha256 : blob)\"" }

  private func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

/// A repository that a test server keeps.
public struct StoredRepository: Sendable {
  /// Who may read it.
  public enum Access: Sendable { case open, gated, hidden }

  /// The newest commit.
  public var commit: String
  /// The files by path.
  public var files: [String: StoredFile]
  /// Who may read it.
  public var access: Access
  /// Sizes that the tree lists instead of the true ones.
  public var listedSizes: [String: Int] = [:]
  /// The messages of the commits that were sent.
  public var messages: [String] = []

  /// A repository with one commit.
  public init(
    commit: String = String(repeating: "c0ffee12", count: 5), access: Access = .open,
    files: [String: StoredFile]
  ) {
    self.commit = commit
    self.access = access
    self.files = files
  }

  /// The files below a folder: those that end in `safetensors` are large.
  public init(folder: URL) throws {
    var files: [String: StoredFile] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let file = folder.appending(path: path)
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
      if isFolder.boolValue { continue }
      files[path] = StoredFile(
        try Data(contentsOf: file), isLarge: path.hasSuffix(".safetensors"))
    }
    self.init(files: files)
  }
}
